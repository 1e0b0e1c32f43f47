"""The state of all branch-tables in one DynamoDB table: one item each, changed by conditional writes only."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from podemos.branches.state import FREE, Lease, Loading, Pause, Position, Watermark, epoch, held_by_another, lost
from podemos.core.clock import from_iso, iso
from podemos.core.errors import LeaseHeld, PodemosError

_PAUSE = ".link#"
"""No table's name begins with a dot."""


class DynamoState:
    """One DynamoDB item per branch-table, below 1 KB: `seq`, `owner`, `lease_until` (epoch ms), `position`, `as_of`.

    While a first load is under way there is no `position`, but `loading`: who does not know it begins anew.
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
                ":start": {"N": str(epoch(now))},
                ":one": {"N": "1"},
                ":now": {"N": _millis(now)},
                ":until": {"N": _millis(expires)},
            }
            | {":owner": {"S": owner}},
            lambda: held_by_another(table, branch),
        )
        return Lease(table, branch, int(attributes["seq"]["N"]), owner, expires), _watermark(attributes)

    def advance(self, lease: Lease, watermark: Watermark | None, *, now: datetime, seconds: int) -> Lease:
        """One conditional update; sent twice it does the same."""
        expires = now + timedelta(seconds=seconds)
        change = "SET lease_until = :until"
        values = {":until": {"N": _millis(expires)}, ":seq": {"N": str(lease.seq)}, ":owner": {"S": lease.owner}}
        self._update(lease.pk, change, "seq = :seq AND #owner = :owner", values, lambda: lost(lease), watermark)
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
        values = {":seq": {"N": str(seq)}, ":owner": {"S": ""}, ":until": {"N": _millis(FREE)}}
        try:
            self._update(
                f"{table}#{branch}",
                "SET seq = :seq, #owner = :owner, lease_until = :until",
                "attribute_not_exists(pk) OR seq < :seq",
                values,
                lambda: LeaseHeld("as new as the manifests"),
                watermark,
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
        watermark: Watermark | None = None,
    ) -> dict[str, Any]:
        names = {"#owner": "owner"}
        if watermark is not None:
            wanted, other = ("position", "loading") if watermark.loading is None else ("loading", "position")
            change += f", #{wanted} = :{wanted}, as_of = :as_of REMOVE #{other}"
            names |= {f"#{name}": name for name in (wanted, other)}
            values = values | {f":{wanted}": {"S": _text(watermark)}, ":as_of": {"S": iso(watermark.as_of)}}
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
    if "position" in item:
        return Watermark(Position.from_dict(json.loads(item["position"]["S"])), from_iso(item["as_of"]["S"]))
    if "loading" in item:
        found = json.loads(item["loading"]["S"])
        position, loading = Position.from_dict(found["position"]), Loading.from_dict(found)
        return Watermark(position, from_iso(item["as_of"]["S"]), loading)
    return None


def _pause(item: dict[str, Any]) -> Pause:
    return Pause(int(item["failures"]["N"]), from_iso(item["since"]["S"]), from_iso(item["until"]["S"]))


def _text(watermark: Watermark) -> str:
    position, loading = watermark.position.to_dict(), watermark.loading
    return json.dumps(position if loading is None else loading.to_dict() | {"position": position})


def _millis(instant: datetime) -> str:
    return str(int(instant.timestamp() * 1000))
