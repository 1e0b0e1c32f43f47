"""What a branch's server says right before a snapshot is opened: its clock, and how far the watermark must stay behind.

A row's cursor is the time its statement began; its transaction may commit after the snapshot. `lag` assumes that no
transaction lives longer than a stated time. `transactions` looks. Let T be a transaction that wrote a row before the
snapshot S and commits after it. Four readings come in this order: the clock N (`NOW()`, taken when the look begins),
the running statements P, InnoDB's transactions X, and, as the next statement, the snapshot S. The row's statement

* began after N: its cursor is above the bound;
* ran at P: it is in PROCESSLIST, with its age, whether or not InnoDB knew T by then;
* ended before P: T has modified rows and is open at X, since it commits after S: it is in INNODB_TRX.

X is a copy that the server renews only when nobody has read it for 100 ms: somebody who looks ten times a second keeps
it old. So a transaction of our own is begun first. A copy that shows it is no older than it, and the bound lies below
its beginning too: whatever began after the copy was made is above the bound. A copy that lacks it is read again.

Any other order loses rows. Transactions before statements: a statement that ends between the two readings is in
neither. The look inside the snapshot: T commits between S and X, so it is neither visible in the one nor open in the
other. That ages are whole seconds, and that a statement begins before its transaction, is covered by the margin of two
seconds or more.

What stays unseen, and is left to the fingerprint pass: a statement that waited long for a metadata lock before its
transaction began, rows written by a function that a SELECT calls, and transactions over `max_open_trx_seconds`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import MySQLdb

from podemos.branches import drift, query
from podemos.branches.bound import HoldBack
from podemos.branches.drift import Shapes
from podemos.branches.link import Link
from podemos.contracts.branches import Extraction
from podemos.core.table import Table

_NO_PROCESS = 1227
_NOT_SEEN = "no PROCESS privilege: transactions are not seen; grant it or set lag"
_REPLICA = "a read-only server, a replica: it shows no transaction of its primary"
_OLD = "INNODB_TRX stays old: somebody reads it ten times a second; find out who"
_OWN = "own"
_PAUSES = (0.0, 0.15, 0.3, 0.6, 1.2)
"""Seconds before each look; longer ones also let others' pauses fall apart."""
_HOUR = 3600.0
_BEFORE_ITS_TIME = -60.0
"""Younger than this is no rounding: the server's zone has just set its clock back."""


@dataclass(frozen=True, slots=True)
class Horizon:
    """The server's wall clock in the session's zone, and what the hold-back follows from.

    Attributes:
        slack_seconds: what a pull reaches back below *clock now - time since the last snapshot*; see `bound.start`.
        shapes: the columns that the branch's tables have.
    """

    now: datetime
    today: date
    hold_back: HoldBack
    slack_seconds: int
    shapes: Shapes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Writer:
    """A connection that writes: a running statement or an open transaction, and its age in seconds."""

    connection: str
    what: str
    age: float


def read(link: Link, extraction: Extraction, tables: Sequence[Table] = ()) -> Horizon:
    """One round trip by lag; by transactions one more, or a few while the server's copy of them is old.

    The tables' columns are told on the same trip.

    Raises:
        MySQLdb.Error: the link is broken.
    """
    if extraction.hold_back == "lag":
        return _by_lag(link, extraction, (), tables)
    limit = extraction.max_open_trx_seconds
    look = query.writers(limit, _shapes_of(tables))
    for pause in _PAUSES:
        time.sleep(pause)
        link.open_snapshot(look)
        try:
            first, *others = _all(link, look)
        except MySQLdb.Error as error:
            if error.args[0] != _NO_PROCESS:
                raise
            return _by_lag(link, extraction, (_NOT_SEEN,), tables)
        _, now, today, past, replica, columns = first
        if replica not in ("0", "OFF"):
            return _by_lag(link, extraction, (_REPLICA,), tables)
        writers = [_writer(row) for row in others]
        if own := [math.ceil(writer.age) for writer in writers if writer.what == _OWN]:
            break
    else:
        return _by_lag(link, extraction, (_OLD,), tables)
    oldest, alerts = held((writer for writer in writers if writer.what != _OWN), limit)
    back = max(oldest, *own) + extraction.margin_seconds + _skipped(now, past, limit)
    hold_back = HoldBack("transactions", back, alerts)
    shapes = drift.told(columns, tables)
    return Horizon(datetime.fromisoformat(now), date.fromisoformat(today), hold_back, extraction.margin_seconds, shapes)


def held(writers: Iterable[Writer], limit: int) -> tuple[int, tuple[str, ...]]:
    """Age in whole seconds, rounded up, of the oldest writer within the limit; and an alert for each beyond it."""
    oldest, alerts = 0.0, []
    for writer in writers:
        if writer.age <= limit:
            oldest = max(oldest, writer.age)
        else:
            alerts.append(
                f"{writer.what} of connection {writer.connection} is open for {writer.age / 60:.0f} min and no longer "
                "holds the watermark back: rows it commits are found by the fingerprint; end it at the branch"
            )
    return math.ceil(oldest), tuple(alerts)


def age_of(by_wall_clock: float, by_utc: float) -> float:
    """A transaction's age from two differences, each wrong by an hour on one side of a change of the server's zone.

    `trx_started` is text in the server's OS zone. Where the clock has skipped an hour since, its wall difference is an
    hour too long; where an hour was repeated, that is an hour too short, or the conversion to UTC chose the other pass.
    """
    possible = [max(age, 0.0) for age in (by_wall_clock, by_utc) if age > _BEFORE_ITS_TIME]
    return min(possible) if possible else max(by_wall_clock, by_utc) + _HOUR


def _by_lag(link: Link, extraction: Extraction, alerts: tuple[str, ...], tables: Sequence[Table]) -> Horizon:
    lag = extraction.lag_seconds
    ((now, today, past, columns),) = _all(link, query.clock(lag, _shapes_of(tables)))
    hold_back = HoldBack("lag", lag + _skipped(now, past, lag), alerts)
    shapes = drift.told(columns, tables)
    return Horizon(datetime.fromisoformat(now), date.fromisoformat(today), hold_back, lag, shapes)


def _shapes_of(tables: Sequence[Table]) -> str:
    return drift.asked(tables) if tables else "''"


def _skipped(now: str, past: str, seconds: int) -> int:
    """Seconds that the session's zone has skipped within the last `seconds`: rows from before lie so much lower."""
    passed = (datetime.fromisoformat(now) - datetime.fromisoformat(past)).total_seconds()
    return max(0, math.floor(passed) - seconds)


def _writer(row: list[str]) -> Writer:
    what, connection, by_wall_clock, by_utc, *_ = row
    return Writer(connection, what, age_of(float(by_wall_clock), float(by_utc)))


def _all(link: Link, sql: str) -> list[list[str]]:
    return [["0" if value is None else value.decode() for value in row] for block in link.rows(sql) for row in block]
