"""`make setup` asks for exactly what is missing, as root, through sudo, or by telling what to install.

The script runs for real in a copy of the checkout's files; only the programs it would call are stand-ins that record.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local.platform.settings import ROOT

FILES = ("requirements.txt", "requirements-dev.txt", "constraints.txt", "tools/bootstrap.sh")
# What a minimal Debian has; everything the script looks for by name is absent unless a test adds it.
BASE = "bash sh cat sha256sum cut basename dirname tr true env ln mkdir rm chmod tee".split()  # noqa: SIM905
RECORD = '#!/bin/sh\necho "$(basename "$0") $*" >> "$CALLS"\n'


class Machine:
    """A checkout and a PATH that holds only what was put there."""

    def __init__(self, folder: Path) -> None:
        self.checkout, self.bin, self.calls = folder / "checkout", folder / "bin", folder / "calls"
        self.bin.mkdir()
        for name in FILES:
            target = self.checkout / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)
        for name in BASE:
            (self.bin / name).symlink_to(shutil.which(name))
        self.program("python3.11", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
        self.program("apt-cache", "#!/bin/sh\nexit 0\n")
        self.program("apt-get")
        self.identity(0)

    def program(self, name: str, text: str = RECORD) -> None:
        path = self.bin / name
        path.write_text(text)
        path.chmod(0o755)

    def identity(self, uid: int) -> None:
        self.program("id", f"#!/bin/sh\necho {uid}\n")

    def everything_installed(self) -> None:
        for name in ("mariadbd", "mariadb-install-db", "my_print_defaults", "javac", "pkg-config", "cc"):
            self.program(name)

    def uv(self) -> None:
        """A uv that makes a virtual environment's skeleton and records the rest."""
        make = 'mkdir -p .venv/bin .venv/lib; ln -s "$(command -v python3.11)" .venv/bin/python'
        self.program("uv", f'{RECORD}if [ "$1" = venv ]; then {make}; fi\n')

    def setup(self) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": str(self.bin), "CALLS": str(self.calls), "HOME": str(self.checkout)}
        return subprocess.run(
            [str(self.bin / "bash"), "tools/bootstrap.sh"], cwd=self.checkout, env=environment,
            capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip

    def called(self) -> list[str]:
        return self.calls.read_text().splitlines() if self.calls.exists() else []


@pytest.fixture
def machine(tmp_path, monkeypatch):
    made = Machine(tmp_path)
    made.uv()
    return made


def without_system_folders(machine):
    """The script adds /usr/sbin and /sbin for Debian's sake; here that would find the real server."""
    script = machine.checkout / "tools/bootstrap.sh"
    script.write_text(
        script.read_text().replace(":/usr/sbin:/sbin", "").replace("/usr/sbin/policy-rc.d", "policy-rc.d")
    )
    return machine


def test_root_installs_exactly_what_is_missing(machine):
    done = without_system_folders(machine).setup()
    assert done.returncode == 0, done.stderr
    installed = [line for line in machine.called() if line.startswith("apt-get install")]
    assert installed == [
        "apt-get install -y -q --no-install-recommends mariadb-server-core mariadb-client-core "
        "openjdk-17-jdk-headless pkg-config libmariadb-dev build-essential"
    ]
    assert not (machine.checkout / "policy-rc.d").exists()


def test_services_may_not_start_while_packages_are_installed(machine):
    machine.program("apt-get", '#!/bin/sh\n[ "$1" = update ] || cat policy-rc.d > "$CALLS.policy"\n')
    assert without_system_folders(machine).setup().returncode == 0
    assert Path(f"{machine.calls}.policy").read_text() == "#!/bin/sh\nexit 101\n"


def test_without_root_and_sudo_the_packages_are_named_and_nothing_is_done(machine):
    machine.identity(1000)
    done = without_system_folders(machine).setup()
    assert done.returncode == 1
    assert "apt-get install mariadb-server-core mariadb-client-core openjdk-17-jdk-headless" in done.stderr
    assert machine.called() == []
    assert not (machine.checkout / ".venv").exists()


def test_an_ordinary_user_goes_through_sudo(machine):
    machine.identity(1000)
    machine.program("sudo", '#!/bin/sh\nshift\n[ "$1" = true ] || echo "sudo $*" >> "$CALLS"\nexec "$@"\n')
    assert without_system_folders(machine).setup().returncode == 0
    assert [
        line for line in machine.called() if line.startswith("sudo env DEBIAN_FRONTEND=noninteractive apt-get install")
    ]


def test_a_failed_installation_leaves_no_half_state(machine):
    machine.program("apt-get", '#!/bin/sh\n[ "$1" = update ] || exit 100\n')
    done = without_system_folders(machine).setup()
    assert done.returncode == 100
    assert not (machine.checkout / "policy-rc.d").exists()
    assert not (machine.checkout / ".venv").exists()


def test_when_nothing_is_missing_only_python_packages_are_installed_and_only_once(machine):
    machine.everything_installed()
    assert without_system_folders(machine).setup().returncode == 0
    first = machine.called()
    assert not [line for line in first if line.startswith("apt-get")]
    assert [line for line in first if line.startswith("uv pip install") and "-c constraints.txt" in line]
    assert machine.setup().returncode == 0
    assert machine.called() == first


def test_a_changed_requirement_installs_again(machine):
    machine.everything_installed()
    without_system_folders(machine).setup()
    with (machine.checkout / "requirements.txt").open("a") as file:
        file.write("cowsay\n")
    before = len(machine.called())
    assert machine.setup().returncode == 0
    assert [line for line in machine.called()[before:] if line.startswith("uv pip install")]
