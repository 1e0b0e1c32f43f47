"""Leases, fences and watermarks of branch-tables: an index beside the manifests, changed by conditional writes only.

Each lease has a number that only grows: the *snapshot sequence*. It orders what different pulls saw, and it fences: a
worker that lost its lease can no longer move the watermark. The lease is taken before the snapshot is opened.

A new branch-table's numbers start at the epoch second: if the state is ever lost, everything is pulled again under
higher numbers than before, so nothing has to be rebuilt for correctness. `rebuild` saves that work.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from podemos.core.clock import from_iso, iso
from podemos.core.errors import LeaseHeld, PodemosError

_PAUSE = ".link#"
"""No table's name begins with a dot."""
_FREE = datetime(1970, 1, 1, tzinfo=UTC)
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
    def from_dict(cls, data: dict[str, Any]) -> Position:
        """The inverse of `to_dict`."""
        return cls(data["cursor"], tuple(data["key"]))


@dataclass(frozen=True, slots=True)
class Watermark:
    """Everything below `position` is landed, as of the snapshot taken at `as_of`."""

    position: Position
    as_of: datetime


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
            held, watermark = self._items.get(pk, (Lease(table, branch, _epoch(now), "", now), None))
            if held.expires > now and held.owner != owner:
                raise _held(table, branch)
            lease = Lease(table, branch, held.seq + 1, owner, now + timedelta(seconds=seconds))
            self._items[pk] = (lease, watermark)
            return lease, watermark

    def advance(self, lease: Lease, watermark: Watermark | None, *, now: datetime, seconds: int) -> Lease:
        """Moves the watermark."""
        with self._lock:
            held, old = self._items[lease.pk]
            if (held.seq, held.owner) != (lease.seq, lease.owner):
                raise _lost(lease)
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
            self._items[pk] = (Lease(table, branch, seq, "", _FREE), watermark)
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


class DynamoState:
    """One DynamoDB item per branch-table, below 1 KB: `seq`, `owner`, `lease_until` (epoch ms), `position`, `as_of`.

    Beside them one per branch that is left alone for a while. Every key ends with `#<branch>`, so that the role of a
    branch's own machine can be held to its items.

    Args:
        client: a boto3 `dynamodb` client.
        table_name: a table with the string key `pk`.
    """

    def __init__(self, client: Any, table_name: str) -> None:
        self._client, self._table = client, table_name

    def acquire(
        self, table: str, branch: str, *, owner: str, now: datetime, seconds: int
    ) -> tuple[Lease, Watermark | None]:
        """One conditional update."""
        expires = now + timedelta(seconds=seconds)
        attributes = self._update(
            f"{table}#{branch}",
            "SET seq = if_not_exists(seq, :start) + :one, #owner = :owner, lease_until = :until",
            "attribute_not_exists(pk) OR lease_until <= :now OR #owner = :owner",
            {
                ":start": {"N": str(_epoch(now))},
                ":one": {"N": "1"},
                ":now": {"N": _millis(now)},
                ":until": {"N": _millis(expires)},
            }
            | {":owner": {"S": owner}},
            lambda: _held(table, branch),
        )
        return Lease(table, branch, int(attributes["seq"]["N"]), owner, expires), _watermark(attributes)

    def advance(self, lease: Lease, watermark: Watermark | None, *, now: datetime, seconds: int) -> Lease:
        """One conditional update; sent twice it does the same."""
        expires = now + timedelta(seconds=seconds)
        change = "SET lease_until = :until"
        values = {":until": {"N": _millis(expires)}, ":seq": {"N": str(lease.seq)}, ":owner": {"S": lease.owner}}
        if watermark:
            change += ", #position = :position, as_of = :as_of"
            values |= _values(watermark)
        self._update(
            lease.pk, change, "seq = :seq AND #owner = :owner", values, lambda: _lost(lease), position=bool(watermark)
        )
        return replace(lease, expires=expires)

    def watermarks(self) -> dict[tuple[str, str], Watermark]:
        """One scan."""
        found: dict[tuple[str, str], Watermark] = {}
        for page in self._client.get_paginator("scan").paginate(TableName=self._table, ConsistentRead=True):
            for item in page["Items"]:
                table, _, branch = item["pk"]["S"].partition("#")
                if mark := _watermark(item):
                    found[table, branch] = mark
        return found

    def restore(self, table: str, branch: str, seq: int, watermark: Watermark) -> bool:
        """One conditional update: an item that a pull has moved on meanwhile stays."""
        values = {":seq": {"N": str(seq)}, ":owner": {"S": ""}, ":until": {"N": _millis(_FREE)}}
        try:
            self._update(
                f"{table}#{branch}",
                "SET seq = :seq, #owner = :owner, lease_until = :until, #position = :position, as_of = :as_of",
                "attribute_not_exists(pk) OR seq < :seq",
                values | _values(watermark),
                lambda: LeaseHeld("as new as the manifests"),
                position=True,
            )
        except LeaseHeld:
            return False
        return True

    def pause(self, branch: str, pause: Pause) -> None:
        """One put: the last one counts."""
        times = {name: {"S": iso(getattr(pause, name))} for name in ("since", "until")}
        item = {"pk": {"S": _PAUSE + branch}, "failures": {"N": str(pause.failures)}} | times
        self._client.put_item(TableName=self._table, Item=item)

    def paused(self, branch: str) -> Pause | None:
        """One read."""
        found = self._client.get_item(TableName=self._table, Key={"pk": {"S": _PAUSE + branch}}).get("Item")
        return _pause(found) if found else None

    def pauses(self) -> dict[str, Pause]:
        """One scan."""
        pages = self._client.get_paginator("scan").paginate(TableName=self._table, ConsistentRead=True)
        items = [item for page in pages for item in page["Items"] if item["pk"]["S"].startswith(_PAUSE)]
        return {item["pk"]["S"].removeprefix(_PAUSE): _pause(item) for item in items}

    def _update(
        self,
        pk: str,
        change: str,
        condition: str,
        values: dict[str, Any],
        refusal: Callable[[], PodemosError],
        *,
        position: bool = False,
    ) -> dict[str, Any]:
        names = {"#owner": "owner"} | ({"#position": "position"} if position else {})
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key={"pk": {"S": pk}},
                UpdateExpression=change,
                ConditionExpression=condition,
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
                ReturnValues="ALL_NEW",
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            raise refusal() from None
        return dict(answer["Attributes"])


def _watermark(item: dict[str, Any]) -> Watermark | None:
    if "position" not in item:
        return None
    return Watermark(Position.from_dict(json.loads(item["position"]["S"])), from_iso(item["as_of"]["S"]))


def _pause(item: dict[str, Any]) -> Pause:
    return Pause(int(item["failures"]["N"]), from_iso(item["since"]["S"]), from_iso(item["until"]["S"]))


def _values(watermark: Watermark) -> dict[str, Any]:
    return {":position": {"S": json.dumps(watermark.position.to_dict())}, ":as_of": {"S": iso(watermark.as_of)}}


def _epoch(instant: datetime) -> int:
    return int(instant.timestamp())


def _millis(instant: datetime) -> str:
    return str(int(instant.timestamp() * 1000))


def _held(table: str, branch: str) -> LeaseHeld:
    return LeaseHeld(f"branch {branch}, table {table}: another worker is pulling it; it ends by itself or expires")


def _lost(lease: Lease) -> LeaseLost:
    return LeaseLost(f"branch {lease.branch}, table {lease.table}: lease {lease.seq} was taken over; nothing is lost")
