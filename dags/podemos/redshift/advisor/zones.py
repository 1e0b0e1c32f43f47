"""Zone maps: the least and greatest value of each block of a column, and which blocks a query has to read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from podemos.redshift.advisor.values import Integers
from podemos.redshift.advisor.workload import All, Any, Condition, Guess, Range, ranges

Bounds = Callable[[Range | Guess], tuple[int, int] | None]
"""What a restriction allows as integers; None is that it is not known."""
Flags = npt.NDArray[np.bool_]
Runs = tuple[Integers, Integers]
"""Starts and ends (exclusive) of runs of rows."""


@dataclass(frozen=True)
class Zones:
    """The blocks of one column on one slice, in the order of their rows.

    Attributes:
        ends: position behind the last row of each block.
        lows, highs: of each block; a block of NULLs has a low above its high.
    """

    ends: Integers
    lows: Integers
    highs: Integers


@dataclass(frozen=True)
class Slice:
    """One slice's part of a table."""

    rows: int
    columns: Mapping[str, Zones]


def survivors(part: Slice, condition: Condition, bounds: Bounds) -> Runs:
    """Runs of rows that no zone map excludes.

    Rows are judged in cells between the block borders of all restricted columns; in a cell each column has one block.
    """
    restricted = sorted({found.column for found in ranges(condition)} & part.columns.keys())
    if not part.rows:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    borders = np.unique(np.concatenate([np.array([0, part.rows]), *(part.columns[c].ends for c in restricted)]))
    starts, ends = borders[:-1], borders[1:]
    at = {c: np.minimum(np.searchsorted(part.columns[c].ends, starts, side="right"), len(part.columns[c].ends) - 1)
          for c in restricted}  # fmt: skip
    kept = _kept(condition, part, at, len(starts), bounds)
    edges = np.diff(np.concatenate([[0], kept.astype(np.int8), [0]]))
    return starts[np.flatnonzero(edges == 1)], ends[np.flatnonzero(edges == -1) - 1]


def blocks(zones: Zones, runs: Runs) -> int:
    """Blocks of a column that hold a row of the runs."""
    starts, ends = runs
    if not len(starts):
        return 0
    first = np.searchsorted(zones.ends, starts, side="right")
    last = np.searchsorted(zones.ends, ends - 1, side="right")
    shared = np.count_nonzero(first[1:] == last[:-1])
    return int((last - first + 1).sum() - shared)


def blocks_read(part: Slice, condition: Condition, columns: Iterable[str], bounds: Bounds) -> int:
    """Blocks that a scan of these columns reads on this slice."""
    runs = survivors(part, condition, bounds)
    return sum(blocks(part.columns[column], runs) for column in columns if column in part.columns)


def _kept(condition: Condition, part: Slice, at: Mapping[str, Integers], cells: int, bounds: Bounds) -> Flags:
    match condition:
        case Range() | Guess():
            zones, wanted = part.columns.get(condition.column), bounds(condition)
            if zones is None or wanted is None:
                return np.ones(cells, dtype=bool)
            flags: Flags = (zones.lows <= wanted[1]) & (zones.highs >= wanted[0])
            return flags[at[condition.column]]
        case All(parts):
            kept = np.ones(cells, dtype=bool)
            for one in parts:
                kept &= _kept(one, part, at, cells, bounds)
            return kept
        case Any(parts):
            kept = np.zeros(cells, dtype=bool)
            for one in parts:
                kept |= _kept(one, part, at, cells, bounds)
            return kept
        case _:
            return np.ones(cells, dtype=bool)
