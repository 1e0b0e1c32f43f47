"""The watchdog on this machine: the shipped handler, with the runner as a real process instead of a Fargate task."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from local.platform.airflow import clean_environment
from local.platform.clients import Clients
from local.platform.processes import Processes
from local.platform.settings import ROOT
from podemos.contracts.delivery import delivery
from podemos.contracts.function import watchdog_environment
from podemos.contracts.platform import platform
from podemos.core.clock import iso
from podemos.core.night import Night
from podemos.core.paths import include


class LocalRunner:
    """Starts the shipped command line as a process of the platform, once per token.

    Args:
        processes: of the platform's state folder.
        environment: what its boto3 needs.
    """

    def __init__(self, processes: Processes, environment: Mapping[str, str]) -> None:
        self._processes, self._environment = processes, environment

    def start(self, token: str, arguments: Sequence[str]) -> str:
        """The name of the process."""
        if token not in self._processes.names():
            override = {name: os.environ[name] for name in ("PODEMOS_PLATFORM", "PODEMOS_CONFIG") if name in os.environ}
            variables = clean_environment() | override | {"PYTHONPATH": f"{ROOT / 'dags'}:{ROOT}"} | self._environment
            command = [sys.executable, "-m", "podemos.regulatory", *arguments]
            self._processes.start(token, command, environment=variables, folder=ROOT)
        return token

    def alive(self, handle: str) -> bool:
        """Whether the process runs."""
        return self._processes.running(handle) is not None

    def wait(self, handle: str, seconds: float) -> bool:
        """Waits for its end; returns whether it came."""
        patience = time.monotonic() + seconds
        while self.alive(handle) and time.monotonic() < patience:
            time.sleep(0.1)
        return not self.alive(handle)


def look(night: Night, clock: str, clients: Clients, runner: LocalRunner) -> dict[str, Any]:
    """One look of the shipped handler at `clock` of the night, against the local platform."""
    event: dict[str, Any] = {"time": iso(night.at(clock))}
    if night.rehearsal:
        start, pace = iso(night.start), night.seconds_per_hour
        event["night"] = {
            "business_date": night.business_date.isoformat(), "start": start, "seconds_per_hour": pace
        }  # fmt: skip
    names = watchdog_environment(platform(os.environ.get("PODEMOS_PLATFORM")), delivery())
    with _environment(clients.environment()):
        found: dict[str, Any] = handler().wake(json.loads(json.dumps(event)), names, runner)
    return found


def handler() -> ModuleType:
    """The function's module: it is no part of a package."""
    path = include() / "functions" / "watchdog" / "handler.py"
    spec = importlib.util.spec_from_file_location("watchdog_handler", path)
    assert spec and spec.loader  # noqa: S101 - the file is there
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """The process's environment with these, as the Lambda runtime has its own."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
