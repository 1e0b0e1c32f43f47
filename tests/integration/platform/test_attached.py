"""The seeder's stack: other processes started the parts, as containers do; it seeds, provisions, and stops nothing."""

import subprocess
import sys
from datetime import date

import pytest

from local import cli
from local.branches import platform as branches
from local.branches.settings import Settings as BranchSettings
from local.branches.testing import claimed_ports
from local.compose.attached import AttachedStack
from local.platform import dataset
from local.platform.dataset import Dataset
from local.platform.processes import StartFailed
from local.platform.settings import ROOT, Hosts, settings

WANTED = Dataset(date(2026, 11, 19), branches=1, rows=60, movements=20)


@pytest.fixture(scope="module")
def foreground(tmp_path_factory):
    """The branches as their container runs them: a process that stays, and the settings it saved."""
    state = tmp_path_factory.mktemp("attached")
    with claimed_ports() as first:
        command = [sys.executable, "-m", "local.branches", "start", "--foreground", "--state", str(state)]
        command += ["--port", str(first), "--branch-port", str(first + 1), "--branches", "2", "--host", "localhost"]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert "links run" in process.stdout.readline()
        yield process, BranchSettings.load(state)
        process.terminate()
        process.wait(timeout=60)


@pytest.fixture(scope="module")
def stack(provisioned, platform_settings, clients, foreground):
    """Attached to the stand-in of all these tests; what it says there of its own branches is taken back."""
    saved, manager, name = foreground[1], clients("secretsmanager"), "airflow/variables/podemos_platform"
    before = manager.get_secret_value(SecretId=name)["SecretString"]
    places = {"mariadb": saved.port, "first_branch": saved.branch_port}
    using = platform_settings.model_copy(
        update={
            "state": saved.state,
            "hosts": Hosts(branches="localhost"),
            "ports": platform_settings.ports.model_copy(update=places),
        }
    )
    yield cli.attach(using, lambda line: None)
    manager.put_secret_value(SecretId=name, SecretString=before)


def test_hosts_of_another_name_are_attached_to_and_this_machine_is_started(stack):
    assert isinstance(stack, AttachedStack)
    assert not isinstance(cli.attach(settings({}), lambda line: None), AttachedStack)


def test_it_seeds_and_connections_name_the_host(stack, clients):
    stack._start_branches(WANTED)
    assert stack.seed_seconds >= 0
    stack._start_aws(WANTED)
    (endpoint,) = branches.endpoints(stack.branch_settings(1))
    assert endpoint.host == "localhost"
    secret = clients("secretsmanager").get_secret_value(SecretId="airflow/connections/sucursal_001")["SecretString"]
    assert '"host": "localhost"' in secret


def test_more_branches_than_links_other_data_and_a_stop_are_refused_with_the_remedy(stack):
    with pytest.raises(StartFailed, match="links to 2"):
        stack._start_branches(Dataset(WANTED.business_date, branches=3, rows=60, movements=20))
    dataset.write(stack.settings.state, WANTED)
    with pytest.raises(StartFailed, match="docker compose down -v"):
        stack.up(Dataset(date(2026, 11, 20), branches=1, rows=60, movements=20))
    with pytest.raises(StartFailed, match="docker compose down"):
        stack.down()


def test_a_status_says_what_is_reached_from_here(stack):
    found = {line.name: line.runs for line in stack.status()}
    assert found["mariadb"] and found["branch links"]
    assert found["airflow"] is False


def test_the_branches_stay_until_they_are_told_to_end_and_then_nothing_is_left(foreground):
    process, saved = foreground
    assert (saved.host, saved.listen) == ("localhost", "0.0.0.0")  # noqa: S104
    assert branches.is_running(saved)
    process.terminate()
    assert process.wait(timeout=60) == 0
    assert not branches.is_running(saved)
