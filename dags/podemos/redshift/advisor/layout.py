"""How a table would lie on the slices under a design, from a sample; and how it does lie, from STV_BLOCKLIST."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from podemos.redshift.advisor import encodings
from podemos.redshift.advisor.cluster import Cluster
from podemos.redshift.advisor.designs import ALL, Design, surrogate
from podemos.redshift.advisor.sample import Sample
from podemos.redshift.advisor.values import LOWEST, NULL, Integers
from podemos.redshift.advisor.zones import Slice, Zones


@dataclass(frozen=True)
class Block:
    """A row of STV_BLOCKLIST, of a table's own columns."""

    slice: int
    column: str
    number: int
    values: int
    low: int
    high: int
    unsorted: bool = False


@dataclass(frozen=True)
class Layout:
    """A table on its slices.

    Attributes:
        copies: how often the slices stand for themselves: one copy on each node for ALL.
        sizes: bytes of a value, by column; empty when the blocks are known themselves.
    """

    slices: tuple[Slice, ...]
    copies: int = 1
    sizes: Mapping[str, float] | None = None

    @property
    def stored(self) -> int:
        """Blocks of all columns on all slices."""
        return self.copies * sum(len(zones.ends) for part in self.slices for zones in part.columns.values())

    @property
    def skew(self) -> float:
        """Rows of the fullest slice over the mean."""
        rows = [part.rows for part in self.slices]
        return max(rows) * len(rows) / sum(rows) if sum(rows) else 1.0


def lay_out(sample: Sample, design: Design, cluster: Cluster) -> Layout:
    """The layout of a design when it is freshly loaded and sorted.

    Args:
        design: which one.
        cluster: its slices and blocks.
        sample: drawn evenly; its fraction says how many rows stand between two of its own.
    """
    parts, copies = _places(sample, design, cluster.slices), 1
    if design.dist == ALL:
        parts, copies = [np.arange(sample.size)], cluster.nodes
    keys = [sample.columns[column] for column in design.sort if column in sample.columns]
    sizes: dict[str, float] = {}
    found = []
    for rows in parts:
        order = rows[np.lexsort([key[rows] for key in reversed(keys)])] if keys else rows
        if not sizes:
            sizes = _sizes(sample, design, order)
        whole = round(len(order) / sample.fraction)
        found.append(
            Slice(
                whole,
                {
                    name: _zones(sample, name, order, whole, max(1, int(cluster.block_bytes / size)))
                    for name, size in sizes.items()
                },
            )
        )
    return Layout(tuple(found), copies, sizes)


def from_blocks(blocks: Iterable[Block]) -> Layout:
    """The layout that STV_BLOCKLIST shows."""
    grouped: dict[int, dict[str, list[Block]]] = defaultdict(lambda: defaultdict(list))
    for block in blocks:
        grouped[block.slice][block.column].append(block)
    found = []
    for _, columns in sorted(grouped.items()):
        zones = {}
        for name, rows in columns.items():
            rows.sort(key=lambda block: block.number)
            zones[name] = Zones(
                np.cumsum([block.values for block in rows]),
                np.array([block.low for block in rows], dtype=np.int64),
                np.array([block.high for block in rows], dtype=np.int64),
            )
        found.append(Slice(max(int(z.ends[-1]) for z in zones.values()), zones))
    return Layout(tuple(found))


def _places(sample: Sample, design: Design, slices: int) -> list[Integers]:
    """The sample's rows of each slice. Redshift's hash is not published: any good one spreads alike."""
    key = sample.columns.get(design.distkey or "")
    mixed = np.arange(sample.size, dtype=np.uint64) if key is None else _mix(key)
    slice_of = mixed % np.uint64(slices)
    return [np.flatnonzero(slice_of == n) for n in range(slices)]


def _mix(values: Integers) -> np.ndarray:
    """SplitMix64's last steps."""
    mixed = values.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _sizes(sample: Sample, design: Design, order: Integers) -> dict[str, float]:
    sizes = {}
    for name in sample.columns:
        if name in design.split:
            sizes[surrogate(name)] = encodings.surrogate_bytes(sample, name, order)
            continue
        encoding = design.encodings.get(name, "none")
        sizes[name] = encodings.bytes_per_value(sample, name, encoding, order, design.sort)
    return sizes


def _zones(sample: Sample, name: str, order: Integers, whole: int, each: int) -> Zones:
    """Blocks of equal numbers of values, with the least and greatest sampled value in or beside each of them.

    A block reaches up to the next sampled row on either side: what lies between is in one of the two.
    """
    count = max(1, -(-whole // each))
    ends = np.minimum(np.arange(1, count + 1, dtype=np.int64) * each, whole)
    if name not in sample.columns:  # a surrogate key: nothing is known of its order
        return Zones(ends, np.full(count, LOWEST), np.full(count, NULL - 1))
    if not len(order):
        return Zones(ends[:0], ends[:0], ends[:0])
    values = sample.columns[name][order]
    least, greatest = values, np.where(values == NULL, LOWEST, values)
    position = (np.arange(len(order)) + 0.5) / sample.fraction
    first = np.searchsorted(position, ends - np.diff(ends, prepend=0))
    last = np.searchsorted(position, ends)
    starts = np.clip(first - 1, 0, len(order) - 1)
    stops = np.clip(last + 1, starts + 1, len(order))
    pairs = np.stack([starts, stops], axis=1).ravel()
    lows = np.minimum.reduceat(np.append(least, NULL), pairs)[::2]
    highs = np.maximum.reduceat(np.append(greatest, LOWEST), pairs)[::2]
    return Zones(ends, lows, highs)
