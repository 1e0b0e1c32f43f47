"""Pulls schedules through the shipped `pull_batch`, with faults at the link and at every write.

A shard holds its schedules' servers, leases and watermarks. It may live in a process of its own: it is told what the
lake knows of certifications, and answers with the objects that its pulls created.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from bench.chaos_branches.calendar import NIGHTS, PULLS_A_DAY, QUIET, attempt_at, instant
from bench.chaos_branches.connection import Connection, refused
from bench.chaos_branches.lake import ROOT, Killed
from bench.chaos_branches.peers import Peers
from bench.chaos_branches.schedule import Fault, Profile, Schedule
from bench.chaos_branches.shard_ports import ShardLake, ShardState
from bench.chaos_branches.source import TABLES, Content, Row, Source
from podemos.branches import keys, pull
from podemos.branches.branch_pull import BranchPull
from podemos.branches.ports import Ports
from podemos.branches.state import MemoryState
from podemos.contracts.branches import Branch, Branches, Extraction
from podemos.core.clock import iso

BATCH = 1000
Days = dict[str, tuple[int, int]]
"""Rows and content digest by branch-local day."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a shard tells of a round: new objects, batch manifests, and each final snapshot's content by day."""

    objects: dict[str, bytes]
    batches: list[str]
    seen: dict[tuple[str, str, int], Days]


@dataclass(slots=True)
class Case:
    """A schedule while it runs."""

    schedule: Schedule
    source: Source
    state: MemoryState = field(default_factory=MemoryState)
    peers: Peers = field(default_factory=Peers)
    fault: Fault | None = None
    writes: int = 0
    dead: bool = False
    connection: Connection | None = None
    printed: Content = field(default_factory=dict)
    bounds: dict[str, str] = field(default_factory=dict)
    cut: Cut | None = None
    resent: int = 0


@dataclass(slots=True)
class Cut:
    """What a pull had delivered when its link was cut, and the bound that it may be fetched above again."""

    delivered: dict[str, list[Row]]
    bounds: dict[str, str]
    tilt: timedelta


def branch_of(schedule: Schedule) -> Branch:
    """The schedule as a branch; its id is longer than a real one's, which is all that is not validated."""
    return Branch.model_construct(id=schedule.branch, nombre=f"Caso {schedule.index}", zone=schedule.zone)


def configured(schedules: Iterable[Schedule], profile: Profile, night: int = 0) -> Branches:
    """The configuration that pulls these schedules, one after the other.

    The suite has up to three pulls a day where a branch has more than forty: on the quiet days one pull gives a gap,
    and what is read again, the time that they have in all of a day's.
    """
    extraction = Extraction(
        tables=tuple(TABLES),
        threads=1,
        page_rows=profile.page_rows,
        hold_back=profile.hold_back,
        lag_seconds=profile.lag_seconds,
        narrow_rows=profile.narrow_rows,
        link_pause_seconds=0,
    )
    if NIGHTS[night] in QUIET:
        times = ("behind_seconds", "snapshot_seconds", "branch_seconds")
        longer = {name: getattr(extraction, name) * PULLS_A_DAY for name in times}
        extraction = extraction.model_copy(update=longer)
    return Branches.model_construct(extraction=extraction, branches=tuple(branch_of(one) for one in schedules))


class Shard:
    """Schedules and their servers.

    Args:
        schedules: the cases.
    """

    def __init__(self, schedules: list[Schedule]) -> None:
        self.cases = {one.branch: Case(one, one.source()) for one in schedules}
        self.lake = ShardLake(self)
        self.current: Case | None = None
        self._base = 0.0
        self._seen: dict[tuple[str, str, int], Days] = {}

    def night(self, night: int, shared: dict[str, bytes], guard: AbstractContextManager[Any] | None = None) -> Answer:
        """All pulls of a night; `shared` is what certifications and revisions say since the last one."""
        for key, data in shared.items():
            if self.lake.objects.get(key) != data:
                self.lake._place(key, data)
        self.lake.root = Path(self.lake.objects.get(ROOT, b"/nonexistent").decode())
        self.lake.created, self._seen, batches = {}, {}, []
        with guard or nullcontext():
            for attempt in range(3):
                batches += self._attempt(night, attempt)
        answer = Answer(self.lake.created, batches, self._seen)
        self.lake.forget(("raw/", keys.PULLS, keys.BATCHES))
        return answer

    def _attempt(self, night: int, attempt: int) -> list[str]:
        groups: dict[tuple[Profile, bool], list[Case]] = {}
        for case in self.cases.values():
            if (night, attempt) in case.schedule.pulls:
                case.fault, case.writes, case.dead = case.schedule.fault(night, attempt), 0, False
                mortal = case.fault is not None and case.fault.kind.startswith("kill")
                groups.setdefault((case.schedule.profile, mortal), []).append(case)
        self._base = attempt_at(night, attempt)
        found = []
        for (profile, _), cases in sorted(groups.items(), key=lambda entry: str(entry[0])):
            for first in range(0, len(cases), BATCH):
                batch = cases[first : first + BATCH]
                try:
                    found.append(self._batch(batch, profile, night, attempt))
                except Killed:
                    continue
                finally:
                    self.current = None
                    self._after(batch)
        return found

    def _batch(self, cases: list[Case], profile: Profile, night: int, attempt: int) -> str:
        schedules = [case.schedule for case in cases]
        return pull.pull_batch(
            ",".join(one.branch for one in schedules),
            lake=self.lake,
            state=ShardState(self),
            connect=self.connect,
            config=configured(schedules, profile, night),
            clock=self.clock,
            owner=self.owner(night, attempt),
        )

    def owner(self, night: int, attempt: int) -> str:
        """Who pulls: another run each time, which has to wait for the leases of one that died."""
        return f"corrida-{night}-{attempt}"

    def connect(self, branch: Branch) -> Connection:
        """Begins a branch's pull: what was due at its server has happened."""
        case = self.current = self.cases[branch.id]
        case.source.advance(self._base)
        fault, case.connection = case.fault, None
        if fault and fault.kind == "offline":
            raise refused()
        budget = fault.at if fault and fault.kind == "cut" else None
        case.connection = Connection(case.source, case.schedule.step, self._note, budget)
        return case.connection

    def clock(self) -> datetime:
        """The time of the branch at work."""
        return instant(self.current.source.now if self.current else self._base)

    def _note(self, what: str, table: str, content: Content) -> None:
        if self.current is not None and what == "fingerprint":
            self.current.printed[table] = content[table]

    def wrote(self, key: str, data: bytes) -> None:
        """A part with control totals is committed: from now on a certificate may speak of its snapshot."""
        if key.startswith(keys.PULLS) and (b'"final":true' in data or b'"since":"' in data):
            table, branch, seq, _ = keys.pull_of(key)
            self._seen[table, branch, seq] = days_of(table, self.cases[branch].printed[table].values())
        case = self.current
        if case is not None and case.fault is not None and case.fault.kind == "cut" and key.startswith(keys.PULLS):
            case.bounds[keys.pull_of(key)[0]] = json.loads(data)["bound"]

    def before_write(self, after: bool) -> None:
        """Lets a fault strike at a write: a kill before or after it, or another worker that takes everything over."""
        case = self.current
        if case is None or case.fault is None:
            return
        if case.dead:
            raise Killed
        case.writes += not after
        fault = case.fault
        if fault.at != case.writes or fault.kind not in ("kill_before", "kill_after", "usurp"):
            return
        if fault.kind == "usurp" and not after:
            self._usurp(case)
        elif (fault.kind == "kill_after") == after and fault.kind != "usurp":
            case.dead = True
            raise Killed

    def _usurp(self, case: Case) -> None:
        """The worker hangs for longer than its leases; another one pulls the branch; then the first one goes on."""
        fault, connection = case.fault, case.connection
        case.fault = None
        base, self._base = self._base, case.source.now + 900.0
        extraction = configured([case.schedule], case.schedule.profile).extraction
        ports = Ports(self.lake, ShardState(self), self.connect, self.clock, "otra-corrida", extraction)
        BranchPull(ports, branch_of(case.schedule), tuple(TABLES.values())).run()
        case.connection, self._base = connection, base
        case.fault, case.writes = fault, 10_000

    def _after(self, cases: list[Case]) -> None:
        for case in cases:
            connection = case.connection
            if connection is None:
                continue
            broken = case.fault is not None and (case.dead or case.fault.kind == "cut")
            if not broken and not case.source.drift:
                case.peers.pull(connection.snapshot)
            self._count_resent(case, connection)

    def _count_resent(self, case: Case, connection: Connection) -> None:
        """Chunks that a pull fetched again only because the one before was cut."""
        delivered: dict[str, list[Row]] = {}
        for table, row in connection.delivered:
            delivered.setdefault(table, []).append(row)
        if case.cut is not None and case.cut.tilt == case.source.tilt():
            for table, before in case.cut.delivered.items():
                bound = case.cut.bounds.get(table, "9999").encode()
                known = {row for row in before if (row[-1] or b"") < bound}
                again = sum(row in known for row in delivered.get(table, ()))
                case.resent = max(case.resent, -(-again // case.schedule.profile.page_rows))
        case.cut = None
        if case.fault is not None and case.fault.kind == "cut":
            case.cut, case.bounds = Cut(delivered, case.bounds, case.source.tilt()), {}

    def report(self) -> dict[str, Any]:
        """At the end: what the servers hold, how the peers did, the largest state item, chunks sent again."""
        return {
            "content": {branch: case.source.content for branch, case in self.cases.items()},
            "peers": {branch: case.peers.losses(case.source.content) for branch, case in self.cases.items()},
            "state_max_bytes": max((size for case in self.cases.values() for size in _sizes(case.state)), default=0),
            "resent": {branch: case.resent for branch, case in self.cases.items()},
        }


def days_of(table: str, rows: Iterable[Row]) -> Days:
    """Rows and content digest by day, for comparing with the lake by other means than the shipped fingerprint."""
    at = [column.name for column in TABLES[table].columns].index(TABLES[table].business_date or "id_cliente")
    dated = TABLES[table].partitioned
    found: dict[str, tuple[int, int]] = {}
    for row in rows:
        day = (row[at] or b"")[:10].decode() if dated else keys.UNDATED
        count, total = found.get(day, (0, 0))
        found[day] = (count + 1, total + content_digest(row))
    return found


@lru_cache(500_000)
def content_digest(row: Row) -> int:
    """The last 15 hex digits of the MD5 of the values."""
    text = b"\x1f".join(b"\x1e" if value is None else value for value in row)
    return int(hashlib.md5(text, usedforsecurity=False).hexdigest()[17:], 16)


def _sizes(state: MemoryState) -> Iterator[int]:
    """Bytes of each item as DynamoDB keeps it."""
    for name, (lease, mark) in state._items.items():
        item: dict[str, Any] = {"pk": name, "seq": lease.seq, "owner": lease.owner, "lease_until": iso(lease.expires)}
        if mark is not None:
            item |= {"position": json.dumps(mark.to_dict()), "as_of": iso(mark.as_of)}
        yield len(json.dumps(item).encode())
