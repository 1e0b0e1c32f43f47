"""Cuts a day's keys into ranges: by the keys that the lake has, from below every key to above every key.

Lake and branch put a key into the same range: numbers and dates compare alike everywhere, and texts are compared byte
by byte in UTF-8, whatever the column's collation is. Where the two should ever disagree, a range differs on both sides
and is read: nothing is decided by the order but what is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isqrt

import pyarrow as pa

from podemos.branches import query
from podemos.branches.expected import CENTS, DIGEST
from podemos.core import source_text as texts
from podemos.core.fingerprint import Fingerprint
from podemos.core.table import Column, Kind, Read, Table

MOST = 256
"""Ranges at most: their totals are as many short rows, their bounds a statement of a few KB."""
Key = tuple[str, ...]
"""The primary key's columns as text."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Range 0 lies below `bounds[0]`, range n from `bounds[n - 1]` on and below `bounds[n]`.

    Attributes:
        bounds: ascending keys of the lake.
        starts: the row of the lake's sorted rows that each range begins with.
        rows: how many there are.
    """

    bounds: tuple[Key, ...]
    starts: tuple[int, ...]
    rows: int

    def __len__(self) -> int:
        return len(self.starts)


def cut(known: pa.Table, table: Table) -> Cut:
    """As many ranges as each has rows: the totals to compare then cost what the rows of one range do.

    Args:
        known: what the lake has of a day, in order of the key; see `expected`.
        table: the contract.
    """
    number = min(MOST, isqrt(known.num_rows)) or 1
    starts = [at * known.num_rows // number for at in range(number)]
    names = list(table.primary_key)
    keys = known.select(names).take(pa.array(starts[1:], pa.int64()))
    bounds = tuple(zip(*(keys[name].to_pylist() for name in names), strict=True))
    return Cut(bounds, tuple(starts), known.num_rows)


def totals(known: pa.Table, cut: Cut) -> list[Fingerprint]:
    """Control totals of the lake's rows in each range."""
    digests, cents = known[DIGEST].to_pylist(), known[CENTS].to_pylist()
    return [
        Fingerprint(end - start, sum(cents[start:end]), sum(digests[start:end]))
        for start, end in pairwise((*cut.starts, cut.rows))
    ]


def rows_of(known: pa.Table, cut: Cut, numbers: Sequence[int]) -> pa.Table:
    """The lake's rows of some ranges."""
    ends = (*cut.starts[1:], cut.rows)
    return pa.concat_tables(known.slice(cut.starts[n], ends[n] - cut.starts[n]) for n in numbers)


def number(table: Table, bounds: Sequence[Key], first: int = 0) -> str:
    """The SQL expression of a row's range: a search tree, so that a row is compared with few of the bounds."""
    if not bounds:
        return str(first)
    middle = len(bounds) // 2
    below, above = number(table, bounds[:middle], first), number(table, bounds[middle + 1 :], first + middle + 1)
    return f"IF({_compared(table, bounds[middle], '<')}, {below}, {above})"


def within(table: Table, cut: Cut, numbers: Sequence[int]) -> str:
    """The SQL condition of some ranges; neighbours are one range of the index."""
    return "(" + " OR ".join(f"({one})" for one in _spans(table, cut, numbers)) + ")"


def _spans(table: Table, cut: Cut, numbers: Sequence[int]) -> Iterator[str]:
    for first, last in _runs(numbers):
        sides = [_compared(table, cut.bounds[first - 1], ">=")] if first else []
        sides += [_compared(table, cut.bounds[last], "<")] if last < len(cut.bounds) else []
        yield " AND ".join(f"({side})" if " OR " in side else side for side in sides)


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and last of each row of neighbours."""
    found = sorted(numbers)
    breaks = [at for at, (one, other) in enumerate(pairwise(found), 1) if other != one + 1]
    for start, end in pairwise((0, *breaks, len(found))):
        yield found[start], found[end - 1]


def _compared(table: Table, bound: Key, how: str) -> str:
    """``key < bound`` or ``key >= bound``, column by column, led by what makes it a range of the primary key."""
    columns = [table.column(name) for name in table.primary_key]
    *before, (name, value) = (
        (_ordered(column), _literal(column, text)) for column, text in zip(columns, bound, strict=True)
    )
    found = f"{name} {how} {value}"
    for name, value in reversed(before):
        found = f"{name} {how[0]} {value} OR ({name} = {value} AND ({found}))"
    if before:
        found = f"{before[0][0]} {how[0]}= {before[0][1]} AND ({found})"
    return found


def _ordered(column: Column) -> str:
    """Numbers, dates and bytes as the index has them; texts by their bytes."""
    return f"CAST({texts.text(column)} AS BINARY)" if _by_bytes(column) else texts.ordered(column)


def _literal(column: Column, text: str) -> str:
    return f"x'{text.encode().hex()}'" if _by_bytes(column) else query.literal(column, text)


def _by_bytes(column: Column) -> bool:
    return column.kind is Kind.TEXT and column.read is not Read.HEX
