"""A page of raw values as one parquet file: exact, or refused."""

from __future__ import annotations

import base64
import io
import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from podemos.branches.state import Position
from podemos.core import raw_text
from podemos.core.errors import DataFault
from podemos.core.money import cents_of
from podemos.core.table import Column, Kind, Table

Rows = tuple[tuple[bytes | None, ...], ...]
"""Raw rows as the driver gives them."""
EVIDENCE_ROWS = 20_000
"""Up to so many rows a chunk's manifest carries every key and amount, so that an altered cent can be named."""
_SHORT_TEXT = 32


def arrow_type(column: Column) -> pa.DataType:
    """How a column travels; dates and times as the source's own text."""
    if column.kind is Kind.INTEGER:
        return pa.int64()
    return pa.decimal128(column.precision, column.scale) if column.kind is Kind.DECIMAL else pa.string()


def schema(table: Table) -> pa.Schema:
    """Contract columns in order, then branch and snapshot sequence."""
    own = [pa.field(column.name, arrow_type(column)) for column in table.columns]
    return pa.schema([*own, pa.field("id_sucursal", pa.int64()), pa.field("snapshot_seq", pa.int64())])


@dataclass(slots=True)
class Page:
    """Rows read from a branch, column by column in Arrow, until they become a chunk."""

    table: Table
    branch: str
    seq: int
    batches: list[pa.RecordBatch] = field(default_factory=list)
    rows: int = 0
    last: Position | None = None

    def extend(self, blocks: Iterable[Rows]) -> None:
        """Adds blocks of raw rows.

        Raises:
            DataFault: a value does not fit the contract's type; the message names the column and the row.
        """
        names = [column.name for column in self.table.columns]
        cursor = names.index(self.table.cursor) if self.table.cursor else None
        key = [names.index(name) for name in self.table.primary_key]
        for block in blocks:
            self.batches.append(self._batch(block))
            self.rows += len(block)
            reached = "" if cursor is None else _text(block[-1][cursor])
            self.last = Position(reached, tuple(_text(block[-1][at]) for at in key))

    def table_data(self) -> pa.Table:
        """All rows."""
        return pa.Table.from_batches(self.batches, schema(self.table))

    def rows_from(self, cursor: str) -> int:
        """How many rows have at least this cursor; none where there is no cursor."""
        if self.table.cursor is None:
            return 0
        column = self.table_data()[self.table.cursor]
        least = pa.array([cursor]).cast(column.type)[0]
        return int(pc.sum(pc.greater_equal(column, least)).as_py() or 0)

    def _batch(self, block: Rows) -> pa.RecordBatch:
        arrays = []
        for column, values in zip(self.table.columns, zip(*block, strict=True), strict=True):
            try:
                text = _carried(column, self.table, values)
                if text.null_count and column.name in self.table.primary_key:
                    raise DataFault(
                        f"branch {self.branch}, table {self.table.name}: a row has NULL in its key, "
                        f"{column.at_branch}; without a key it cannot be told from another: give it one and declare "
                        "the column NOT NULL"
                    )
                arrays.append(text if pa.types.is_string(arrow_type(column)) else text.cast(arrow_type(column)))
            except pa.ArrowInvalid as error:
                raise DataFault(
                    f"branch {self.branch}, table {self.table.name}, column {column.name}, rows from key "
                    f"{_key_of(self.table, block[0])}: {error}; correct it at the branch"
                ) from None
        count = len(block)
        arrays.append(pa.repeat(pa.scalar(int(self.branch), pa.int64()), count))
        arrays.append(pa.repeat(pa.scalar(self.seq, pa.int64()), count))
        return pa.RecordBatch.from_arrays(arrays, schema=schema(self.table))


def _carried(column: Column, table: Table, values: tuple[bytes | None, ...]) -> pa.Array:
    """The values as text; bytes that are no text, of a column that may have such, in the form of `raw_text`.

    Raises:
        pa.ArrowInvalid: bytes that are no text in a number, a date, the key or the cursor.
    """
    free = column.kind is Kind.TEXT and column.name not in table.order
    try:
        text = pa.array(values, pa.string())
        if not free or not pc.any(pc.starts_with(text, raw_text.MARK)).as_py():
            return text
    except pa.ArrowInvalid:
        if not free:
            raise
    return pa.array([None if value is None else raw_text.carried(value) for value in values], pa.string())


def encode(page: Page) -> bytes:
    """The chunk's bytes. Keys and times are delta-encoded; only short texts get a dictionary."""
    table = page.table
    sink = io.BytesIO()
    short = [c.name for c in table.columns if c.kind is Kind.TEXT and 0 < c.length <= _SHORT_TEXT]
    pq.write_table(
        page.table_data(), sink, compression="snappy", use_dictionary=[*short, "id_sucursal", "snapshot_seq"]
    )
    return sink.getvalue()


def cents(data: pa.Table, table: Table) -> int:
    """Sum of the amounts in cents; 0 for a table without an amount."""
    if table.amount is None or not data.num_rows:
        return 0
    return cents_of(pc.sum(data[table.amount]).as_py() or Decimal(0))


def amounts(data: pa.Table, table: Table) -> list[tuple[str, int]]:
    """Key and cents of each row, computed by Arrow: exact, and a tenth of the time of Decimal objects."""
    if table.amount is None:
        return []
    keys = [data[name].cast(pa.string()).to_pylist() for name in table.primary_key]
    whole = pc.multiply(data[table.amount], pa.scalar(Decimal(100)))
    values = pc.fill_null(whole.cast(pa.decimal128(38, 0)).cast(pa.int64()), 0).to_pylist()
    return list(zip(map("/".join, zip(*keys, strict=True)), values, strict=True))


def pack(evidence: list[tuple[str, int]]) -> str:
    """Keys and amounts as compact text for the manifest; empty when there are none or too many."""
    if not evidence or len(evidence) > EVIDENCE_ROWS:
        return ""
    return base64.b64encode(zlib.compress(json.dumps(evidence, separators=(",", ":")).encode())).decode()


def unpack(text: str) -> dict[str, int]:
    """The inverse of `pack`."""
    return dict(json.loads(zlib.decompress(base64.b64decode(text)))) if text else {}


def read(data: bytes) -> pa.Table:
    """A chunk's rows.

    Raises:
        pa.ArrowInvalid: not a parquet file.
    """
    return pq.read_table(pa.BufferReader(data))


def _text(value: bytes | None) -> str:
    return "" if value is None else value.decode()


def _key_of(table: Table, row: tuple[Any, ...]) -> str:
    names = [column.name for column in table.columns]
    return "/".join(_text(row[names.index(name)]) for name in table.primary_key)
