"""A whole night under real Airflow, started the way a person starts it: `make test-night`."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.aws.testing import free_port
from local.platform.settings import ROOT

pytestmark = [pytest.mark.night, pytest.mark.timeout(1800)]

KEYS = {
    "business_date", "status", "report", "version", "movements", "cents", "branches", "branches_offline", "sources",
    "verified", "seconds",
}  # fmt: skip
FIRST_BRANCH = 26001


@dataclass
class Local:
    """`python -m local` on a state folder and ports of its own."""

    environment: dict[str, str]

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "local", *arguments], cwd=ROOT, env=self.environment, capture_output=True, text=True,
            check=False,
        )  # fmt: skip

    def night(self, *arguments: str) -> tuple[int, dict, str]:
        done = self("demo", "--branches", "6", "--rows", "60", "--date", "2026-11-19", *arguments)
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


def test_nights_of_every_kind_end_as_they_must(local):
    code, first, told = local.night()
    assert (code, first["status"], first["verified"]) == (0, "complete", True), told
    assert set(first) == KEYS
    assert (first["branches"], first["branches_offline"], first["sources"], first["version"]) == (6, 0, 15, 1)
    assert first["movements"] > 0
    assert first["report"].startswith("s3://podemos-reports/reports/rehearsal/2026-11-19/v1")

    code, again, told = local.night()
    assert code == 0, told
    for key in KEYS - {"seconds"}:
        assert again[key] == first[key], key

    code, held, told = local.night("--scenario", "held")
    assert (code, held["status"], held["report"], held["verified"]) == (3, "held", None, False), told
    assert "nucleo_credito is critical and missing" in told
    alerts = local("alerts").stdout
    assert "HELD" in alerts

    code, restored, told = local.night()
    assert (code, restored["status"], restored["verified"]) == (0, "complete", True), told
    assert (restored["movements"], restored["cents"]) == (first["movements"], first["cents"])
