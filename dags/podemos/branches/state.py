"""Leases, fences and watermarks of branch-tables: an index beside the manifests, changed by conditional writes only.

Each lease has a number that only grows: the *snapshot sequence*. It orders what different pulls saw, and it fences: a
worker that lost its lease can no longer move the watermark. The lease is taken before the snapshot is opened.

A new branch-table's numbers start at the epoch second: if the state is ever lost, everything is pulled again under
higher numbers than before, so nothing has to be rebuilt for correctness. `rebuild` saves that work.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from podemos.core.clock import from_iso, iso
from podemos.core.errors import LeaseHeld, PodemosError

FREE = datetime(1970, 1, 1, tzinfo=UTC)
"""A lease that nobody holds ended then."""


class LeaseLost(PodemosError):
    """Another worker took the lease over: what this one still does no longer counts."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where the next pull starts: after the pair (cursor, key), or at the cursor itself when there is no key."""

    cursor: str
    key: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {"cursor": self.cursor, "key": list(self.key)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Position:
        """The inverse of `to_dict`."""
        return cls(data["cursor"], tuple(data["key"]))


@dataclass(frozen=True, slots=True)
class Loading:
    """The place of a first load: every row up to `key`, in the key's order, is landed; `()` is before the first one.

    Attributes:
        bound: how far the watermark may go when the load is whole: the safe bound before its first snapshot.
    """

    key: tuple[str, ...]
    bound: str

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {"key": list(self.key), "bound": self.bound}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Loading:
        """The inverse of `to_dict`."""
        return cls(tuple(data["key"]), data["bound"])


@dataclass(frozen=True, slots=True)
class Watermark:
    """Everything below `position` is landed, as of the snapshot taken at `as_of`.

    Attributes:
        loading: a first load is under way: what is said will be true when it is whole; see `first_load`.
    """

    position: Position
    as_of: datetime
    loading: Loading | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        loading = self.loading.to_dict() if self.loading else None
        return {"position": self.position.to_dict(), "as_of": iso(self.as_of), "loading": loading}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Watermark:
        """The inverse of `to_dict`."""
        loading = Loading.from_dict(data["loading"]) if data["loading"] else None
        return cls(Position.from_dict(data["position"]), from_iso(data["as_of"]), loading)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to pull one branch-table until `expires`."""

    table: str
    branch: str
    seq: int
    owner: str
    expires: datetime

    @property
    def pk(self) -> str:
        """The item's key."""
        return f"{self.table}#{self.branch}"


@dataclass(frozen=True, slots=True)
class Pause:
    """A branch is not asked before `until`; see `backoff`."""

    failures: int
    since: datetime
    until: datetime


class BranchState(Protocol):
    """The state of all branch-tables."""

    def acquire(
        self, table: str, branch: str, *, owner: str, now: datetime, seconds: int
    ) -> tuple[Lease, Watermark | None]:
        """A new lease with the next sequence number, and the watermark.

        An expired lease is taken over; so is one of the same owner, who is a retry of the same task.

        Raises:
            LeaseHeld: another owner holds an unexpired lease.
        """
        ...

    def advance(self, lease: Lease, watermark: Watermark | None, *, now: datetime, seconds: int) -> Lease:
        """Moves the watermark (None leaves it) and renews the lease; zero seconds give it back.

        Raises:
            LeaseLost: a later lease exists.
        """
        ...

    def watermarks(self) -> dict[tuple[str, str], Watermark]:
        """Watermark by (table, branch)."""
        ...

    def restore(self, table: str, branch: str, seq: int, watermark: Watermark) -> bool:
        """Puts back what the manifests say, free of a lease; False when the state is as new as they are."""
        ...

    def pause(self, branch: str, pause: Pause) -> None:
        """Records that a branch is to be left alone for a while."""
        ...

    def paused(self, branch: str) -> Pause | None:
        """The last record of a branch."""
        ...

    def pauses(self) -> dict[str, Pause]:
        """All records, by branch."""
        ...


@dataclass
class MemoryState:
    """The same promises in memory; the simulations' state."""

    _items: dict[str, tuple[Lease, Watermark | None]] = field(default_factory=dict)
    _pauses: dict[str, Pause] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def acquire(
        self, table: str, branch: str, *, owner: str, now: datetime, seconds: int
    ) -> tuple[Lease, Watermark | None]:
        """A new lease."""
        pk = f"{table}#{branch}"
        with self._lock:
            held, watermark = self._items.get(pk, (Lease(table, branch, epoch(now), "", now), None))
            if held.expires > now and held.owner != owner:
                raise held_by_another(table, branch)
            lease = Lease(table, branch, held.seq + 1, owner, now + timedelta(seconds=seconds))
            self._items[pk] = (lease, watermark)
            return lease, watermark

    def advance(self, lease: Lease, watermark: Watermark | None, *, now: datetime, seconds: int) -> Lease:
        """Moves the watermark."""
        with self._lock:
            held, old = self._items[lease.pk]
            if (held.seq, held.owner) != (lease.seq, lease.owner):
                raise lost(lease)
            renewed = replace(lease, expires=now + timedelta(seconds=seconds))
            self._items[lease.pk] = (renewed, watermark or old)
            return renewed

    def watermarks(self) -> dict[tuple[str, str], Watermark]:
        """All watermarks."""
        with self._lock:
            return {(lease.table, lease.branch): mark for lease, mark in self._items.values() if mark}

    def restore(self, table: str, branch: str, seq: int, watermark: Watermark) -> bool:
        """Puts an item back."""
        pk = f"{table}#{branch}"
        with self._lock:
            if pk in self._items and self._items[pk][0].seq >= seq:
                return False
            self._items[pk] = (Lease(table, branch, seq, "", FREE), watermark)
            return True

    def pause(self, branch: str, pause: Pause) -> None:
        """Records a pause."""
        self._pauses[branch] = pause

    def paused(self, branch: str) -> Pause | None:
        """A branch's record."""
        return self._pauses.get(branch)

    def pauses(self) -> dict[str, Pause]:
        """All records."""
        return dict(self._pauses)


def epoch(instant: datetime) -> int:
    """What a new branch-table's sequence starts at."""
    return int(instant.timestamp())


def held_by_another(table: str, branch: str) -> LeaseHeld:
    """The refusal of `acquire`."""
    return LeaseHeld(f"branch {branch}, table {table}: another worker is pulling it; it ends by itself or expires")


def lost(lease: Lease) -> LeaseLost:
    """The refusal of `advance`."""
    return LeaseLost(f"branch {lease.branch}, table {lease.table}: lease {lease.seq} was taken over; nothing is lost")
