"""What `process_events` remembers for 14 days: which work is done, and which events were seen where.

Effects happen once because each is one conditional write: work is claimed, its events are recorded under their ids, and
who marks it done tells of it. Nothing depends on this memory being complete: without it the receipts are the same but
for `known`, and exactly once is the compaction's exact index, not this.

There are no transactions: each fact is one item.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

KEPT = timedelta(days=14)
LEASE = timedelta(minutes=16)
"""Longer than a Lambda can live: a claim older than it belongs to nobody."""
BLOCK = 100
"""Events per call of `record`."""
_BLOCK_DIGITS = 7
"""Of the event's id: a quarter of an hour of a phone's UUIDv7s lies in one item, a visit is one write."""
_AT_ONCE = 40
"""Events per update: an expression has at most 4 KB."""
_SOURCE_DIGITS = 16


class Claim(StrEnum):
    """What a claim found."""

    OURS = "ours"
    BUSY = "busy"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Seen:
    """One event of an upload: whose, its id, its content's fingerprint."""

    device: str
    event_id: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Known:
    """How many of a block are new here, known with the same content, and known with another content."""

    new: int = 0
    repeated: int = 0
    conflicting: int = 0

    def __add__(self, other: Known) -> Known:
        return Known(self.new + other.new, self.repeated + other.repeated, self.conflicting + other.conflicting)


class Ledger(Protocol):
    """The memory."""

    def claim(self, identity: str, owner: str, at: datetime) -> Claim:
        """Takes the work, unless it is done or somebody has it."""
        ...

    def release(self, identity: str, owner: str) -> None:
        """Gives it back: it failed."""
        ...

    def record(self, events: Sequence[Seen], source: str, at: datetime) -> Known:
        """Remembers events; those that this very source recorded before count as new again.

        Args:
            events: at most `BLOCK`.
            source: a digest of the object's identity, without the range of lines.
            at: now.
        """
        ...

    def finish(self, identity: str, owner: str, at: datetime, processed: int, refused: int) -> bool:
        """Marks done, with the counts; False when somebody else has done it: then nothing is to be told twice."""
        ...

    def backlog(self, objects: int, size: int) -> tuple[int, int]:
        """Adds to what waits for compaction; returns objects and bytes since the beginning."""
        ...


class DynamoLedger:
    """A table with the string key `pk` and the TTL attribute `expires_at`.

    Args:
        client: a boto3 `dynamodb` client.
        table: of this memory.
    """

    def __init__(self, client: Any, table: str) -> None:
        self._client, self._table = client, table

    def claim(self, identity: str, owner: str, at: datetime) -> Claim:
        """A conditional put. An expired item counts as absent: DynamoDB deletes late."""
        try:
            self._client.put_item(
                TableName=self._table,
                Item={
                    **_key(identity),
                    "state": {"S": "working"},
                    "owner": {"S": owner},
                    "lease": _seconds(at + LEASE),
                    "expires_at": _seconds(at + KEPT),
                },
                ConditionExpression="attribute_not_exists(pk) OR expires_at < :now "
                "OR (#state = :working AND lease < :now)",
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues={":now": _seconds(at), ":working": {"S": "working"}},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            item = self._client.get_item(TableName=self._table, Key=_key(identity), ConsistentRead=True).get("Item", {})
            return Claim.DONE if item.get("state", {}).get("S") == "done" else Claim.BUSY
        return Claim.OURS

    def release(self, identity: str, owner: str) -> None:
        """A conditional delete."""
        try:
            self._client.delete_item(
                TableName=self._table,
                Key=_key(identity),
                ConditionExpression="#owner = :owner AND #state = :working",
                ExpressionAttributeNames={"#owner": "owner", "#state": "state"},
                ExpressionAttributeValues={":owner": {"S": owner}, ":working": {"S": "working"}},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def record(self, events: Sequence[Seen], source: str, at: datetime) -> Known:
        """One atomic update per item: an attribute per event, written only if it is not there."""
        groups: dict[str, list[Seen]] = {}
        for event in events:
            groups.setdefault(f"event/{event.device}/{event.event_id[:_BLOCK_DIGITS]}", []).append(event)
        known = Known()
        for block, members in groups.items():
            for start in range(0, len(members), _AT_ONCE):
                known += self._update(block, members[start : start + _AT_ONCE], source[:_SOURCE_DIGITS], at)
        return known

    def finish(self, identity: str, owner: str, at: datetime, processed: int, refused: int) -> bool:
        """A conditional update."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key=_key(identity),
                UpdateExpression="SET #state = :done, expires_at = :end, #processed = :processed, #refused = :refused "
                "REMOVE lease",
                ConditionExpression="#state = :working AND #owner = :owner",
                ExpressionAttributeNames={
                    "#state": "state", "#owner": "owner", "#processed": "processed", "#refused": "refused"
                },
                ExpressionAttributeValues={
                    ":done": {"S": "done"}, ":working": {"S": "working"}, ":owner": {"S": owner},
                    ":end": _seconds(at + KEPT), ":processed": {"N": str(processed)}, ":refused": {"N": str(refused)},
                },
            )  # fmt: skip
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def backlog(self, objects: int, size: int) -> tuple[int, int]:
        """One atomic increment; an estimate, since a crash between two writes may skip it."""
        item = self._client.update_item(
            TableName=self._table,
            Key={"pk": {"S": "backlog"}},
            UpdateExpression="ADD objects :objects, #bytes :bytes",
            ExpressionAttributeNames={"#bytes": "bytes"},
            ExpressionAttributeValues={":objects": {"N": str(objects)}, ":bytes": {"N": str(size)}},
            ReturnValues="ALL_NEW",
        )["Attributes"]
        return int(item["objects"]["N"]), int(item["bytes"]["N"])

    def _update(self, block: str, events: Sequence[Seen], source: str, at: datetime) -> Known:
        written = {event.event_id: f"{event.fingerprint}/{source}" for event in reversed(events)}
        names = {f"#{number}": event_id for number, event_id in enumerate(written)}
        values = {f":{number}": {"S": text} for number, text in enumerate(written.values())}
        old = self._client.update_item(
            TableName=self._table,
            Key={"pk": {"S": block}},
            UpdateExpression="SET expires_at = :end, "
            + ", ".join(f"#{number} = if_not_exists(#{number}, :{number})" for number in range(len(written))),
            ExpressionAttributeNames=names,
            ExpressionAttributeValues={**values, ":end": _seconds(at + KEPT)},
            ReturnValues="ALL_OLD",
        ).get("Attributes", {})
        before = {event_id: old[event_id]["S"] for event_id in written if event_id in old}
        return _compared(events, before, source)


def _compared(events: Sequence[Seen], before: Mapping[str, str], source: str) -> Known:
    """Events beside what was there before them, those of the same source beside each other."""
    known, met = Known(), dict(before)
    for event in events:
        there = met.get(event.event_id)
        if there is None:
            met[event.event_id] = f"{event.fingerprint}/{source}"
            known += Known(new=1)
        elif there.partition("/")[0] != event.fingerprint:
            known += Known(conflicting=1)
        elif event.event_id in before and there.partition("/")[2] == source:
            known += Known(new=1)  # it was this source: an attempt that did not end
        else:
            known += Known(repeated=1)
    return known


def _key(identity: str) -> dict[str, dict[str, str]]:
    return {"pk": {"S": f"object/{identity}"}}


def _seconds(at: datetime) -> dict[str, str]:
    return {"N": str(int(at.timestamp()))}
