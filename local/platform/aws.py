"""The AWS stand-in as a process of the platform."""

from __future__ import annotations

import shutil
import sys
import time

from local.aws import testing
from local.platform.airflow import clean_environment
from local.platform.processes import Processes, StartFailed
from local.platform.settings import ROOT, Settings

NAME = "aws"
_START_SECONDS = 60.0
_STOP_SECONDS = 60.0  # it writes its state at the end


def start(settings: Settings, processes: Processes) -> bool:
    """Start unless it runs, and wait until it answers. Tells whether it was started.

    Raises:
        StartFailed: it ended, or does not answer in time.
    """
    started = processes.running(NAME) is None
    if started:
        processes.stop(NAME)
        options = ["--port", str(settings.ports.aws), "--home", str(settings.state / "aws")]
        command = [sys.executable, "-m", "local.aws", *options, "--spark-memory", settings.aws.spark_memory]
        processes.start(NAME, command, environment={**clean_environment(), "PYTHONPATH": str(ROOT)}, folder=ROOT)
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            testing.health(settings.endpoint)
        except OSError:
            processes.require_running(NAME)
            if time.monotonic() > deadline:
                raise StartFailed(f"the AWS stand-in does not answer; see {processes.log(NAME)}") from None
            time.sleep(0.1)
        else:
            return started


def stop(processes: Processes) -> None:
    """Stop it; it writes its state first."""
    processes.stop(NAME, seconds=_STOP_SECONDS)


def forget(settings: Settings, processes: Processes) -> None:
    """Stop it and delete lake, warehouse and everything else it holds."""
    stop(processes)
    home = settings.state / "aws"
    for path in home.iterdir() if home.exists() else ():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
