"""The phones' path as a process of the platform: the door and the functions behind the queues."""

from __future__ import annotations

import os
import sys
import time
import urllib.error
import urllib.request

from local.platform.airflow import clean_environment
from local.platform.clients import Clients
from local.platform.ports import Wanted, require_free
from local.platform.processes import Processes, StartFailed
from local.platform.settings import ROOT, Settings

NAME = "functions"
_START_SECONDS = 60.0


def start(settings: Settings, processes: Processes, clients: Clients) -> bool:
    """Start unless it runs, and wait until it answers. Tells whether it was started.

    Raises:
        PortsTaken: the door's port belongs to another process.
        StartFailed: it ended, or does not answer in time.
    """
    if processes.running(NAME) is not None:
        return False
    processes.stop(NAME)
    require_free([Wanted(settings.ports.functions, "the phones' door", "PODEMOS_PORTS_FUNCTIONS")])
    override = {name: os.environ[name] for name in ("PODEMOS_PLATFORM", "PODEMOS_CONFIG") if name in os.environ}
    variables = clean_environment() | override | {"PYTHONPATH": f"{ROOT / 'dags'}:{ROOT}"} | clients.environment()
    command = [sys.executable, "-m", "local.functions", "--port", str(settings.ports.functions)]
    processes.start(NAME, command, environment=variables, folder=ROOT)
    deadline = time.monotonic() + _START_SECONDS
    while not _answers(settings.door):
        processes.require_running(NAME)
        if time.monotonic() > deadline:
            raise StartFailed(f"the phones' door does not answer; see {processes.log(NAME)}")
        time.sleep(0.1)
    return True


def stop(processes: Processes) -> bool:
    """Stop it. Tells whether it ran."""
    return processes.stop(NAME)


def _answers(door: str) -> bool:
    try:
        with urllib.request.urlopen(f"{door}/v1/devices/nobody", timeout=5) as answer:  # noqa: S310 - always http
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
