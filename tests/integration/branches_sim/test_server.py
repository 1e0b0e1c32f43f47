"""Starting and stopping: the server is private to its state folder and never takes somebody else's port."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import MySQLdb
import pytest

from local.branches import faults, platform
from local.branches.catalog import REPOSITORY, UnknownBranch, first_branches
from local.branches.server import MariaDB, ServerFailed
from local.branches.settings import PortTaken, Settings
from local.branches.testing import RunningBranches, claimed_ports, running_branches


@pytest.fixture
def deep(tmp_path: Path) -> Path:
    """A folder whose path is too long for a socket."""
    folder = tmp_path / ("deep-" * 15) / "checkout with space"
    folder.mkdir(parents=True)
    return folder


def count(running: RunningBranches) -> int:
    with closing(running.connect(2)) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT COUNT(*) FROM pagos")
        return cursor.fetchone()[0]


def test_data_faults_and_clocks_survive_a_restart_and_a_kill(deep: Path):
    with running_branches(deep, branches=2, rows=60) as running:
        running.fault(1, "offline")
        platform.stop(running.settings)
        assert not platform.is_running(running.settings)
        platform.stop(running.settings)  # stopping what does not run does nothing
        platform.start(running.settings)
        assert count(running) == 60
        for pid in (MariaDB(running.settings).pid(), faults.proxy_pid(running.settings)):
            os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while MariaDB(running.settings).is_running() or faults.proxy_pid(running.settings):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        platform.start(running.settings)
        platform.start(running.settings)  # starting what runs does nothing
        assert count(running) == 60
        with pytest.raises(MySQLdb.OperationalError):
            running.connect(1)
        with closing(running.connect(2)) as connection:
            cursor = connection.cursor()
            cursor.execute("SELECT @@time_zone")
            assert cursor.fetchone() == ("-06:00",)


@pytest.mark.parametrize("setting", ["port", "branch_port"])
def test_a_taken_port_is_named_before_anything_starts(tmp_path: Path, setting: str):
    with claimed_ports() as first:
        ports = {"port": first, "branch_port": first + 1}
        message = f"port {ports[setting]} .*setting `{setting}`"
        with closing(socket.create_server(("127.0.0.1", ports[setting]))), pytest.raises(PortTaken, match=message):
            platform.start(Settings(tmp_path, branches=1, **ports))
    assert list(tmp_path.iterdir()) == []


def test_root_needs_the_password_of_the_secrets_file(running):
    with pytest.raises(MySQLdb.OperationalError, match="denied"):
        MySQLdb.connect(host="127.0.0.1", port=running.settings.port, user="root")
    with closing(running.root()) as root:
        cursor = root.cursor()
        cursor.execute("SELECT COUNT(*) FROM mysql.user WHERE user = ''")
        assert cursor.fetchone() == (0,)


def test_a_stopped_server_says_how_to_start_it(tmp_path: Path):
    with pytest.raises(ServerFailed, match="does not run; remedy: python -m local.branches start"):
        MariaDB(Settings(tmp_path)).connect()


def test_settings_of_the_last_start_are_found_again(running):
    assert Settings.load(running.settings.state) == running.settings


def test_a_malformed_branch_is_named_with_its_place_and_reason(tmp_path: Path):
    file = tmp_path / "branches.yaml"
    file.write_text(
        'branches:\n  - {id: "001", nombre: Uno, zone: America/Tijuana}\n  - {id: "002", nombre: Dos, zone: Mars/X}\n'
    )
    with pytest.raises(UnknownBranch, match=r"branches.yaml: branches\[2\]: zone 'Mars/X' is not an IANA zone"):
        first_branches(1, file)


def test_the_command_line_breaks_shows_and_mends_a_branch(whole):
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "local.branches", *arguments, "--state", str(whole.settings.state)]
        return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)

    assert run("fault", "003", "drop-after-bytes", "5000").returncode == 0
    assert faults.current(whole.settings)["003"].bytes == 5000
    assert "branch 003: drop-after-bytes, 0 of 1 cuts done" in run("status").stdout
    assert run("restore").stdout == "mended: 003\n"
    unknown = run("fault", "999", "offline")
    assert (unknown.returncode, unknown.stderr) == (
        1, "error: branch '999' does not exist here; known: 001 to 014\n",
    )  # fmt: skip
