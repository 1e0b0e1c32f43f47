"""Narrows a difference: from a day to the key ranges that hold it, in the snapshot that has shown the day.

The branch's server computes control totals of each range of keys, the lake's rows give the same, and only ranges that
differ are read. What it costs instead of the day is one statement. What the lake has is the newest revision: rows that
were landed since make a range differ, and it is read once more than needed. Nothing rests on the comparison: whether
the day is right, the next certification says by the day's own fingerprint.
"""

from __future__ import annotations

from dataclasses import dataclass

import MySQLdb
import pyarrow as pa

from podemos.branches import key_ranges, keys, query
from podemos.branches.key_ranges import Cut
from podemos.branches.landing import Part
from podemos.branches.link import Link
from podemos.branches.prints import TOO_LONG, fingerprints
from podemos.core.fingerprint import Fingerprint
from podemos.core.table import Table

_MOST = 0.5
"""A larger share of the rows than this is read as the whole day: that also states what is gone without naming it."""


@dataclass(frozen=True, slots=True)
class Narrowed:
    """The ranges that differ. None: the lake has got what the branch has meanwhile.

    Attributes:
        known: the lake's rows in them.
    """

    cut: Cut
    numbers: tuple[int, ...]
    known: pa.Table

    def within(self, table: Table) -> str:
        """The SQL condition of the ranges."""
        return key_ranges.within(table, self.cut, self.numbers)


def worthwhile(table: Table, day: str, last: Part, least: int) -> bool:
    """Whether the branch has more rows in the day than are read in one go anyway."""
    source = _said(day, last)
    return source is not None and source.count > least


def narrowed(link: Link, table: Table, day: str, last: Part, known: pa.Table) -> Narrowed | None:
    """The ranges of a day that differ; None when it is best read whole.

    Args:
        link: a session in the snapshot of `last`.
        table: the contract.
        day: the branch-local day, or `keys.UNDATED`.
        last: the final part of the pull: its fingerprints speak of the day.
        known: what the lake has in the day; see `expected`. Nothing for who may not look into the lake.

    Raises:
        MySQLdb.Error: the server refused, or the link broke.
        DataFault: a key of the lake is no value of its column's kind.
    """
    cut = key_ranges.cut(known, table)
    here = key_ranges.totals(known, cut)
    source = _said(day, last)
    if source == sum(here, Fingerprint()):
        return Narrowed(cut, (), known.slice(0, 0))
    if source is None or len(cut) == 1:
        return None
    try:
        said = fingerprints(link, query.range_totals(table, day, key_ranges.number(table, cut.bounds)))
    except MySQLdb.Error as error:
        if error.args[0] not in TOO_LONG:
            raise
        return None
    there = [said.get(str(number), Fingerprint()) for number in range(len(cut))]
    numbers = tuple(number for number in range(len(cut)) if here[number] != there[number])
    touched = sum(max(here[number].count, there[number].count) for number in numbers)
    if not numbers or touched > _MOST * max(source.count, cut.rows):
        return None
    return Narrowed(cut, numbers, key_ranges.rows_of(known, cut, numbers))


def _said(day: str, last: Part) -> Fingerprint | None:
    """What the snapshot has in the day; None when it was not asked about it."""
    asked = day == keys.UNDATED or (last.since is not None and day >= last.since.isoformat())
    asked = asked or (last.older is not None and last.older.holds(day))
    return last.fingerprints.get(day, Fingerprint()) if asked else None
