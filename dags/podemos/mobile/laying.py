"""Lays new rows into a partition, beside its files or merged with some of them, as `layout` decides."""

from __future__ import annotations

from datetime import date

import pyarrow as pa

from podemos.core.store import ObjectStore
from podemos.mobile import files, index, places, rows
from podemos.mobile.layout import is_sealed, to_merge
from podemos.mobile.partition import Partition

_GUESS = 60
"""Bytes of a row, before any of the partition was written."""


def lay(lake: ObjectStore, name: str, partition: Partition, new: pa.Table | None, today: date) -> Partition:
    """The partition with the new rows in it.

    Args:
        lake: the lake.
        name: of the partition.
        partition: as it is.
        new: rows in the table's schema; None to merge what is there.
        today: decides whether the partition is sealed.
    """
    table, _, part = name.partition("/")
    count = new.num_rows if new is not None else 0
    sealed = is_sealed(name, today)
    chosen = to_merge(partition, count * _bytes_per_row(partition), sealed=sealed)
    if not count and not chosen:
        return partition
    sort = index.SORT if table == places.INDEX else rows.sort_of(table)
    pieces = [files.read(lake, file) for file in chosen] + ([new] if count else [])
    laid = files.write(lake, table, part, pa.concat_tables(pieces), sort, merged=bool(chosen))
    written = sum(file.bytes for file in laid)
    fresh = written * count // sum(piece.num_rows for piece in pieces)
    return Partition(
        tuple(file for file in partition.files if file not in chosen) + laid,
        partition.fresh + fresh,
        partition.written + written,
    )


def _bytes_per_row(partition: Partition) -> int:
    total = sum(file.bytes for file in partition.files)
    return total // partition.rows if partition.rows else _GUESS
