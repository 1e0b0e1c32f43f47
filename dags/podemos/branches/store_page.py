"""Writes a page of rows into the lake as an immutable chunk."""

from __future__ import annotations

from datetime import date

from podemos.branches import chunk as chunks
from podemos.branches import keys
from podemos.branches.landing import Chunk
from podemos.core import manifest
from podemos.core.errors import AlreadyExists, DataFault
from podemos.core.store import ObjectStore


def store_page(lake: ObjectStore, page: chunks.Page, day: date, number: int) -> Chunk:
    """The page's chunk; it exists for nobody until a manifest names it.

    Args:
        lake: the lake.
        page: rows of one snapshot.
        day: the day of the extraction.
        number: the part of the pull.

    Raises:
        DataFault: something else has the key.
    """
    table, data = page.table, page.table_data()
    content = chunks.encode(page)
    key = keys.chunk(table.name, page.branch, day, page.seq, number)
    try:
        lake.put_new(key, content)
    except AlreadyExists:
        if lake.get(key) != content:  # the same bytes are our own write, sent twice by the SDK
            raise DataFault(f"{lake.uri(key)} exists with other content; pull the branch again") from None
    evidence = chunks.pack(chunks.amounts(data, table))
    return Chunk(key, manifest.sha256(content), page.rows, chunks.cents(data, table), len(content), evidence)
