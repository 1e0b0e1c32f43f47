"""Candidate designs of a table, from what its queries filter, join and group by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np

from podemos.redshift.advisor import encodings
from podemos.redshift.advisor.cluster import Cluster
from podemos.redshift.advisor.costs import World, row_width, rows_kept
from podemos.redshift.advisor.designs import ALL, EVEN, Design, today
from podemos.redshift.advisor.sample import Sample
from podemos.redshift.advisor.workload import ColumnRef, Name, Workload, ranges

SMALL_ROWS = 1_000_000
"""Up to so many rows a copy on every node costs less than what its joins would move."""
MOST_SKEW = 2.0
"""Fullest slice over the mean: a DISTKEY beyond it makes one slice the pace of all."""
SORT_COLUMNS, DIST_COLUMNS = 4, 3
REPEATED = 1_000
"""A text of fewer distinct values is worth a dimension table, perhaps."""
REPEATED_OCTETS = 16
COMPARED = 10_000
"""Neighbouring rows on which encodings are compared."""


def filtered(workload: Workload, table: Name) -> dict[str, float]:
    """Columns by the seconds of the queries that restrict them in a way zone maps can use, the heaviest first."""
    found: dict[str, float] = defaultdict(float)
    for query in workload.queries:
        columns = {r.column for _, use in query.of(table) for r in ranges(use.condition)}
        for column in columns:
            found[column] += query.seconds
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def joined(world: World, workload: Workload, table: Name) -> dict[str, float]:
    """Columns by the bytes that joins on them would move if nothing lay together, times runs; the heaviest first."""
    found: dict[str, float] = defaultdict(float)
    for query in workload.queries:
        for join in query.joins:
            for mine, column, other in (
                (join.left, join.left_column, join.right),
                (join.right, join.right_column, join.left),
            ):
                if query.uses[mine].table == table and not _copied(world, query.uses[other].table):
                    sizes = [rows_kept(world, query.uses[n]) * row_width(world, query.uses[n]) for n in (mine, other)]
                    found[column] += query.seconds * (min(sizes) or 1.0)
        for group in query.groups:
            for ref in group:
                if ref.table == table:
                    found[ref.column] += 0.0
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def distribution(world: World, workload: Workload, tables: Iterable[Name]) -> dict[Name, str]:
    """A distribution of all tables that fits together: the joins that would move most come first.

    Small tables are copied. Of the others each join, the heaviest first, fixes the keys of both its ends, if they are
    free, or of the one that is free if the other end is fixed to this very column.
    """
    names = list(tables)
    found = {name: ALL for name in names if _copied(world, name)}
    weights: dict[tuple[ColumnRef, ColumnRef], float] = defaultdict(float)
    for query in workload.queries:
        for join in query.joins:
            ends = [(query.uses[join.left], join.left_column), (query.uses[join.right], join.right_column)]
            if (
                any(use.table not in names or use.table in found for use, _ in ends)
                or ends[0][0].table == ends[1][0].table
            ):
                continue
            pair = sorted(ColumnRef(use.table, column) for use, column in ends)
            weights[pair[0], pair[1]] += query.seconds * (
                min(rows_kept(world, u) * row_width(world, u) for u, _ in ends) or 1.0
            )
    for (one, two), _ in sorted(weights.items(), key=lambda item: (-item[1], item[0])):
        if any(_skewed(world.samples.get(ref.table), ref.column, world.cluster) for ref in (one, two)):
            continue
        wanted = [(ref.table, f"KEY({ref.column})") for ref in (one, two)]
        if all(found.get(name, dist) == dist for name, dist in wanted):
            found.update(wanted)
    return found


def candidates(world: World, workload: Workload, table: Name, together: Mapping[Name, str]) -> list[Design]:
    """Designs worth simulating, "do nothing" first.

    Args:
        world: all tables.
        workload: the log.
        table: which one.
        together: the distribution that fits all tables (see `distribution`).
    """
    sample = world.samples[table]
    now = today(sample.table)
    sorts = _sorts(sample, list(filtered(workload, table)), list(joined(world, workload, table)), now)
    dists = _dists(world, workload, table, now, together)
    found: dict[tuple[str, tuple[str, ...]], Design] = {}
    for sort in sorts:
        best = best_encodings(sample, sort)
        for dist in dists:
            found[dist, sort] = Design(table, dist, sort, best)
    designs = [now, *found.values()]
    if now.sort and (now.dist, now.sort) not in found:
        designs.append(Design(table, now.dist, now.sort, best_encodings(sample, now.sort)))
    return designs


def starred(sample: Sample, design: Design) -> Design | None:
    """The design with its repeated texts in dimension tables, or None if it has none."""
    split = tuple(
        column.name
        for column in sample.table.columns
        if column.name in sample.texts
        and (column.octets or 0) >= REPEATED_OCTETS
        and column.name not in design.sort
        and column.name != design.distkey
        and len(sample.texts[column.name].unique()) <= REPEATED
    )
    if not split:
        return None
    return Design(design.table, design.dist, design.sort, design.encodings, split)


def best_encodings(sample: Sample, sort: tuple[str, ...]) -> dict[str, str]:
    """The encoding of each column that stores least in this order; without values, AZ64 and ZSTD."""
    keys = [sample.columns[column] for column in sort if column in sample.columns]
    order = np.lexsort(list(reversed(keys))) if keys else np.arange(sample.size)
    start = max(0, (len(order) - COMPARED) // 2)
    order = order[start : start + COMPARED]
    found = {}
    for column in sample.table.columns:
        if column.name in sample.columns:
            found[column.name] = encodings.best(sample, column.name, order, sort)[0]
        elif column.type:
            form = sample.kinds[column.name].form
            found[column.name] = "none" if sort[:1] == (column.name,) else "zstd" if form == "text" else "az64"
            if form in ("boolean", "float") and found[column.name] == "az64":
                found[column.name] = "zstd"
    return found


def _sorts(sample: Sample, restricted: list[str], joined_by: list[str], now: Design) -> list[tuple[str, ...]]:
    """One column, and two, of those that queries restrict; a join's column where nothing is restricted."""
    known = [c.name for c in sample.table.columns]
    leading = [c for c in restricted if not known or c in known][:SORT_COLUMNS]
    behind = [c for c in [*leading, *joined_by[:1]] if not known or c in known]
    found: dict[tuple[str, ...], None] = dict.fromkeys((first,) for first in leading)
    found |= dict.fromkeys((first, second) for first in leading[:3] for second in behind if first != second)
    if not found and joined_by:
        found = dict.fromkeys([(joined_by[0],)])
    if not found:
        dated = [c.name for c in sample.table.columns if sample.kinds[c.name].form in ("date", "timestamp")]
        found = dict.fromkeys([tuple((dated or known)[:1]) or now.sort])
    return list(found)


def _dists(world: World, workload: Workload, table: Name, now: Design, together: Mapping[Name, str]) -> list[str]:
    sample = world.samples[table]
    columns = [c for c in joined(world, workload, table) if not _skewed(sample, c, world.cluster)][:DIST_COLUMNS]
    found = [together[table]] if table in together else []
    found += [f"KEY({column})" for column in columns]
    if _copied(world, table):
        found.append(ALL)
    return list(dict.fromkeys([*found, EVEN, now.dist]))


def _copied(world: World, table: Name) -> bool:
    sample = world.samples.get(table)
    return sample is not None and 0 < sample.rows <= SMALL_ROWS


def _skewed(sample: Sample | None, column: str, cluster: Cluster) -> bool:
    """Whether a column would place too much on one slice; of an unknown column nothing is said."""
    if sample is None or column not in sample.columns or not sample.size:
        return False
    _, counts = np.unique(sample.columns[column], return_counts=True)
    return bool(counts.max() * cluster.slices > MOST_SKEW * sample.size) or len(counts) < cluster.slices
