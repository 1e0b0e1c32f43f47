"""Pulls what a snapshot has in a range: what no watermark sees is in it, and what is deleted is not.

The range is a branch-local day, or the whole of a table without a business date; or of either only the key ranges in
which branch and lake differ (`narrowed`). It is read in the snapshot of the pull whose last page is landed already, in
keyset pages.

A key that the lake has in a day and the range does not show is either gone, or its row was moved to another day, which
nobody reads tonight. The branch is asked for these keys, in the same snapshot: rows that are still there are landed
where they are now, and only the others are gone.

What is gone is stated in one of two ways. Of a day that was read whole, the last part says that the range is complete:
what a snapshot before has seen in it is gone. Of a narrowed one, each part names the keys that were asked for and are
not there. A range that is cut is no statement: its rows are rows like any others, and the next pull reads it again from
its beginning.
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
from podemos.branches.look_back import Span
from podemos.branches.narrowed import Narrowed
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
    only: Narrowed | None = None,
) -> Iterator[Part]:
    """Lands the range page by page; the parts have still to be committed, each before the next is asked for.

    Args:
        link: a session in the snapshot of `last`.
        table: the contract.
        day: the branch-local day, or `keys.UNDATED`.
        last: the part of this pull that was committed last.
        lake: the lake.
        page_rows: rows per page.
        expected: the keys that the lake has in the range; None does not look for rows that moved.
        only: the key ranges to read; None reads all of the day.

    Raises:
        MySQLdb.Error: the server refused, or the link broke.
        DataFault: a value fits no contract.
    """
    after, number, missing = None, 0, []
    shown: list[pa.Table] = []
    place = Range(day, 0, False) if only is None else Range(day, 0, False, (), len(only.cut), len(only.numbers))
    within = "" if only is None else only.within(table)
    while True:
        number += 1
        page = chunks.Page(table, last.branch, last.seq)
        if day == keys.UNDATED:
            sql = query.whole(table, after, page_rows, within)
        else:
            sql = query.day(table, day, after, page_rows, within)
        page.extend(link.columns(sql, table))
        at_end = page.rows < page_rows
        if expected is not None:
            shown.append(keys_of(page.table_data(), table))
            missing = absent(expected, shown, table) if at_end else []
        complete = at_end and not missing and only is None
        yield _part(page, last, replace(place, page=number, complete=complete), lake, after)
        if at_end:
            break
        after = page.last if day == keys.UNDATED else _reached(page)
    for first in range(0, len(missing), _KEYS):
        number += 1
        asked = missing[first : first + _KEYS]
        page = chunks.Page(table, last.branch, last.seq)
        page.extend(link.columns(query.keyed(table, asked), table))
        if only is None:
            said = replace(place, page=number, complete=first + _KEYS >= len(missing))
        else:
            there = set(_texts(keys_of(page.table_data(), table), table))
            said = replace(place, page=number, gone=tuple(key for key in asked if key not in there))
        yield _part(page, last, said, lake)


def back(link: Link, table: Table, span: Span, last: Part, *, lake: ObjectStore, page_rows: int) -> Iterator[Part]:
    """Lands the rows below the pull's start whose cursor is no older than rows came late; see `look_back`.

    They say nothing of what is not there, and move no watermark.

    Raises:
        MySQLdb.Error: the server refused, or the link broke.
        DataFault: a value fits no contract.
    """
    after, number = Position(span.first), 0
    within = query.below(table, span.end)
    while True:
        number += 1
        page = chunks.Page(table, last.branch, last.seq)
        page.extend(link.columns(query.page(table, after, page_rows, within), table))
        yield replace(_part(page, last, Range("", number, False), lake, after), look_back=span.seconds)
        if page.rows < page_rows or page.last is None:
            break
        after = page.last


def _part(page: chunks.Page, last: Part, place: Range, lake: ObjectStore, start: Position | None = None) -> Part:
    at = last.part + place.page
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


def _texts(found: pa.Table, table: Table) -> list[tuple[str, ...]]:
    return list(zip(*(found[name].to_pylist() for name in table.primary_key), strict=True))


def _reached(page: chunks.Page) -> Position:
    """Where a page by business date ends."""
    data, table = page.table_data(), page.table
    names = (table.business_date or "", *table.primary_key)
    moment, *key = (str(data[name][-1].as_py()) for name in names)
    return Position(moment, tuple(key))
