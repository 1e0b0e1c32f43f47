"""An order-free proof that two sets of rows are equal, computed alike by MySQL, Spark, Redshift, DuckDB and Python.

`count`, the sum of the amount in integer cents, and the sum of the first 15 hex digits of MD5(row text) as an exact
integer. Row text is each column as ``<octet length>:<bytes>`` in contract order, NULL as ``-1:``.

The casts matter: in MySQL ``SUM(CONV())`` is a DOUBLE, in Spark a BIGINT sum wraps silently.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from podemos.core import raw_text, source_text
from podemos.core.table import Column, Kind, Table, branch_identifier, identifier


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Control totals of a set of rows. They add up: disjoint sets give the sum of their fingerprints."""

    count: int = 0
    cents: int = 0
    digest: int = 0

    def __add__(self, other: Fingerprint) -> Fingerprint:
        return Fingerprint(self.count + other.count, self.cents + other.cents, self.digest + other.digest)

    def __sub__(self, other: Fingerprint) -> Fingerprint:
        return Fingerprint(self.count - other.count, self.cents - other.cents, self.digest - other.digest)

    def to_dict(self) -> dict[str, Any]:
        """JSON form; the digest is text, since it exceeds what other JSON readers hold exactly."""
        return {"count": self.count, "cents": self.cents, "digest": str(self.digest)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Fingerprint:
        """The inverse of `to_dict`."""
        return cls(int(data["count"]), int(data["cents"]), int(data["digest"]))


def row_text(values: Iterable[bytes | str | None]) -> bytes:
    """The text of one row: ``<octet length>:<bytes>`` per value, ``-1:`` for NULL."""
    parts = []
    for value in values:
        data = value.encode() if isinstance(value, str) else value
        parts.append(b"-1:" if data is None else b"%d:%b" % (len(data), data))
    return b"".join(parts)


def row_digest(text: bytes) -> int:
    """The first 15 hex digits of the MD5 as an integer below 2^60."""
    return int(hashlib.md5(text, usedforsecurity=False).hexdigest()[:15], 16)


def of_rows(rows: Iterable[Sequence[bytes | str | None]], cents: Iterable[int]) -> Fingerprint:
    """Fingerprint of rows given as source text, with the amount of each in cents."""
    total = Fingerprint()
    for row, amount in zip(rows, cents, strict=True):
        total += Fingerprint(1, amount, row_digest(row_text(row)))
    return total


@dataclass(frozen=True, slots=True)
class Select:
    """The select list of a fingerprint in one engine: three expressions for `count`, `cents` and `digest`."""

    count: str
    cents: str
    digest: str

    def __str__(self) -> str:
        return f"{self.count} AS n, {self.cents} AS cents, {self.digest} AS digest"


def mysql(table: Table) -> Select:
    """For the branch's own server, over the source columns."""
    row = ", ".join(
        f"IFNULL(CONCAT(LENGTH({t}), ':', {t}), '-1:')" for t in (source_text.text(c) for c in _covered(table))
    )
    amount = branch_identifier(table.column(table.amount).at_branch) if table.amount else ""
    cents = f"CAST(COALESCE(SUM({amount}), 0) * 100 AS SIGNED)" if amount else "0"
    return Select("COUNT(*)", cents, f"COALESCE(SUM(CAST(CONV(LEFT(MD5(CONCAT({row})), 15), 16, 10) AS UNSIGNED)), 0)")


def spark(table: Table, *, curated: bool) -> Select:
    """For Spark, over raw chunks (`curated=False`) or curated rows."""
    row = _spark_row(_covered(table), curated=curated)
    cents = f"coalesce(cast(sum(`{table.amount}`) * 100 as bigint), 0)" if table.amount else "0"
    return Select(
        "count(*)",
        cents,
        f"coalesce(sum(cast(conv(substr(md5({row}), 1, 15), 16, 10) as decimal(38,0))), 0)",
    )


def spark_row(table: Table) -> str:
    """The text of a raw row over every column of the contract, as `row_text` gives it of the carried texts."""
    return _spark_row(table.columns, curated=False, carried=True)


def _spark_row(columns: Iterable[Column], *, curated: bool, carried: bool = False) -> str:
    """In a raw text column, bytes that are no text count as the source has them, unless `carried`."""
    parts = []
    for column in columns:
        text = f"cast(`{_stored(column, curated=curated)}` as string)"
        if column.kind is Kind.TEXT and not curated and not carried:
            text = raw_text.spark(text)
        parts.append(f"coalesce(concat(octet_length({text}), ':', {text}), '-1:')")
    return f"concat({', '.join(parts)})"


def redshift(table: Table) -> Select:
    """For the warehouse, over its columns (`<c>_origen` carries the source text)."""
    row = " || ".join(
        f"COALESCE(OCTET_LENGTH({t})::VARCHAR || ':' || {t}, '-1:')"
        for t in (_redshift_text(c) for c in _covered(table))
    )
    cents = f'COALESCE(SUM("{table.amount}") * 100, 0)::BIGINT' if table.amount else "0"
    return Select("COUNT(*)", cents, f"COALESCE(SUM(STRTOL(LEFT(MD5({row}), 15), 16)::DECIMAL(38, 0)), 0)")


def duckdb(table: Table, *, curated: bool) -> Select:
    """For DuckDB, over raw chunks (`curated=False`) or curated rows."""
    row = " || ".join(
        f"COALESCE(strlen({t}) || ':' || {t}, '-1:')"
        for t in (f'CAST("{_stored(c, curated=curated)}" AS VARCHAR)' for c in _covered(table))
    )
    cents = f'COALESCE(CAST(SUM("{table.amount}") * 100 AS BIGINT), 0)' if table.amount else "0"
    return Select("COUNT(*)", cents, f"COALESCE(SUM(CAST('0x' || LEFT(md5({row}), 15) AS BIGINT)), 0)")


def _redshift_text(column: Column) -> str:
    """Texts as they are: a cast to VARCHAR without a length would cut them at 256 bytes."""
    name = f'"{_stored(column, curated=True)}"'
    return name if column.kind is Kind.TEXT or column.kind.temporal else f"{name}::VARCHAR"


def _covered(table: Table) -> list[Column]:
    return [column for column in table.columns if column.fingerprint]


def _stored(column: Column, *, curated: bool) -> str:
    """The column that holds the source text."""
    return f"{identifier(column.name)}_origen" if curated and column.kind.temporal else identifier(column.name)
