"""Pulls everything a snapshot has in a range: what no watermark sees is in it, and what is deleted is not.

The range is a branch-local day, or the whole of a table without a business date. It is read in the snapshot of the
pull whose last page is landed already, in keyset pages; the last part says that the range is complete. A range that is
cut is no statement: its rows are rows like any others, and the next pull reads it again from its beginning.

A key that the lake has in a day and the range does not show is either gone, or its row was moved to another day, which
nobody reads tonight. Before the range is declared complete the branch is asked for these keys, in the same snapshot:
rows that are still there are landed where they are now, and only the others are gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa

from podemos.branches import chunk as chunks
from podemos.branches import keys, query
from podemos.branches.expected import absent, keys_of
from podemos.branches.landing import Part, Range
from podemos.branches.link import Link
from podemos.branches.state import Position
from podemos.branches.store_page import store_page
from podemos.core.store import ObjectStore
from podemos.core.table import Table

_KEYS = 250
"""Keys asked for in one statement."""


def parts(
    link: Link,
    table: Table,
    day: str,
    last: Part,
    *,
    lake: ObjectStore,
    page_rows: int,
    expected: pa.Table | None = None,
) -> Iterator[Part]:
    """Lands the range page by page; the parts have still to be committed, each before the next is asked for.

    Args:
        link: a session in the snapshot of `last`.
        table: the contract.
        day: the branch-local day, or `keys.UNDATED`.
        last: the part of this pull that was committed last.
        lake: the lake.
        page_rows: rows per page.
        expected: the keys that the lake has in the day; None does not look for rows that moved.

    Raises:
        MySQLdb.Error: the server refused, or the link broke.
        DataFault: a value fits no contract.
    """
    after, number, missing = None, 0, []
    shown: list[pa.Table] = []
    while True:
        number += 1
        page = chunks.Page(table, last.branch, last.seq)
        sql = query.whole(table, after, page_rows) if day == keys.UNDATED else query.day(table, day, after, page_rows)
        page.extend(link.columns(sql, table))
        complete = page.rows < page_rows
        if expected is not None:
            shown.append(keys_of(page.table_data(), table))
            missing = absent(expected, shown, table) if complete else []
        yield _part(page, last, Range(day, number, complete and not missing), number, lake, after)
        if complete:
            break
        after = page.last if day == keys.UNDATED else _reached(page)
    for first in range(0, len(missing), _KEYS):
        number += 1
        page = chunks.Page(table, last.branch, last.seq)
        page.extend(link.columns(query.keyed(table, missing[first : first + _KEYS]), table))
        yield _part(page, last, Range(day, number, first + _KEYS >= len(missing)), number, lake)


def _part(
    page: chunks.Page, last: Part, place: Range, number: int, lake: ObjectStore, start: Position | None = None
) -> Part:
    at = last.part + number
    return replace(
        last,
        part=at,
        final=False,
        start=start,
        reached=page.last,
        chunk=store_page(lake, page, last.day, at) if page.rows else None,
        tail_rows=0,
        since=None,
        older=None,
        fingerprints={},
        range=place,
    )


def _reached(page: chunks.Page) -> Position:
    """Where a page by business date ends."""
    data, table = page.table_data(), page.table
    names = (table.business_date or "", *table.primary_key)
    moment, *key = (str(data[name][-1].as_py()) for name in names)
    return Position(moment, tuple(key))
