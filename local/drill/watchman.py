"""What wakes the watchdog from outside: the scheduler of the cloud, on the night's clock."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date

from local.drill.breaking import Scene
from local.platform.airflow import DAGS, aws_environment, clean_environment
from local.platform.settings import ROOT
from local.platform.stack import Stack
from podemos.contracts.platform import platform
from podemos.core.night import Night
from podemos.core.store import S3Store
from podemos.regulatory.versions import newest

WAKES = ("05:00", "05:30", "05:50", "06:00")


def environment(stack: Stack, branches: int) -> dict[str, str]:
    """The environment of a program outside Airflow: credentials, endpoint, and the names of a pilot's size."""
    names = {} if branches >= 200 else {"pilot_branches": branches}
    return {
        **clean_environment(),
        **aws_environment(stack.settings),
        "PODEMOS_PLATFORM": json.dumps(names),
        "PYTHONPATH": os.pathsep.join([str(DAGS), str(ROOT)]),
        "TZ": "UTC",
    }


def run_contingency(stack: Stack, day: date, branches: int) -> str:
    """Run `python -m podemos.regulatory run` to its end; returns its last line."""
    command = [sys.executable, "-m", "podemos.regulatory", "run", "--date", day.isoformat()]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(stack, branches), capture_output=True, text=True, check=False, timeout=300
    )
    stack.settings.logs.mkdir(parents=True, exist_ok=True)
    (stack.settings.logs / "contingency.log").write_text(done.stdout + done.stderr)
    lines = (done.stdout or done.stderr).strip().splitlines()
    return f"the contingency runner ended with {done.returncode}: {lines[-1] if lines else 'no output'}"


def wake(scene: Scene, clock: Night) -> str:
    """Wake the watchdog once."""
    reports = S3Store(scene.stack.clients("s3"), platform().reports_bucket)
    if any(newest(reports, scene.day, rehearsal=rehearsal) for rehearsal in (False, True)):
        return "the watchdog finds the published version"
    return run_contingency(scene.stack, scene.day, scene.data.branches)
