"""What is known of each phone without reading its events: the state that every upload and every heartbeat renews.

An index, not a truth: the inbox's metadata hold the same facts (`Upload`), and an upload never fails because this table
does not answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from podemos.core.clock import from_iso, iso
from podemos.mobile.upload import Upload

_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """One phone.

    Attributes:
        id_dispositivo: the phone.
        id_sucursal: its officer's branch.
        region: of the branch.
        install: of the app, as last heard.
        received_at: when it was last heard, by the server's clock.
        sent_at: the same moment by the phone's clock.
        head: the greatest `secuencia` that it said it has captured, ever.
        seen: the greatest `secuencia` that an upload of it held; up to `head` it owes.
        pending: what waited in its outbox, as last heard.
        blocked: reported stolen or lost: its uploads are refused (403) until somebody lifts it.
    """

    id_dispositivo: str
    id_sucursal: int
    region: str
    install: str
    received_at: datetime
    sent_at: datetime
    head: int = 0
    seen: int = 0
    pending: int = 0
    blocked: bool = False

    @property
    def skew(self) -> timedelta:
        """How far its clock was ahead when it was last heard (the way over the network included)."""
        return self.sent_at - self.received_at

    def heard(self, upload: Upload, last: int) -> Heartbeat:
        """After an upload whose greatest sequence is `last` (0: a heartbeat without events).

        What came out of order changes only the maxima.
        """
        head, seen = max(self.head, upload.head, last), max(self.seen, last)
        if upload.received_at < self.received_at:
            return replace(self, head=head, seen=seen)
        return replace(
            self,
            id_sucursal=upload.id_sucursal,
            region=upload.region,
            install=upload.install,
            received_at=upload.received_at,
            sent_at=upload.sent_at,
            head=head,
            seen=seen,
            pending=upload.pending,
        )


def first_heard(upload: Upload, last: int) -> Heartbeat:
    """Of a phone that was never heard before."""
    return Heartbeat(
        upload.device, upload.id_sucursal, upload.region, upload.install, upload.received_at, upload.sent_at,
        max(upload.head, last), last, upload.pending,
    )  # fmt: skip


class Heartbeats(Protocol):
    """The table."""

    def get(self, device: str) -> Heartbeat | None:
        """One phone."""
        ...

    def heard(self, upload: Upload, last: int) -> Heartbeat:
        """Renews a phone's state; returns it."""
        ...

    def block(self, device: str, blocked: bool) -> None:
        """Refuses a phone's uploads from now on, or takes them again; also of a phone that was never heard."""
        ...

    def is_blocked(self, device: str) -> bool:
        """Whether its uploads are refused."""
        ...

    def __iter__(self) -> Iterator[Heartbeat]:
        """Every phone that was ever heard."""
        ...


class MemoryHeartbeats:
    """In memory, for simulations."""

    def __init__(self) -> None:
        self._phones: dict[str, Heartbeat] = {}
        self._blocked: set[str] = set()

    def get(self, device: str) -> Heartbeat | None:
        """One phone."""
        return self._phones.get(device)

    def heard(self, upload: Upload, last: int) -> Heartbeat:
        """Renews."""
        known = self._phones.get(upload.device)
        state = known.heard(upload, last) if known else first_heard(upload, last)
        self._phones[upload.device] = replace(state, blocked=upload.device in self._blocked)
        return state

    def block(self, device: str, blocked: bool) -> None:
        """Adds to the set or takes away."""
        (self._blocked.add if blocked else self._blocked.discard)(device)

    def is_blocked(self, device: str) -> bool:
        """In the set."""
        return device in self._blocked

    def __iter__(self) -> Iterator[Heartbeat]:
        """In the order of their names."""
        return iter([self._phones[name] for name in sorted(self._phones)])


class DynamoHeartbeats:
    """A DynamoDB table with the string key `id_dispositivo`.

    Args:
        client: a boto3 `dynamodb` client.
        table: its name.
    """

    def __init__(self, client: Any, table: str) -> None:
        self._client, self._table = client, table

    def get(self, device: str) -> Heartbeat | None:
        """A consistent read."""
        found = self._item(device)
        return _from_item(found) if "received_at" in found else None

    def heard(self, upload: Upload, last: int) -> Heartbeat:
        """Read, renew, write if nobody wrote between; a phone sends one upload at a time, so that is rare."""
        for _ in range(_ATTEMPTS):
            known = self.get(upload.device)
            state = known.heard(upload, last) if known else first_heard(upload, last)
            if self._write(state, known):
                return state
        return state

    def block(self, device: str, blocked: bool) -> None:
        """One attribute, which uploads leave alone."""
        self._client.update_item(
            TableName=self._table,
            Key={"id_dispositivo": {"S": device}},
            UpdateExpression="SET blocked = :b",
            ExpressionAttributeValues={":b": {"BOOL": blocked}},
        )

    def is_blocked(self, device: str) -> bool:
        """A consistent read."""
        return bool(self._item(device).get("blocked", {}).get("BOOL", False))

    def __iter__(self) -> Iterator[Heartbeat]:
        """Pages of a scan, in no order."""
        for page in self._client.get_paginator("scan").paginate(TableName=self._table, ConsistentRead=True):
            yield from (_from_item(item) for item in page["Items"] if "received_at" in item)

    def _item(self, device: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._client.get_item(
            TableName=self._table, Key={"id_dispositivo": {"S": device}}, ConsistentRead=True
        ).get("Item", {})
        return found

    def _write(self, state: Heartbeat, known: Heartbeat | None) -> bool:
        values = {f":{name}": value for name, value in _to_item(state).items()}
        condition = "attribute_not_exists(received_at)"
        if known is not None:
            condition = "received_at = :was AND seen = :was_seen"
            values |= {":was": {"S": iso(known.received_at)}, ":was_seen": {"N": str(known.seen)}}
        names = {f"#{name}": name for name in _to_item(state)}
        try:
            self._client.update_item(
                TableName=self._table,
                Key={"id_dispositivo": {"S": state.id_dispositivo}},
                UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in _to_item(state)),
                ConditionExpression=condition,
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True


def _to_item(state: Heartbeat) -> dict[str, dict[str, str]]:
    """What an upload renews; `blocked` is somebody else's."""
    return {
        "id_sucursal": {"N": str(state.id_sucursal)},
        "region": {"S": state.region},
        "install": {"S": state.install},
        "received_at": {"S": iso(state.received_at)},
        "sent_at": {"S": iso(state.sent_at)},
        "head": {"N": str(state.head)},
        "seen": {"N": str(state.seen)},
        "pending": {"N": str(state.pending)},
    }


def _from_item(item: Mapping[str, Any]) -> Heartbeat:
    def number(name: str) -> int:
        return int(item.get(name, {"N": "0"})["N"])

    return Heartbeat(
        item["id_dispositivo"]["S"],
        number("id_sucursal"),
        item["region"]["S"],
        item["install"]["S"],
        from_iso(item["received_at"]["S"]),
        from_iso(item["sent_at"]["S"]),
        number("head"),
        number("seen"),
        number("pending"),
        bool(item.get("blocked", {}).get("BOOL", False)),
    )
