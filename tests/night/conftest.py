"""One platform per module, on a state folder and ports of its own, driven by its command line."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.aws.testing import free_port
from local.platform.settings import ROOT

SMALL = ("--branches", "6", "--rows", "60", "--date", "2026-11-19")
FIRST_BRANCH = 26001


@dataclass
class Local:
    """`python -m local` on a state folder and ports of its own."""

    environment: dict[str, str]

    @property
    def state(self) -> Path:
        return Path(self.environment["PODEMOS_STATE"])

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "local", *arguments], cwd=ROOT, env=self.environment, capture_output=True, text=True,
            check=False,
        )  # fmt: skip

    def night(self, *arguments: str) -> tuple[int, dict, str]:
        return self.last_line("demo", *SMALL, *arguments)

    def drill(self, fault: str) -> tuple[int, dict, str]:
        return self.last_line("drill", *SMALL, "--fault", fault)

    def last_line(self, *arguments: str) -> tuple[int, dict, str]:
        done = self(*arguments)
        lines = done.stdout.strip().splitlines()
        assert lines, done.stderr
        return done.returncode, json.loads(lines[-1]), done.stderr


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    state = tmp_path_factory.mktemp("night")
    environment = os.environ | {
        "PODEMOS_STATE": str(state),
        "PODEMOS_PORTS_AIRFLOW": str(free_port()),
        "PODEMOS_PORTS_AWS": str(free_port()),
        "PODEMOS_PORTS_MARIADB": str(free_port()),
        "PODEMOS_PORTS_FIRST_BRANCH": str(FIRST_BRANCH),
        "PYTHONPATH": f"{ROOT / 'dags'}{os.pathsep}{ROOT}",
    }
    command = Local(environment)
    yield command
    assert command("down").returncode == 0
    assert not left_behind(state), "processes of the platform outlived `down`"


def left_behind(state: Path) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(state) in command:
            found.append(command)
    return found
