"""A shard's lake and state: the shipped ports, each of whose writes a fault may strike."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bench.chaos_branches.lake import SuiteLake
from podemos.branches.state import Lease, Pause, Watermark

if TYPE_CHECKING:
    from bench.chaos_branches.shard import Shard


class ShardLake(SuiteLake):
    """The lake as a shard sees it: it remembers what it created."""

    def __init__(self, shard: Shard) -> None:
        super().__init__(Path("/nonexistent"))
        self._shard = shard
        self.created: dict[str, bytes] = {}

    def put_new(self, key: str, data: bytes, content_type: str = "") -> None:
        self._shard.before_write(False)
        self._create(key, data)
        self.created[key] = bytes(data)
        self._shard.wrote(key, data)
        self._shard.before_write(True)


class ShardState:
    """Each branch's own state; its writes count as writes."""

    def __init__(self, shard: Shard) -> None:
        self._shard = shard

    def acquire(
        self, table: str, branch: str, *, owner: str, now: datetime, seconds: int
    ) -> tuple[Lease, Watermark | None]:
        self._shard.before_write(False)
        found = self._shard.cases[branch].state.acquire(table, branch, owner=owner, now=now, seconds=seconds)
        self._shard.before_write(True)
        return found

    def pause(self, branch: str, pause: Pause) -> None:
        self._shard.before_write(False)
        self._shard.cases[branch].state.pause(branch, pause)
        self._shard.before_write(True)

    def paused(self, branch: str) -> Pause | None:
        return self._shard.cases[branch].state.paused(branch)

    def pauses(self) -> dict[str, Pause]:
        return {branch: found for branch, case in self._shard.cases.items() if (found := case.state.paused(branch))}

    def advance(self, lease: Lease, watermark: Watermark | None, *, now: datetime, seconds: int) -> Lease:
        self._shard.before_write(False)
        found = self._shard.cases[lease.branch].state.advance(lease, watermark, now=now, seconds=seconds)
        self._shard.before_write(True)
        return found

    def watermarks(self) -> dict[tuple[str, str], Watermark]:
        return {name: mark for case in self._shard.cases.values() for name, mark in case.state.watermarks().items()}

    def restore(self, table: str, branch: str, seq: int, watermark: Watermark) -> bool:
        return self._shard.cases[branch].state.restore(table, branch, seq, watermark)
