"""The control totals of a window, asked for in pieces: the branch's server computes some while a page is stored.

Page and totals are of one snapshot, so it does not matter when in it a day is asked about: the pieces together say what
one statement would have said. They cost a branch nothing more, but time in which it had nothing to do: it computes on
its own processor what would otherwise be waited for at the end. What pages were too few for is asked for at the end,
with the days that are not in the window.

A pull within a bandwidth budget asks for everything at the end: its link is what it waits for.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

import MySQLdb

from podemos.branches import query
from podemos.branches.link import Link
from podemos.branches.prints import TOO_LONG, fingerprints, fingerprints_beside
from podemos.branches.rotation import Older
from podemos.core.fingerprint import Fingerprint
from podemos.core.table import Table

_SOON = 0.002
"""Seconds: who waits less for a piece could have asked for more."""


@dataclass(slots=True)
class Proof:
    """What a snapshot's server says of a table, as far as it was asked.

    Args:
        link: a session in the snapshot.
        table: the contract.
        since: the first day of the window.
        today: the server's day: it and what is dated later are asked for at the end.
        older: days before the window.
    """

    link: Link
    table: Table
    since: date
    today: date
    older: Older | None
    clock: Callable[[], float] = time.monotonic
    _said: dict[str, Fingerprint] = field(default_factory=dict)
    _next: date = date.min
    _days: int = 1
    _piece: tuple[str, date] | None = None

    def __post_init__(self) -> None:
        self._next = self.since

    def ahead(self) -> bool:
        """Sends for some days, while a page that is not the last one is stored; whether there were any.

        Raises:
            MySQLdb.Error: the link broke.
        """
        until = min(self._next + timedelta(days=self._days), self.today)
        if not self.table.partitioned or self.link.pace.kbps is not None or self._next >= until:
            return False
        self._piece = (query.fingerprints(self.table, self._next, until=until), until)
        self.link.ahead(self._piece[0])
        return True

    def take(self) -> None:
        """Reads what was sent for; the days of a piece that takes the server too long wait for the end.

        Raises:
            MySQLdb.Error: the server refused, or the link broke.
        """
        if self._piece is None:
            return
        (sql, until), self._piece = self._piece, None
        asked = self.clock()
        try:
            self._said |= fingerprints(self.link, sql)
        except MySQLdb.Error as error:
            if error.args[0] not in TOO_LONG:
                raise
            self._days = 0
            return
        self._next = until
        self._days = 2 * self._days if self.clock() - asked < _SOON else max(1, self._days // 2)

    def statement(self) -> str:
        """The one that asks for what is left."""
        return query.fingerprints(self.table, self._next, self.older.spans(self.since) if self.older else ())

    def whole(self) -> tuple[dict[str, Fingerprint], Older | None]:
        """By day; and which older days are among them.

        Raises:
            MySQLdb.Error: the server refused, or the link broke.
        """
        said, asked = fingerprints_beside(
            self.link, self.statement(), query.fingerprints(self.table, self._next), self.older
        )
        return self._said | said, asked
