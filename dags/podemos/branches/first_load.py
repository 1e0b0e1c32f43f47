"""A table's first load goes in order of its primary key, from one snapshot to the next, and loses nothing meanwhile.

That order is a scan of the clustered index; the order of (cursor, key) costs the branch one lookup per row. A load of a
large table takes many pages, snapshots and runs, and the table is written to meanwhile. Let B be the safe bound before
the load's *first* snapshot. A row that is committed after that snapshot has a cursor of at least B (see `bound`),
whenever its page was or will be read. So when the load is whole, everything below B is landed, B is the watermark, and
the pull that follows in the same snapshot reads the rest by the cursor: what was edited behind the load, or inserted
there, is among it. A later bound would leave out what changed behind the load before it. What no watermark sees, the
fingerprint finds, as ever.

The watermark does not go beyond the last row either: what is restored into an empty or resting table with its own old
cursors is then seen by the next pull, as it is without a load. So the greatest (cursor, key) is carried along; in pages
of the key's order it is the last row that has the greatest cursor.

Where the load began in the snapshot that also ends it, nothing has to follow: it was one consistent snapshot.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pyarrow.compute as pc

from podemos.branches import bound as bounds
from podemos.branches import chunk as chunks
from podemos.branches.state import Loading, Position, Watermark
from podemos.core.table import Cursor, Table


def begun(bound: str, as_of: datetime) -> Watermark:
    """The load before its first page.

    Args:
        bound: the safe bound, read before the snapshot.
        as_of: an instant before both.
    """
    return Watermark(bounds.BEGINNING, as_of, Loading((), bound))


def under_way(watermark: Watermark | None, table: Table) -> Watermark | None:
    """The load that the state says is under way; None where there is none, or the contract had another key before."""
    if watermark is None or watermark.loading is None or table.cursor_form is not Cursor.CHANGES:
        return None
    return watermark if len(watermark.loading.key) == len(table.primary_key) else None


def place(load: Watermark) -> Position | None:
    """Where its next page begins, in order of the key; None is the beginning."""
    return Position("", load.loading.key) if load.loading and load.loading.key else None


def step(load: Watermark, page: chunks.Page, *, whole: bool) -> Watermark:
    """The load after a page; when it is whole with it, the watermark."""
    reached, loading = load.position, load.loading
    if loading is None:
        raise ValueError("the load is whole")
    if (highest := _highest(page)) and not bounds.below(highest.cursor, reached.cursor):
        reached = bounds.held_back(highest, loading.bound)
    key = page.last.key if page.last else loading.key
    return replace(load, position=reached, loading=None if whole else replace(loading, key=key))


def _highest(page: chunks.Page) -> Position | None:
    """The greatest (cursor, key) of a page in order of the key; None when no row has a cursor."""
    table, data = page.table, page.table_data()
    column = data[table.cursor or ""]
    greatest = pc.max(column)
    if not greatest.is_valid:
        return None
    at = pc.indices_nonzero(pc.equal(column, greatest))[-1].as_py()
    return Position(greatest.as_py(), tuple(str(data[name][at].as_py()) for name in table.primary_key))
