"""A whole process measured: wall and CPU seconds, peak memory, and what the server spent meanwhile."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.branches.source import cpu_seconds


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of wall, of the process's CPU and of the server's CPU; megabytes (10^6 bytes) at the peak."""

    wall: float
    cpu: float
    server_cpu: float
    rss_mb: float


class PeerFailed(RuntimeError):
    """A process ended badly; the message is the end of its output."""


def run(command: list[str], server_pid: int, **environment: str) -> Cost:
    """Runs a process to its end, with more in its environment.

    Raises:
        PeerFailed: it failed.
    """
    with tempfile.TemporaryFile() as output:
        before, started = cpu_seconds(server_pid), time.monotonic()
        process = subprocess.Popen(
            command, stdout=output, stderr=output, env=os.environ | {"PYTHONWARNINGS": "ignore"} | environment
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            raise PeerFailed(output.read().decode(errors="replace")[-1500:])
    return Cost(
        wall, used.ru_utime + used.ru_stime, cpu_seconds(server_pid) - before, used.ru_maxrss * 1024 / 1_000_000
    )


@contextmanager
def fresh(parent: Path) -> Iterator[Path]:
    """An empty folder that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
