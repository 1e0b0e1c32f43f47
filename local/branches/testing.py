"""Running branches for a test: `with running_branches(folder, branches=3, rows=100) as platform: ...`."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import MySQLdb

from local.branches import platform
from local.branches.catalog import find
from local.branches.faults import Fault, Kind, fault, restore
from local.branches.platform import Endpoint
from local.branches.seed import DEFAULT_SEED, Seeded, seed
from local.branches.server import MariaDB
from local.branches.settings import Settings, is_free

BUSINESS_DATE = date(2026, 11, 19)
# Below the ports that Linux hands out for outgoing connections, above the defaults of the local platform.
SEARCHED_PORTS = range(23_400, 32_000)
BLOCK = 201  # MariaDB and as many branches as there are


@dataclass(frozen=True)
class RunningBranches:
    """A started and seeded platform, and shortcuts to it."""

    settings: Settings
    business_date: date
    seeded: Seeded

    @property
    def endpoints(self) -> list[Endpoint]:
        """All endpoints, in order of number."""
        return platform.endpoints(self.settings)

    def endpoint(self, branch: str | int) -> Endpoint:
        """The endpoint of one branch."""
        number = find(self.settings.all_branches(), branch).number
        return self.endpoints[number - 1]

    def root(self, branch: str | int | None = None) -> Any:
        """A root connection (autocommit), in the branch's schema if one is named."""
        schema = "" if branch is None else find(self.settings.all_branches(), branch).schema
        return MariaDB(self.settings).connect(schema)

    def connect(self, branch: str | int, **options: Any) -> Any:
        """A connection as the branch's own user through its own port, faults included."""
        end = self.endpoint(branch)
        return MySQLdb.connect(
            host=end.host,
            port=end.port,
            user=end.user,
            passwd=end.password,
            db=end.schema,
            charset="utf8mb4",
            **options,
        )

    def fault(self, branch: str | int, kind: Kind | str, **values: int) -> Fault:
        """Break a branch; see `faults.fault`."""
        return fault(self.settings, branch, kind, **values)

    def restore(self, branch: str | int | None = None) -> list[str]:
        """Mend a branch, or all."""
        return restore(self.settings, branch)

    def reseed(self) -> Seeded:
        """The first state again, after a test has changed it."""
        planned = {"rows": self.seeded.pagos // self.seeded.branches, "seed": DEFAULT_SEED, "again": True}
        return seed(self.settings, self.business_date, **planned)  # type: ignore[arg-type]


@contextmanager
def running_branches(
    state: Path,
    branches: int = 3,
    rows: int = 100,
    port: int | None = None,
    *,
    business_date: date = BUSINESS_DATE,
    process_privilege: bool = False,
) -> Iterator[RunningBranches]:
    """Start, seed, yield, stop. About two seconds; meant for a session fixture.

    Args:
        state: folder of its own (for example from `tmp_path_factory`); everything is written below it.
        branches: how many, from 001 on.
        rows: payments per branch.
        port: of MariaDB; the branches follow it. None claims a free block.
        business_date: the day that the payments end with.
        process_privilege: see `seed`.
    """
    with claimed_ports() if port is None else nullcontext(port) as first:
        settings = Settings(state=state, port=first, branch_port=first + 1, branches=branches)
        platform.start(settings)
        try:
            seeded = seed(settings, business_date, rows=rows, process_privilege=process_privilege)
            yield RunningBranches(settings, business_date, seeded)
        finally:
            platform.stop(settings)


@contextmanager
def claimed_ports() -> Iterator[int]:
    """The first of `BLOCK` free ports in a row, ours until the end, also while nothing listens on them.

    The claim is a name in Linux's abstract socket namespace: one holder on the machine, gone with its process.
    """
    places = len(SEARCHED_PORTS) // BLOCK
    for attempt in range(places):
        first = SEARCHED_PORTS[((os.getpid() + attempt) % places) * BLOCK]
        with socket.socket(socket.AF_UNIX) as claim:
            try:
                claim.bind(f"\0podemos-branches-{first}")
            except OSError:
                continue
            if all(is_free(port) for port in range(first, first + BLOCK)):
                yield first
                return
    raise RuntimeError(f"no {BLOCK} free ports in a row between {SEARCHED_PORTS.start} and {SEARCHED_PORTS.stop}")
