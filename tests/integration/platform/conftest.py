"""One AWS stand-in for all tests of the platform; nothing here needs Airflow or MariaDB."""

import json

import pytest

from local.aws.testing import free_port, running_server
from local.branches import platform as branches
from local.branches.settings import Settings as BranchSettings
from local.platform.clients import Clients
from local.platform.provision import jobs, secrets, storage, tables
from local.platform.settings import settings
from podemos.contracts.platform import platform


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


@pytest.fixture(scope="session")
def names():
    return platform(json.dumps({"pilot_branches": 6}))


@pytest.fixture(scope="session")
def provisioned(names, clients, platform_settings):
    """Twice: the second run, over buckets in use, must change nothing."""
    endpoints = branches.endpoints(BranchSettings(platform_settings.state, branches=6))
    for _ in range(2):
        storage.provision(names, clients)
        secrets.provision(names, clients, endpoints, {"pilot_branches": 6})
        jobs.provision(names, clients)
        tables.provision(names, clients)
        clients("s3").put_object(Bucket=names.reports_bucket, Key="reports/first", Body=b"1")
    return endpoints
