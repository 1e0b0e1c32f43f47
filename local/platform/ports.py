"""Says before anything starts which port is taken, which setting moves it, and whose it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

from local.branches.settings import is_free


class PortsTaken(RuntimeError):
    """Ports that the platform needs belong to other processes; nothing was started."""


@dataclass(frozen=True)
class Wanted:
    """A port, what for, and the environment variable that moves it (its setting in local.yaml is named alike)."""

    port: int
    purpose: str
    variable: str


def require_free(wanted: Sequence[Wanted]) -> None:
    """Check all at once.

    Raises:
        PortsTaken: one line per taken port; or two purposes were given the same port.
    """
    taken = [want for want in wanted if not is_free(want.port)]
    owners = listeners() if taken else {}
    lines = [
        f"port {want.port} ({want.purpose}) is taken by {owners.get(want.port, 'another process')}: {_remedy(want)}"
        for want in taken
    ]
    numbers = Counter(want.port for want in wanted)
    lines += [
        f"port {want.port} is given to several purposes, one is {want.purpose}: {_remedy(want)}"
        for want in wanted
        if numbers[want.port] > 1
    ]
    if lines:
        shown = [*lines[:5], *([f"and {len(lines) - 5} more"] if len(lines) > 5 else [])]
        raise PortsTaken("\n".join(shown))


def _remedy(want: Wanted) -> str:
    setting = want.variable.removeprefix("PODEMOS_PORTS_").lower()
    return f"stop that process, or set {want.variable} (ports.{setting} in include/config/local.yaml)"


def listeners() -> dict[int, str]:
    """Who listens on which port, in words, as far as this user may see it."""
    try:
        found = {
            connection.laddr.port: connection.pid
            for connection in psutil.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN and connection.pid
        }
    except psutil.Error:
        return {}
    return {port: f"process {pid} ({_command(pid)})" for port, pid in found.items()}


def _command(pid: int) -> str:
    try:
        process = psutil.Process(pid)
        return " ".join(process.cmdline())[:80] or process.name()
    except psutil.Error:
        return "its command is not visible"
