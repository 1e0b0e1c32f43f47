"""One AWS stand-in for all tests of the platform; nothing here needs Airflow or MariaDB."""

import pytest

from local.aws.testing import free_port, running_server
from local.platform.clients import Clients
from local.platform.settings import settings


@pytest.fixture(scope="session")
def platform_settings(tmp_path_factory):
    environment = {
        "PODEMOS_STATE": str(tmp_path_factory.mktemp("state")),
        "PODEMOS_PORTS_AWS": str(free_port()),
    }
    return settings(environment)


@pytest.fixture(scope="session")
def clients(platform_settings):
    with running_server(platform_settings.state / "aws", platform_settings.ports.aws):
        yield Clients(platform_settings)
