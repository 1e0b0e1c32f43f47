"""How far the watermark may go: everything a snapshot shows is landed, only the watermark is held back.

A transaction that is open while the snapshot is taken commits later with an older cursor. It must still lie above the
watermark then. How far back that is, `horizon` says.

A branch's clock can jump back: an hour in autumn, or when somebody sets it. Rows written since the last snapshot carry
at least *clock now − time passed since then − lag*, so a pull never starts above that, whatever the watermark says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from podemos.branches.state import Position, Watermark
from podemos.core.table import Column, Cursor, Table

BEGINNING = Position("0001-01-01 00:00:00")
"""Below every row: the watermark of a table that was empty."""
BEGINNINGS = {
    Cursor.CHANGES: BEGINNING,
    Cursor.COUNTER: Position("-9223372036854775808"),
    Cursor.NONE: Position(""),
}
_COUNTER = re.compile(r"-?\d+")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(\.\d+)?")


@dataclass(frozen=True, slots=True)
class HoldBack:
    """Why the bound lies where it does.

    Attributes:
        mode: `lag` or `transactions`.
        seconds: so far behind the server's clock.
        alerts: what somebody should act on, in words.
    """

    mode: str
    seconds: int
    alerts: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {"mode": self.mode, "seconds": self.seconds, "alerts": list(self.alerts)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> HoldBack:
        """The inverse of `to_dict`."""
        return cls(data["mode"], data["seconds"], tuple(data["alerts"]))


def safe_bound(server_now: datetime, lag_seconds: int, cursor: Column) -> str:
    """The exclusive upper end of the watermark, rounded down to the cursor's precision.

    Args:
        server_now: the branch server's wall clock, naive, in the session's zone.
        lag_seconds: how far the watermark is held back.
        cursor: the contract's cursor column.
    """
    return _rendered(server_now - timedelta(seconds=lag_seconds), cursor)


def clock(bound: str, seconds: int) -> str:
    """The clock that a safe bound was taken from; empty for the bound of a table whose cursor is no time."""
    if bound == BEGINNING.cursor or not _MOMENT.fullmatch(bound):
        return ""
    moment = datetime.fromisoformat(bound) + timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")[: len(bound)]


def counter_bound(reached: Position | None, margin: int) -> str:
    """The bound of a table whose cursor is a number that only grows: so many numbers below the last one.

    Numbers are given when a row is inserted and seen when it is committed. How long ago one was given, nothing tells;
    rows that commit later than `margin` newer ones are found by the fingerprint.
    """
    beginning = BEGINNINGS[Cursor.COUNTER].cursor
    return str(max(int(reached.cursor) - margin, int(beginning))) if reached and reached.cursor else beginning


def start(
    watermark: Watermark | None, server_now: datetime, now: datetime, lag_seconds: int, table: Table
) -> Position | None:
    """Where this pull starts: the watermark, or lower if the branch's clock went back.

    None is the beginning: nothing is landed, or not all of a first load.
    """
    if watermark is None or watermark.loading is not None:
        return None
    if table.cursor_form is not Cursor.CHANGES:
        return _comparable(watermark.position, table.cursor_form)
    cursor = table.column(table.cursor or "")
    if _COUNTER.fullmatch(watermark.position.cursor) or not watermark.position.cursor:
        return None  # the contract had another cursor before
    passed = max(timedelta(0), now - watermark.as_of)
    lowest = _rendered(server_now - passed - timedelta(seconds=lag_seconds), cursor)
    return watermark.position if watermark.position.cursor <= lowest else Position(lowest)


def held_back(reached: Position, bound: str) -> Position:
    """The watermark after landing everything up to `reached`: that, but not beyond the bound.

    It never runs ahead of the data either: where a branch writes nothing, the watermark rests at its last row.
    """
    return reached if below(reached.cursor, bound) else Position(bound)


def below(cursor: str, bound: str) -> bool:
    """Whether one cursor is less than the other: as numbers where both are, else as text."""
    if _COUNTER.fullmatch(cursor) and _COUNTER.fullmatch(bound):
        return int(cursor) < int(bound)
    return cursor < bound


def _comparable(position: Position, form: Cursor) -> Position | None:
    """The position, if it is one of that form of cursor; the beginning when the contract had another cursor before."""
    fits = _COUNTER.fullmatch(position.cursor) if form is Cursor.COUNTER else position.key and not position.cursor
    return position if fits else None


def _rendered(moment: datetime, cursor: Column) -> str:
    text = moment.strftime("%Y-%m-%d %H:%M:%S.%f")
    return text[: 20 + cursor.precision] if cursor.precision else text[:19]
