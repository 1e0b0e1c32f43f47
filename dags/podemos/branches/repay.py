"""Reads what a branch owes: the ranges that the last certification found different, in the snapshot of the pull.

A large range is narrowed first: only the keys among which branch and lake differ are read.
All tables have landed their pages by then: trouble here costs nothing but the ranges.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from podemos.branches import narrowed, sweep
from podemos.branches.landing import Part
from podemos.branches.link import Link
from podemos.branches.look_back import Span
from podemos.branches.ports import Ports
from podemos.branches.state import Lease
from podemos.core.table import Table


@dataclass(frozen=True, slots=True)
class Owed:
    """Ranges to be read in the snapshot, under the lease of the table; then what lies `back`.

    Attributes:
        last: the part that was committed last: the final one, as long as days are owed.
    """

    table: Table
    lease: Lease
    last: Part
    days: tuple[str, ...]
    back: Span | None = None


def repay(
    owed: Owed, link: Link, ports: Ports, *, until: datetime, seconds: int, commit: Callable[[Part], None]
) -> Owed | None:
    """Reads the ranges, the newest first, as far as the snapshot's time allows, and gives the lease back.

    What lies back waits until all tables have read what they owe: it is returned, and the lease is kept for it.

    Args:
        owed: which.
        link: the session, in the snapshot.
        ports: lake, state, clock.
        until: no range is begun after it, and no further page of what lies back.
        seconds: how long the lease is renewed for.
        commit: commits a part.

    Raises:
        MySQLdb.Error: the link broke.
        LeaseLost: another worker has taken over.
        DataFault: a value fits no contract.
    """
    table, lease, last, least = owed.table, owed.lease, owed.last, ports.extraction.narrow_rows
    pages = link.pace.page_rows(table, ports.extraction.rows_of(table))

    def landed(found: Iterator[Part]) -> None:
        nonlocal last, lease
        for part in found:
            commit(part)
            last = part
            lease = ports.state.advance(lease, None, now=ports.clock(), seconds=seconds)
            if not owed.days and ports.clock() >= until:
                break

    for day in owed.days:
        if ports.clock() >= until:
            break
        worth = narrowed.worthwhile(table, day, owed.last, least)
        known = ports.expected(table, last.branch, day) if worth or table.partitioned else None
        only = narrowed.narrowed(link, table, day, owed.last, known) if worth and known is not None else None
        if only is not None and not only.numbers:
            continue
        expected = only.known if only else known if table.partitioned else None
        landed(sweep.parts(link, table, day, last, lake=ports.lake, page_rows=pages, expected=expected, only=only))
    if owed.days and owed.back is not None:
        return replace(owed, lease=lease, last=last, days=())
    if owed.back is not None and ports.clock() < until:
        landed(sweep.back(link, table, owed.back, last, lake=ports.lake, page_rows=pages))
    ports.state.advance(lease, None, now=ports.clock(), seconds=0)
    return None
