"""Pulls everything a snapshot has in a range: what no watermark sees is in it, and what is deleted is not.

The range is a branch-local day, or the whole of a table without a business date. It is read in the snapshot of the
pull whose last page is landed already, in keyset pages; the last part says that the range is complete. A range that is
cut is no statement: its rows are rows like any others, and the next pull reads it again from its beginning.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from podemos.branches import chunk as chunks
from podemos.branches import keys, query
from podemos.branches.landing import Part, Range
from podemos.branches.link import Link
from podemos.branches.state import Position
from podemos.branches.store_page import store_page
from podemos.core.store import ObjectStore
from podemos.core.table import Table


def parts(link: Link, table: Table, day: str, last: Part, *, lake: ObjectStore, page_rows: int) -> Iterator[Part]:
    """Lands the range page by page; the parts have still to be committed, each before the next is asked for.

    Args:
        link: a session in the snapshot of `last`.
        table: the contract.
        day: the branch-local day, or `keys.UNDATED`.
        last: the part of this pull that was committed last.
        lake: the lake.
        page_rows: rows per page.

    Raises:
        MySQLdb.Error: the server refused, or the link broke.
        DataFault: a value fits no contract.
    """
    after, number = None, 0
    while True:
        number += 1
        page = chunks.Page(table, last.branch, last.seq)
        sql = query.whole(table, after, page_rows) if day == keys.UNDATED else query.day(table, day, after, page_rows)
        page.extend(link.rows(sql, table))
        at, complete = last.part + number, page.rows < page_rows
        yield replace(
            last,
            part=at,
            final=False,
            start=after,
            reached=page.last,
            chunk=store_page(lake, page, last.day, at) if page.rows else None,
            tail_rows=0,
            since=None,
            fingerprints={},
            range=Range(day, number, complete),
        )
        if complete:
            return
        after = page.last if day == keys.UNDATED else _reached(page)


def _reached(page: chunks.Page) -> Position:
    """Where a page by business date ends."""
    data, table = page.table_data(), page.table
    names = (table.business_date or "", *table.primary_key)
    moment, *key = (str(data[name][-1].as_py()) for name in names)
    return Position(moment, tuple(key))
