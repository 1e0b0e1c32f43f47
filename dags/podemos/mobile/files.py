"""Parquet files of the compacted tables: sorted, under their content's hash, of a size that a query likes."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from podemos.core import manifest
from podemos.core.errors import DataFault
from podemos.core.store import ObjectStore
from podemos.mobile import layout, places
from podemos.mobile.arrivals import put_once
from podemos.mobile.partition import File

_ROW_GROUP = 128 * 1024
_GUESS = 100
"""Bytes of a row in parquet, before anything of it was written."""


def encode(table: pa.Table) -> bytes:
    """A table as parquet; the same rows give the same bytes."""
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd", row_group_size=_ROW_GROUP, store_schema=False)
    return buffer.getvalue()


def write(
    lake: ObjectStore, table: str, part: str, rows: pa.Table, sort: Sequence[str], *, merged: bool
) -> tuple[File, ...]:
    """Writes the rows of a partition as one file, or as several of at most `layout.MOST` bytes.

    Args:
        lake: where.
        table: of the partition.
        part: of the partition.
        rows: its rows, in any order.
        sort: columns that order them.
        merged: see `File`.
    """
    ordered = rows.sort_by([(name, "ascending") for name in sort])
    return tuple(_store(lake, table, part, piece, merged=merged) for piece in _pieces(ordered))


def _pieces(rows: pa.Table) -> Iterator[pa.Table]:
    """The first piece of a big table is written for its size; the others follow it."""
    most = layout.MOST // _GUESS
    if rows.num_rows <= most:
        yield rows
        return
    sample = rows.slice(0, _ROW_GROUP)
    each = max(1, len(encode(sample)) // sample.num_rows)
    step = max(1, layout.MOST // each)
    for at in range(0, rows.num_rows, step):
        yield rows.slice(at, step)


def _store(lake: ObjectStore, table: str, part: str, rows: pa.Table, *, merged: bool) -> File:
    data = encode(rows)
    content = manifest.sha256(data)
    key = places.data(table, part, content)
    put_once(lake, key, data)
    return File(key, content, len(data), rows.num_rows, merged)


def read(lake: ObjectStore, file: File, columns: Sequence[str] | None = None) -> pa.Table:
    """The rows of a file.

    Raises:
        DataFault: its bytes are not those that were written.
    """
    data = lake.get(file.key)
    if len(data) != file.bytes or manifest.sha256(data) != file.sha256:
        raise DataFault(f"{lake.uri(file.key)} was changed; restore it from its version history")
    wanted = list(columns) if columns is not None else None
    return pq.ParquetFile(pa.BufferReader(data)).read(wanted, use_threads=file.rows > _ROW_GROUP)


def read_all(lake: ObjectStore, files: Sequence[File], columns: Sequence[str] | None = None) -> pa.Table:
    """The rows of at least one file."""
    return pa.concat_tables([read(lake, file, columns) for file in files])
