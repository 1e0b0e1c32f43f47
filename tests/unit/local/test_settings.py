"""local.yaml can be overridden for one command, and a wrong value is told with its variable."""

from pathlib import Path

import pytest

from local.platform.settings import ROOT, settings
from podemos.core.errors import ContractViolation


def test_the_file_alone_is_valid_and_state_is_inside_the_checkout():
    found = settings({})
    assert found.state == ROOT / ".local"
    assert (found.ports.airflow, found.ports.aws, found.ports.mariadb) == (8080, 5000, 3307)


def test_variables_override_single_values():
    found = settings({"PODEMOS_PORTS_AWS": "5999", "PODEMOS_STATE": "/tmp/elsewhere", "PODEMOS_SEED_ROWS": "7"})
    assert found.ports.aws == 5999
    assert found.endpoint == "http://127.0.0.1:5999"
    assert found.state == Path("/tmp/elsewhere")
    assert found.seed.rows == 7
    assert found.ports.airflow == 8080


@pytest.mark.parametrize("text", ["80", "70000", "eight"])
def test_a_wrong_port_names_the_variable_and_the_key(text):
    with pytest.raises(ContractViolation, match=r"PODEMOS_PORTS_AIRFLOW.*ports\.airflow"):
        settings({"PODEMOS_PORTS_AIRFLOW": text})


def test_a_branch_port_among_outgoing_ports_is_refused():
    with pytest.raises(ContractViolation, match="first_branch"):
        settings({"PODEMOS_PORTS_FIRST_BRANCH": "40000"})


def test_other_variables_are_ignored():
    assert settings({"PODEMOS_PLATFORM": "{}", "PODEMOS_PORTS_NOBODY": "1", "PATH": "/bin"}) == settings({})
