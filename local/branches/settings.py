"""Where the simulated branches live: folder, ports, number of branches. Saved at start: later commands agree."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.branches.catalog import Branch, first_branches

HOST = "127.0.0.1"
# Below 32768, where Linux begins to hand out ports for outgoing connections: a branch that is "off" must refuse, and a
# port of that range can be taken by anybody, or even connect to itself.
FIRST_BRANCH_PORT = 23001


class PortTaken(RuntimeError):
    """A port that the simulator needs belongs to another process."""


@dataclass(frozen=True)
class Settings:
    """Everything that must stay the same between two commands.

    `branch_port` is the port of branch 001; branch NNN listens NNN - 1 above it. `host` is how others reach them.
    """

    state: Path = field(default_factory=lambda: Path(".local"))
    port: int = 3307
    branch_port: int = FIRST_BRANCH_PORT
    branches: int = 200
    host: str = HOST

    @property
    def listen(self) -> str:
        """Address that the branches' links listen on: this machine's own, or all when others reach it by a name."""
        return HOST if self.host == HOST else "0.0.0.0"  # noqa: S104 - only inside a container's network

    @property
    def folder(self) -> Path:
        """Files of the simulator other than the data of MariaDB."""
        return self.state / "branches"

    def all_branches(self) -> list[Branch]:
        """The branches that this platform has."""
        return first_branches(self.branches)

    def port_of(self, branch: Branch) -> int:
        """The stable port of one branch."""
        return self.branch_port + branch.number - 1

    def save(self) -> None:
        """Make these the settings of every later command on this state folder."""
        values = {"port": self.port, "branch_port": self.branch_port, "branches": self.branches, "host": self.host}
        write_json(self.folder / "settings.json", values)

    @classmethod
    def load(cls, state: Path) -> Settings:
        """The settings saved by the last start; the defaults when there was none."""
        saved = read_json(state / "branches" / "settings.json") or {}
        return cls(state=state, **saved)


def write_json(path: Path, value: Any, mode: int = 0o644) -> None:
    """Write atomically: a reader sees the old file or the new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False, indent=1)
    scratch.replace(path)


def read_json(path: Path) -> Any:
    """The document, or None when the file does not exist."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock beside `path`: two commands must not lose each other's read-modify-write."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f".{path.name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def is_free(port: int) -> bool:
    """Whether a server could listen on this port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def require_free(ports: Mapping[int, str]) -> None:
    """Check before anything starts. Waits up to a second: a process that is just ending still holds its ports.

    Args:
        ports: port -> what it is for, in words and with the name of the setting that moves it.

    Raises:
        PortTaken: naming the taken ports and their settings.
    """
    deadline = time.monotonic() + 1
    while taken := [f"{port} ({purpose})" for port, purpose in ports.items() if not is_free(port)]:
        if time.monotonic() > deadline:
            more = f" and {len(taken) - 3} more" if len(taken) > 3 else ""
            raise PortTaken(
                f"another process already listens on port {', '.join(taken[:3])}{more}; stop it or move ours"
            )
        time.sleep(0.05)


def process_runs(pid: int | None, marker: str) -> bool:
    """Whether `pid` is alive and its command line holds `marker`: a pid file alone may name somebody else's process."""
    if not pid:
        return False
    try:
        return marker.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
