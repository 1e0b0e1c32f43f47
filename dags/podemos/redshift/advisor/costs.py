"""What a query costs under a design: blocks read, bytes moved between nodes, and the slowest slice's time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from podemos.redshift.advisor.cluster import Cluster
from podemos.redshift.advisor.designs import ALL, Design, surrogate
from podemos.redshift.advisor.layout import Layout
from podemos.redshift.advisor.sample import Sample
from podemos.redshift.advisor.workload import Join, Name, Query, Use
from podemos.redshift.advisor.zones import blocks_read

_HASH_BYTES = 8
_MB = 2**20


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one query, for one table's part in it.

    Attributes:
        blocks: on all slices; busiest: on the slice that reads most.
        moved: bytes sent between nodes for joins and groupings.
        why_moved: what made it move.
    """

    blocks: int
    busiest: int
    moved: float
    seconds: float
    why_moved: tuple[str, ...] = ()


@dataclass(frozen=True)
class World:
    """What is known of all tables while one of them is designed.

    Attributes:
        samples: values, or at least numbers of rows, of the tables that are known.
        designs: of every table; that of the table in question is the candidate.
    """

    cluster: Cluster
    samples: Mapping[Name, Sample]
    designs: Mapping[Name, Design]


def cost(world: World, query: Query, table: Name, layout: Layout) -> Cost:
    """The table's part in a query's cost under its design in the world."""
    sample, design = world.samples[table], world.designs[table]
    per_slice = [0] * len(layout.slices)
    for _, use in query.of(table):
        for n, part in enumerate(layout.slices):
            per_slice[n] += blocks_read(part, use.condition, columns(use, sample, design), sample.bounds)
    moved, why = 0.0, []
    for join in query.joins:
        if table in (query.uses[join.left].table, query.uses[join.right].table):
            sent = _moved(world, query, join)
            moved += sent
            if sent:
                why.append(_join_title(query, join))
    for group in query.groups:
        mine = frozenset(ref.column for ref in group if ref.table == table)
        if mine and design.distkey not in mine and design.dist != ALL:
            rows = min(rows_kept(world, query.of(table)[0][1]), sample.distinct(mine) * len(layout.slices))
            moved += rows * (_HASH_BYTES * (len(group) + 1))
            why.append(f"GROUP BY {', '.join(sorted(mine))}")
    busiest = max(per_slice, default=0)
    if layout.copies > 1:  # a copy on each node: the nodes share the work
        busiest = -(-busiest // world.cluster.slices)
    scanned = busiest * world.cluster.block_bytes / _MB
    seconds = scanned / world.cluster.scan_mb_s + moved / _MB / world.cluster.nodes / world.cluster.move_mb_s
    return Cost(sum(per_slice), busiest, moved, seconds, tuple(why))


def columns(use: Use, sample: Sample, design: Design) -> list[str]:
    """The columns that a scan reads, by their name under the design; COUNT(*) reads the narrowest."""
    known = frozenset(sample.columns)
    wanted = known if use.columns is None else use.columns & known
    if not wanted and sample.columns:
        wanted = frozenset([min(sample.columns, key=lambda name: (sample.kinds[name].width, name))])
    return sorted(surrogate(name) if name in design.split else name for name in wanted)


def together(world: World, query: Query, join: Join) -> bool:
    """Whether the rows that a join brings together lie on the same node already."""
    names = [query.uses[end].table for end in (join.left, join.right)]
    if any(_design(world, name).dist == ALL for name in names):
        return True
    left, right = (_design(world, name).distkey for name in names)
    return any((one.left_column, one.right_column) == (left, right) for one in _between(query, join))


def _between(query: Query, join: Join) -> list[Join]:
    """All the conditions between the two occurrences of a join."""
    return [one for one in query.joins if {one.left, one.right} == {join.left, join.right}]


def _moved(world: World, query: Query, join: Join) -> float:
    """Bytes of the cheaper way: the smaller side to every node, or to its place whatever does not lie by the key.

    Of several conditions between the same two occurrences the first pays for all.
    """
    pair = _between(query, join)
    if pair[0] != join or together(world, query, join):
        return 0.0
    uses = query.uses[join.left], query.uses[join.right]
    sizes = [rows_kept(world, use) * row_width(world, use) for use in uses]
    keys = {one.left_column for one in pair}, {one.right_column for one in pair}
    everywhere = min(sizes) * (world.cluster.nodes - 1)
    sent = sum(
        size
        for size, use, columns in zip(sizes, uses, keys, strict=True)
        if _design(world, use.table).distkey not in columns
    )
    return min(everywhere, sent or sum(sizes))


def rows_kept(world: World, use: Use) -> float:
    """Rows of an occurrence that its conditions keep."""
    sample = world.samples.get(use.table)
    return 0.0 if sample is None else sample.rows * sample.share(use)


def row_width(world: World, use: Use) -> float:
    """Bytes of a row, of the columns that the query needs."""
    sample = world.samples.get(use.table)
    if sample is None:
        return _HASH_BYTES
    names = sample.kinds.keys() if use.columns is None else use.columns
    return (
        float(sum(sample.kinds[name].width if name in sample.kinds else _HASH_BYTES for name in names)) or _HASH_BYTES
    )


def _design(world: World, name: Name) -> Design:
    return world.designs.get(name) or Design(name)


def _join_title(query: Query, join: Join) -> str:
    names = [query.uses[n].table[1] for n in (join.left, join.right)]
    return f"{names[0]}.{join.left_column} = {names[1]}.{join.right_column}"
