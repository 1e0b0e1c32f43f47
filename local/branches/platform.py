"""Start and stop the branches as a whole, and say how to reach each one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from local.branches import credentials, faults
from local.branches.catalog import REPOSITORY, Branch
from local.branches.server import MariaDB, ServerFailed
from local.branches.settings import Settings, require_free

PROXY_TIMEOUT_S = 20.0


@dataclass(frozen=True)
class Endpoint:
    """How the platform under test reaches one branch: never changes while the branch exists, whatever its faults."""

    branch: Branch
    host: str
    port: int
    schema: str
    user: str
    password: str

    def uri(self) -> str:
        """As an Airflow Connection."""
        return f"mysql://{self.user}:{self.password}@{self.host}:{self.port}/{self.schema}"


def start(settings: Settings) -> None:
    """Start server and proxy, each unless it runs. All ports are checked before either starts.

    Raises:
        PortTaken: another process listens on a port of ours.
        ServerFailed: the server or the proxy did not come up.
    """
    server = MariaDB(settings)
    if not server.is_running():
        require_free({settings.port: "MariaDB of the branches, setting `port`"})
    if not faults.proxy_pid(settings):
        require_free({settings.port_of(b): f"branch {b.id}, setting `branch_port`" for b in settings.all_branches()})
    settings.save()
    server.start()
    _start_proxy(settings)


def stop(settings: Settings) -> None:
    """Stop both; does nothing to what does not run."""
    if pid := faults.proxy_pid(settings):
        os.kill(pid, signal.SIGTERM)
        _wait(lambda: faults.proxy_pid(settings) is None, f"the branch proxy (process {pid}) does not stop")
    MariaDB(settings).stop()


def is_running(settings: Settings) -> bool:
    """Whether both server and proxy are alive."""
    return MariaDB(settings).is_running() and faults.proxy_pid(settings) is not None


def endpoints(settings: Settings) -> list[Endpoint]:
    """Every branch's endpoint, in order of number."""
    branches = settings.all_branches()
    known = credentials.passwords(settings.state, [branch.schema for branch in branches])
    return [
        Endpoint(branch, settings.host, settings.port_of(branch), branch.schema, branch.schema, known[branch.schema])
        for branch in branches
    ]


def _start_proxy(settings: Settings) -> None:
    if faults.proxy_pid(settings):
        return
    state = str(settings.state.resolve())
    log = settings.folder / "proxy.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "local.branches.proxy", state],
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        )

    def is_up() -> bool:
        if process.poll() is not None:
            raise ServerFailed(f"the branch proxy ended at once; end of {log}:\n{log.read_text()[-1500:]}")
        return faults.proxy_pid(settings) == process.pid

    _wait(is_up, f"the branch proxy does not come up; see {log}")


def _wait(condition: Callable[[], bool], complaint: str) -> None:
    deadline = time.monotonic() + PROXY_TIMEOUT_S
    while not condition():
        if time.monotonic() > deadline:
            raise ServerFailed(complaint)
        time.sleep(0.02)
