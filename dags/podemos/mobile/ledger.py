"""What `process_events` remembers for 14 days: which work is done, and which events were seen where.

Effects happen once because each is one conditional write: work is claimed, its events are recorded under their ids, and
its counts are added to the phone's state in the transaction that marks it done. Nothing depends on this memory being
complete: without it the receipts are the same, and exactly once is the compaction's exact index, not this.
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
"""Events per transaction, DynamoDB's limit."""
_ROUNDS = 8


class Claim(StrEnum):
    """What a claim found."""

    OURS = "ours"
    BUSY = "busy"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Seen:
    """One event of an upload: its id, its content's fingerprint."""

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
            source: the object's identity, without the range of lines.
            at: now.
        """
        ...

    def finish(self, identity: str, owner: str, at: datetime, device: str, processed: int, refused: int) -> bool:
        """Marks done and adds the counts to the phone's state, at once; False when somebody else has done it."""
        ...

    def backlog(self, objects: int, size: int) -> tuple[int, int]:
        """Adds to what waits for compaction; returns objects and bytes since the beginning."""
        ...


class DynamoLedger:
    """A table with the string key `pk` and the TTL attribute `expires`, beside the table of heartbeats.

    Args:
        client: a boto3 `dynamodb` client.
        table: of this memory.
        heartbeats: of the phones' state.
    """

    def __init__(self, client: Any, table: str, heartbeats: str) -> None:
        self._client, self._table, self._heartbeats = client, table, heartbeats

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
                    "expires": _seconds(at + KEPT),
                },
                ConditionExpression="attribute_not_exists(pk) OR expires < :now "
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
        """Transactions of conditional puts: those that are known fall out, the rest is tried again.

        Raises:
            RuntimeError: other writers were in the way each time; the message comes again.
        """
        waiting: dict[str, Seen] = {}
        known = Known()
        for event in events:  # a transaction names an item once
            if (first := waiting.setdefault(event.event_id, event)) is not event:
                same = first.fingerprint == event.fingerprint
                known += Known(repeated=int(same), conflicting=int(not same))
        for _ in range(_ROUNDS):
            if not waiting:
                return known
            reasons = self._put(list(waiting.values()), source, at)
            if reasons is None:
                return known + Known(new=len(waiting))
            for event, reason in zip(list(waiting.values()), reasons, strict=True):
                if reason.get("Code") == "ConditionalCheckFailed":
                    del waiting[event.event_id]
                    same = self._fingerprint(event, reason) == event.fingerprint
                    known += Known(repeated=int(same), conflicting=int(not same))
        raise RuntimeError(f"{len(waiting)} events could not be recorded: other writers were in the way")

    def finish(self, identity: str, owner: str, at: datetime, device: str, processed: int, refused: int) -> bool:
        """One transaction over both tables."""
        mark = {
            "TableName": self._table,
            "Key": _key(identity),
            "UpdateExpression": "SET #state = :done, expires = :end REMOVE lease",
            "ConditionExpression": "#state = :working AND #owner = :owner",
            "ExpressionAttributeNames": {"#state": "state", "#owner": "owner"},
            "ExpressionAttributeValues": {
                ":done": {"S": "done"}, ":working": {"S": "working"}, ":owner": {"S": owner},
                ":end": _seconds(at + KEPT),
            },
        }  # fmt: skip
        count = {
            "TableName": self._heartbeats,
            "Key": {"id_dispositivo": {"S": device}},
            "UpdateExpression": "ADD #processed :processed, #refused :refused",
            "ExpressionAttributeNames": {"#processed": "processed", "#refused": "refused"},  # a reserved word
            "ExpressionAttributeValues": {":processed": {"N": str(processed)}, ":refused": {"N": str(refused)}},
        }
        actions = [{"Update": mark}, *([{"Update": count}] if device else [])]
        try:
            self._client.transact_write_items(TransactItems=actions)
        except self._client.exceptions.TransactionCanceledException as error:
            if error.response["CancellationReasons"][0].get("Code") == "ConditionalCheckFailed":
                return False
            raise
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

    def _put(self, events: Sequence[Seen], source: str, at: datetime) -> list[dict[str, Any]] | None:
        """None when all were put, else why not, one by one."""
        actions = [
            {
                "Put": {
                    "TableName": self._table,
                    "Item": {
                        "pk": {"S": f"event/{event.event_id}"},
                        "fingerprint": {"S": event.fingerprint},
                        "source": {"S": source},
                        "expires": _seconds(at + KEPT),
                    },
                    "ConditionExpression": "attribute_not_exists(pk) OR expires < :now OR "
                    "(#source = :source AND fingerprint = :fingerprint)",
                    "ExpressionAttributeNames": {"#source": "source"},
                    "ExpressionAttributeValues": {
                        ":now": _seconds(at), ":source": {"S": source}, ":fingerprint": {"S": event.fingerprint}
                    },
                    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                }
            }
            for event in events
        ]  # fmt: skip
        try:
            self._client.transact_write_items(TransactItems=actions)
        except self._client.exceptions.TransactionCanceledException as error:
            reasons: list[dict[str, Any]] = error.response["CancellationReasons"]
            return reasons
        return None

    def _fingerprint(self, event: Seen, reason: Mapping[str, Any]) -> str:
        item = reason.get("Item")
        if not item:
            key = {"pk": {"S": f"event/{event.event_id}"}}
            item = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item", {})
        return str(item.get("fingerprint", {}).get("S", ""))


def _key(identity: str) -> dict[str, dict[str, str]]:
    return {"pk": {"S": f"object/{identity}"}}


def _seconds(at: datetime) -> dict[str, str]:
    return {"N": str(int(at.timestamp()))}
