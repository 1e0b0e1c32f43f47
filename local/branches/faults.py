"""Break one branch, and mend it. The file `<state>/branches/faults.json` is the truth; the proxy follows it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from local.branches.catalog import Branch, find
from local.branches.server import MariaDB
from local.branches.settings import Settings, locked, process_runs, read_json, write_json

APPLY_TIMEOUT_S = 10.0


class Kind(StrEnum):
    """What can be wrong with a branch."""

    OFFLINE = "offline"  # connection refused: nothing listens on its port
    LOCKED = "locked"  # the server lives and refuses the account (error 4151)
    SLOW = "slow"  # answers at `kbps`, each after `delay_ms`
    HANG = "hang"  # accepts and never answers, like packets dropped on the way
    DROP = "drop-after-bytes"  # the link dies after `bytes` towards the client, `times` times

    @property
    def unreachable(self) -> bool:
        """Whether nothing at all can be read from the branch."""
        return self in {Kind.OFFLINE, Kind.LOCKED, Kind.HANG}


@dataclass(frozen=True)
class Fault:
    """One fault in force. `since` numbers it, so that its spent cuts are not those of an older fault."""

    kind: Kind
    since: int = 0
    bytes: int = 0
    times: int = 1
    kbps: int = 0
    delay_ms: int = 0


class ProxyDown(RuntimeError):
    """The proxy did not take the change over; its log says why."""


def faults_file(settings: Settings) -> Path:
    """Written here, read by the proxy."""
    return settings.folder / "faults.json"


def proxy_file(settings: Settings) -> Path:
    """Written by the proxy: its pid, the generation in force, cuts spent."""
    return settings.folder / "proxy.json"


def fault(
    settings: Settings,
    branch: str | int,
    kind: Kind | str,
    *,
    bytes: int = 20_000,
    times: int = 1,
    kbps: int = 64,
    delay_ms: int = 200,
) -> Fault:
    """Put a fault in force; when this returns, the next connection meets it. Replaces the branch's earlier fault.

    Args:
        settings: of the platform.
        branch: 17, "17" or "017".
        kind: see `Kind`.
        bytes: DROP only: how many bytes of answers (greeting included) pass before the link dies.
        times: DROP only: how many links die before the branch is well again.
        kbps: SLOW only: thousand bits a second; 0 is unlimited.
        delay_ms: SLOW only: wait before each answer.

    Raises:
        UnknownBranch: no such branch.
        ValueError: no such kind.
        ProxyDown: the running proxy did not take it over.
    """
    kind = Kind(kind)
    chosen = find(settings.all_branches(), branch)
    values: dict[str, int] = {}
    if kind is Kind.DROP:
        values = {"bytes": bytes, "times": times}
    if kind is Kind.SLOW:
        values = {"kbps": kbps, "delay_ms": delay_ms}

    def change(faults: dict[str, Any], generation: int) -> None:
        faults[chosen.id] = {"kind": str(kind), "since": generation, **values}

    _change(settings, change)
    return current(settings)[chosen.id]


def restore(settings: Settings, branch: str | int | None = None) -> list[str]:
    """Mend one branch, or all. Returns the ids of those that had a fault."""
    ids = None if branch is None else {find(settings.all_branches(), branch).id}
    mended = [id_ for id_ in current(settings) if ids is None or id_ in ids]

    def change(faults: dict[str, Any], generation: int) -> None:
        for id_ in mended:
            faults.pop(id_, None)

    _change(settings, change)
    return mended


def current(settings: Settings) -> dict[str, Fault]:
    """Branch id -> the fault in force, in order of id."""
    document = read_json(faults_file(settings)) or {"faults": {}}
    return {id_: Fault(**{**fault, "kind": Kind(fault["kind"])}) for id_, fault in sorted(document["faults"].items())}


def spent_cuts(settings: Settings, branch_id: str) -> int:
    """How many links a DROP fault has cut so far."""
    in_force = current(settings).get(branch_id)
    cuts = (read_json(proxy_file(settings)) or {}).get("cuts", {}).get(branch_id)
    return cuts["spent"] if in_force and cuts and cuts["since"] == in_force.since else 0


def unreachable(settings: Settings) -> list[str]:
    """Ids of the branches from which nothing can be read now."""
    return [id_ for id_, fault in current(settings).items() if fault.kind.unreachable]


def set_account_locks(root: Any, branches: Iterable[Branch], locked_ids: Iterable[str]) -> None:
    """Make the accounts agree with the faults: locked or open."""
    wanted = set(locked_ids)
    cursor = root.cursor()
    for branch in branches:
        state = "LOCK" if branch.id in wanted else "UNLOCK"
        cursor.execute(f"ALTER USER IF EXISTS %s@'%%' ACCOUNT {state}", (branch.schema,))


def locked_ids(settings: Settings) -> list[str]:
    """Ids of the branches whose account must be locked."""
    return [id_ for id_, fault in current(settings).items() if fault.kind is Kind.LOCKED]


def _change(settings: Settings, change: Any) -> None:
    path = faults_file(settings)
    with locked(path):
        before = set(locked_ids(settings))
        document = read_json(path) or {"generation": 0, "faults": {}}
        document["generation"] += 1
        change(document["faults"], document["generation"])
        write_json(path, document)
        after = set(locked_ids(settings))
        server = MariaDB(settings)
        if before != after and server.is_running():
            touched = [branch for branch in settings.all_branches() if branch.id in before ^ after]
            with closing(server.connect()) as root:
                set_account_locks(root, touched, after)
        _wait_for_proxy(settings, document["generation"])


def _wait_for_proxy(settings: Settings, generation: int) -> None:
    """Tell a running proxy and wait until it says that this generation is in force; one that starts later reads it."""
    pid = proxy_pid(settings)
    if pid is None:
        return
    os.kill(pid, signal.SIGHUP)
    deadline = time.monotonic() + APPLY_TIMEOUT_S
    while (read_json(proxy_file(settings)) or {}).get("generation", -1) < generation:
        if time.monotonic() > deadline or proxy_pid(settings) is None:
            raise ProxyDown(f"the branch proxy did not apply the change; see {settings.folder / 'proxy.log'}")
        time.sleep(0.01)


def proxy_pid(settings: Settings) -> int | None:
    """Process id of this state folder's proxy, None when it does not run."""
    pid = (read_json(proxy_file(settings)) or {}).get("pid")
    return pid if process_runs(pid, f"local.branches.proxy\0{settings.state.resolve()}\0") else None
