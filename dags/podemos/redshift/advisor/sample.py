"""A sample of a table's rows: at most one in a hundred, drawn evenly, beside the number of all its rows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from podemos.redshift.advisor.values import NULL, Integers, Kind, bounds, integers, kind
from podemos.redshift.advisor.workload import All, Any, Condition, Guess, Range, Use
from podemos.redshift.facts import Table

ASKED_SHARE = 0.1
"""What a range that is known only at run time is taken to ask for: the newest tenth."""
OPAQUE_SHARE = 1 / 3
"""What a condition keeps that no statistics can tell."""
POINT_SHARE, RANGE_SHARE = 0.01, 0.1
"""The same for restrictions of a column of which there are no values."""


@dataclass(frozen=True)
class Sample:
    """Rows of a table, by column.

    Attributes:
        rows: of the whole table.
        texts: text columns as they are; what an encoding makes of them depends on their words.
    """

    table: Table
    rows: int
    columns: Mapping[str, Integers]
    kinds: Mapping[str, Kind]
    texts: Mapping[str, pa.Array] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Rows in the sample."""
        return len(next(iter(self.columns.values()))) if self.columns else 0

    @property
    def fraction(self) -> float:
        """Of all rows; at most 1."""
        return min(1.0, self.size / self.rows) if self.rows else 1.0

    def bounds(self, wanted: Range | Guess) -> tuple[int, int] | None:
        """What a restriction allows, as integers; a value known only at run time is taken from the sample."""
        if wanted.column not in self.columns:
            return None
        if isinstance(wanted, Range):
            return bounds(wanted, self.kinds[wanted.column])
        values = np.sort(self.columns[wanted.column])
        values = values[values != NULL]
        if not len(values):
            return None
        if wanted.point:
            middle = int(values[len(values) // 2])
            return middle, middle
        return int(values[int(len(values) * (1 - ASKED_SHARE))]), int(values[-1])

    def share(self, use: Use) -> float:
        """Share of the rows that a query keeps."""
        seen: set[str] = set()
        share = 1.0
        if self.size:
            kept = self._kept(use.condition, seen)
            share = max(float(np.count_nonzero(kept)), 0.5) / self.size
        unknown: int = min(2, len(use.filtered - seen))
        return float(share * OPAQUE_SHARE**unknown)

    def distinct(self, columns: frozenset[str]) -> float:
        """Distinct combinations in the whole table, estimated (GEE: those seen once stand for more)."""
        known = [self.columns[c] for c in sorted(columns) if c in self.columns]
        if not known or not self.size:
            return float(self.rows)
        _, counts = np.unique(np.stack(known, axis=1), axis=0, return_counts=True)
        once = int(np.count_nonzero(counts == 1))
        return min(float(self.rows), once / math.sqrt(self.fraction) + len(counts) - once)

    def _kept(self, condition: Condition, seen: set[str]) -> npt.NDArray[np.bool_]:
        match condition:
            case Range() | Guess():
                seen.add(condition.column)
                found = self.bounds(condition)
                if found is None:
                    return np.ones(self.size, dtype=bool)
                values = self.columns[condition.column]
                flags: npt.NDArray[np.bool_] = (values >= found[0]) & (values <= found[1]) & (values != NULL)
                return flags
            case All(parts):
                kept = np.ones(self.size, dtype=bool)
                for part in parts:
                    kept &= self._kept(part, seen)
                return kept
            case Any(parts):
                kept = np.zeros(self.size, dtype=bool)
                for part in parts:
                    kept |= self._kept(part, seen)
                return kept
            case _:
                return np.ones(self.size, dtype=bool)


def sample(table: Table, rows: int, values: pa.Table) -> Sample:
    """A sample from Arrow columns, of whatever columns it has.

    Args:
        table: its facts.
        rows: of the whole table.
        values: the sampled rows.
    """
    kinds = {column.name: kind(column.type) for column in table.columns}
    found = {name: values.column(name).combine_chunks() for name in values.column_names if name in kinds}
    texts = {
        name: (pa.concat_arrays(array.chunks) if isinstance(array, pa.ChunkedArray) else array).cast(pa.string())
        for name, array in found.items()
        if kinds[name].form == "text"
    }
    return Sample(
        table, rows, {name: integers(array, kinds[name]) for name, array in found.items()}, kinds, texts
    )  # fmt: skip


ASSUMED_ROWS = 10_000_000
_ASSUMED_SIZE, _ASSUMED_TOP = 20_000, 1_000_000


class Assumed(Sample):
    """A table of which there are no values: even ones, and shares of them that restrictions usually keep."""

    def bounds(self, wanted: Range | Guess) -> tuple[int, int] | None:
        """A window of the usual width, somewhere that the constant alone decides."""
        if wanted.column not in self.columns:
            return None
        width = int(_ASSUMED_TOP * (POINT_SHARE if wanted.point else RANGE_SHARE))
        start = crc32(repr(wanted).encode()) % (_ASSUMED_TOP - width)
        return start, start + width - 1


def assumed(table: Table, rows: int = ASSUMED_ROWS) -> Assumed:
    """A table without values.

    Args:
        table: its facts.
        rows: of the table, if that is known.
    """
    size = max(1, min(_ASSUMED_SIZE, rows))
    kinds = {column.name: kind(column.type or "bigint") for column in table.columns}
    values = {
        name: np.random.default_rng(crc32(name.encode())).integers(0, _ASSUMED_TOP, size, dtype=np.int64)
        for name in kinds
    }
    return Assumed(table, max(rows, size), values, kinds)
