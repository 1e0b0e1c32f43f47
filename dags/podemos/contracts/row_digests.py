"""The fingerprint's terms of each row, computed by Arrow over source text: what `core.fingerprint` sums."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from podemos.core.table import Table


def row_digests(rows: pa.Table, table: Table) -> pa.Array:
    """A number below 2^60 per row, as `fingerprint.row_digest` of its `row_text`.

    Args:
        rows: the contract's columns under their names, dates and times as the source's text.
        table: the contract.
    """
    return digests(rows[column.name] for column in table.columns if column.fingerprint)


def digests(columns: Iterable[pa.Array | pa.ChunkedArray]) -> pa.Array:
    """The same of columns in the order of the row text; numbers, decimals and dates as Arrow writes them."""
    texts = pc.binary_join_element_wise(*map(_piece, columns), "").cast(pa.binary())
    return pa.array([_head(text) for text in texts.to_pylist()], pa.int64())


def row_cents(rows: pa.Table, table: Table) -> pa.Array:
    """The amount of each row in cents; 0 where there is none."""
    if table.amount is None:
        return pa.repeat(pa.scalar(0, pa.int64()), rows.num_rows)
    whole = pc.multiply(rows[table.amount], pa.scalar(Decimal(100)))
    return pc.fill_null(whole.cast(pa.decimal128(38, 0)).cast(pa.int64()), 0)


def _piece(values: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """``<octet length>:<text>``, NULL as ``-1:``."""
    text = values.cast(pa.string())
    return pc.fill_null(pc.binary_join_element_wise(pc.binary_length(text).cast(pa.string()), text, ":"), "-1:")


def _head(text: bytes) -> int:
    """15 hex digits are 60 bits."""
    return int.from_bytes(hashlib.md5(text, usedforsecurity=False).digest()[:8], "big") >> 4
