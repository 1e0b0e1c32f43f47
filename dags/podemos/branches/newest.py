"""A branch that was away for long: its newest business days are landed before the gap is.

The watermark moves in the order of the cursor, so a catch-up that takes more than one run would bring yesterday last,
and the report needs it first. When the first page by the watermark is full and ends long ago, the newest branch-local
days are therefore read in the same snapshot, before the next page. They move no watermark: the gap's pages bring the
same rows again, and the same snapshot sequence says that they are the same. Whatever cuts it, nothing is lost.

The days' control totals, by the same snapshot, travel on the last part: the certification proves these days while the
gap is still open. Parents are pulled before their children, so what the days refer to is landed by then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

from podemos.branches import query, sweep
from podemos.branches.horizon import Horizon
from podemos.branches.landing import Part, Range
from podemos.branches.link import Link
from podemos.branches.prints import fingerprints
from podemos.branches.state import Position
from podemos.core.store import ObjectStore
from podemos.core.table import Cursor, Table

DAYS = 3
"""Branch-local days that the report of yesterday can touch, whatever the branch's zone; see `movements.local_days`."""


def behind(table: Table, reached: Position | None, server: Horizon, hours: int) -> bool:
    """Whether a page that is not the last one ends so long ago that the newest days have to go first."""
    if not table.partitioned or reached is None or table.cursor_form is not Cursor.CHANGES:
        return False
    try:
        moment = datetime.fromisoformat(reached.cursor)
    except ValueError:  # a zero date: older than everything
        return True
    return server.now - moment > timedelta(hours=hours)


def parts(link: Link, table: Table, today: date, last: Part, *, lake: ObjectStore, page_rows: int) -> Iterator[Part]:
    """Lands the newest branch-local days, the newest first; to be committed by the caller, each before the next.

    They are marked as incomplete ranges: what is missing from them is not thereby deleted.

    Args:
        link: a session in the snapshot of `last`.
        table: the contract; it has a business date.
        today: the branch server's day.
        last: the part of this pull that was committed last.
        lake: the lake.
        page_rows: rows per page at most.

    Raises:
        MySQLdb.Error: the link broke.
        DataFault: a value fits no contract.
    """
    days = [today - timedelta(days=back) for back in range(DAYS)]
    for day in days:
        limit = link.pace.page_rows(table, page_rows)
        for found in sweep.parts(link, table, day.isoformat(), last, lake=lake, page_rows=limit):
            place = found.range or Range(day.isoformat(), 1, True)
            if place.complete and day == days[-1]:
                said = fingerprints(link, query.fingerprints(table, day))
                found = replace(found, since=day, fingerprints=said)
            last = found
            yield replace(found, range=replace(place, complete=False, owed=False))
