"""Says before anything starts which port is taken, which setting moves it, and whose it is."""

from __future__ import annotations

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
    lines = [f"port {want.port} ({want.purpose}) is taken by {owner(want.port)}: {_remedy(want)}" for want in taken]
    numbers = [want.port for want in wanted]
    for want in wanted:
        if numbers.count(want.port) > 1:
            lines.append(f"port {want.port} is given to several purposes, one is {want.purpose}: {_remedy(want)}")
    if lines:
        shown = [*lines[:5], *([f"and {len(lines) - 5} more"] if len(lines) > 5 else [])]
        raise PortsTaken("\n".join(shown))


def _remedy(want: Wanted) -> str:
    setting = want.variable.removeprefix("PODEMOS_PORTS_").lower()
    return f"stop that process, or set {want.variable} (ports.{setting} in include/config/local.yaml)"


def owner(port: int) -> str:
    """Who listens there, in words; what may not be seen is called another process."""
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
                process = psutil.Process(connection.pid)
                return f"process {connection.pid} ({' '.join(process.cmdline())[:80] or process.name()})"
    except psutil.Error:
        return "another process"
    return "another process"
