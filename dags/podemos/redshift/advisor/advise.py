"""Advice for one table: every candidate simulated, ranked, with reasons, DDL, and what would get worse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from podemos.redshift.advisor.candidates import candidates, distribution, filtered, joined, starred
from podemos.redshift.advisor.costs import Cost, World, cost
from podemos.redshift.advisor.designs import ALL, Design, ddl, today
from podemos.redshift.advisor.layout import Layout, lay_out
from podemos.redshift.advisor.sample import Assumed, Sample
from podemos.redshift.advisor.workload import Name, Query, Workload

WORTH = 0.1
"""A redesign must save this share of the log's time, or "do nothing" is the advice."""
WORSE = 1.1
"""A query that takes so many times as long is told."""
NEWEST = 0.01
"""Share of the rows, the newest, that stand for what loads bring."""
SKEWED = 1.5
STAR = 0.05


@dataclass(frozen=True)
class Option:
    """One design, simulated.

    Attributes:
        seconds: of the log's queries under it, plus the sorting of a load (`load_seconds`) on each of the log's days.
        blocks: read by the log's distinct queries, once each; stored: of the table.
        skew: rows of the fullest slice over the mean.
        merged: share of the sorted blocks into which new rows fall.
        with_others: distribution keys of other tables that it counts on.
        costs: by query, in the workload's order; None for a query that does not read the table.
    """

    design: Design
    seconds: float
    blocks: int
    stored: int
    skew: float
    merged: float
    load_seconds: float
    costs: tuple[Cost | None, ...]
    reasons: tuple[str, ...] = ()
    worse: tuple[str, ...] = ()
    with_others: Mapping[str, str] = field(default_factory=dict)
    ddl: str = ""

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "design": self.design.to_dict(),
            "title": self.design.title,
            "predicted_seconds": round(self.seconds, 1),
            "blocks_read": self.blocks,
            "blocks_stored": self.stored,
            "skew": round(self.skew, 2),
            "load_merges_share": round(self.merged, 3),
            "load_seconds": round(self.load_seconds, 1),
            "bytes_moved": round(sum(c.moved for c in self.costs if c)),
            "reasons": list(self.reasons),
            "gets_worse": list(self.worse),
            "together_with": dict(self.with_others),
            "ddl": self.ddl,
        }


@dataclass(frozen=True)
class Advice:
    """The options of one table, the best first; "do nothing" is always among them."""

    table: Name
    seconds: float
    options: tuple[Option, ...]
    notes: tuple[str, ...] = ()

    @property
    def best(self) -> Option:
        """The advice."""
        return self.options[0]

    @property
    def nothing(self) -> Option:
        """The table as it is."""
        return next(option for option in self.options if option.design.kept)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "table": ".".join(self.table),
            "log_seconds": round(self.seconds, 1),
            "advice": self.best.design.title,
            "options": [option.to_dict() for option in self.options],
            "notes": list(self.notes),
        }


def advise(world: World, workload: Workload, table: Name, present: Layout | None = None) -> Advice:
    """Simulates the candidates of a table against the log.

    Args:
        workload: the log.
        table: which one.
        world: samples and designs of all tables of the log; this table's design in it does not matter.
        present: how the table lies now (STV_BLOCKLIST); None takes it for freshly sorted by the key it has.
    """
    sample = world.samples[table]
    fitting = distribution(world, workload, world.samples)
    simulator = _Simulator(world, workload, table, present, fitting)
    found = [simulator.option(design) for design in candidates(world, workload, table, fitting)]
    nothing = found[0]
    ranked = _ranked(found, nothing)
    for option in [o for o in ranked if not o.design.kept][:2]:
        if star := starred(sample, option.design):
            found.append(simulator.option(star))
    ranked = _ranked(found, nothing)
    told = [_explained(option, nothing, simulator) for option in ranked]
    notes = []
    if isinstance(sample, Assumed):
        notes.append("no values of this table were seen: usual shares are assumed, and encodings are by type")
    if present is None and not isinstance(sample, Assumed):
        notes.append("its blocks were not seen: it is taken for freshly sorted, so nothing of its decay is counted")
    return Advice(table, sum(q.seconds for q in workload.queries if q.of(table)), tuple(told), tuple(notes))


class _Simulator:
    """One table's designs against one log."""

    def __init__(
        self, world: World, workload: Workload, table: Name, present: Layout | None, fitting: Mapping[Name, str]
    ) -> None:
        self.world, self.workload, self.table, self.fitting = world, workload, table, fitting
        self.sample = world.samples[table]
        self.present = present
        self.queries: tuple[Query, ...] = workload.queries
        self._base: tuple[Cost | None, ...] = ()

    def option(self, design: Design) -> Option:
        """A design, simulated. The first must be "do nothing": the others' times are relative to it."""
        world, others = self._around(design)
        cluster = world.cluster
        layout = self.present if design.kept and self.present is not None else None
        if layout is None:
            layout = lay_out(self.sample, design, cluster)
        costs = tuple(cost(world, q, self.table, layout) if q.of(self.table) else None for q in self.queries)
        self._base = self._base or costs
        seconds = 0.0
        for query, now, then in zip(self.queries, self._base, costs, strict=True):
            if now is not None and then is not None:
                seconds += query.seconds * (then.seconds / now.seconds if now.seconds else 1.0)
        merged = _merged(self.sample, design)
        stored_mb = layout.stored * cluster.block_bytes / 2**20
        rewritten = 2 * merged * stored_mb / cluster.scan_mb_s / cluster.slices
        return Option(
            design,
            seconds + self.workload.days * rewritten * self._pace(),
            sum(c.blocks for c in costs if c),
            layout.stored,
            layout.skew,
            merged,
            rewritten,
            costs,
            with_others=others,
        )

    def _pace(self) -> float:
        """Seconds of the log for a second of the model, today."""
        pairs = list(zip(self.queries, self._base, strict=True))
        modelled = sum(query.runs * found.seconds for query, found in pairs if found)
        return sum(query.seconds for query, found in pairs if found) / modelled if modelled else 1.0

    def _around(self, design: Design) -> tuple[World, dict[str, str]]:
        """The world with this design, and with the other tables' keys if it is the one that fits them."""
        designs = dict(self.world.designs)
        others: dict[str, str] = {}
        if not design.kept and self.fitting.get(self.table) == design.dist:
            for name in sorted(self._partners(design) & self.fitting.keys()):
                now = designs.get(name) or today(self.world.samples[name].table)
                if now.dist != self.fitting[name]:
                    others[".".join(name)] = self.fitting[name]
                    designs[name] = replace(now, dist=self.fitting[name], kept=False)
        designs[self.table] = design
        return replace(self.world, designs=designs), others

    def _partners(self, design: Design) -> set[Name]:
        """The other tables whose fitting key makes a join with this design lie together."""
        found = set()
        for query in self.queries:
            for join in query.joins:
                for mine, column, other, key in (
                    (join.left, join.left_column, join.right, join.right_column),
                    (join.right, join.right_column, join.left, join.left_column),
                ):
                    name = query.uses[other].table
                    together = column == design.distkey and self.fitting.get(name) == f"KEY({key})"
                    if query.uses[mine].table == self.table != name and (together or self.fitting.get(name) == ALL):
                        found.add(name)
        return found


def _ranked(found: list[Option], nothing: Option) -> list[Option]:
    """By time; of those within a hundredth of each other the one with fewer changes and the shorter key.

    A star must save STAR of the time, for reports and loads have to be written anew.
    """

    def due(option: Option) -> float:
        return max(option.seconds * (1 + STAR if option.design.split else 1), 1e-9)

    least = min(due(option) for option in found)

    def key(option: Option) -> tuple[Any, ...]:
        design = option.design
        changed = design.dist != nothing.design.dist
        return int((due(option) / least - 1) * 100), len(option.with_others), len(design.sort), changed, due(option)

    ranked = sorted(found, key=key)
    if ranked[0].seconds > nothing.seconds * (1 - WORTH):
        ranked.remove(nothing)
        ranked.insert(0, nothing)
    return ranked


def _merged(sample: Sample, design: Design) -> float:
    """Share of the sorted order into whose blocks the newest rows fall: what each load's sorting rewrites."""
    keys = [sample.columns[c] for c in design.sort if c in sample.columns]
    dated = [n for n, kind in sample.kinds.items() if kind.form in ("date", "timestamp") and n in sample.columns]
    if not keys or not dated or isinstance(sample, Assumed) or sample.size < 200:
        return 1.0 if keys else 0.0
    order = np.lexsort(list(reversed(keys)))
    count = max(20, int(sample.size * NEWEST))
    newest = np.zeros(sample.size, dtype=bool)
    newest[np.argsort(sample.columns[dated[0]], kind="stable")[-count:]] = True
    parts = np.array_split(newest[order], 100)
    return float(np.mean([part.any() for part in parts]))


def _explained(option: Option, nothing: Option, simulator: _Simulator) -> Option:
    if option.design.kept:
        why = f"{nothing.blocks:,} blocks read, {nothing.stored:,} stored; nothing is rewritten, no report changes"
        return replace(option, reasons=(why,))
    return replace(
        option,
        reasons=tuple(_reasons(option, nothing, simulator)),
        worse=tuple(_worse(option, nothing, simulator)),
        ddl=ddl(simulator.sample.table, option.design),
    )


def _reasons(option: Option, nothing: Option, simulator: _Simulator) -> list[str]:
    table, workload, design = simulator.table, simulator.workload, option.design
    total = sum(q.seconds for q in workload.queries if q.of(table)) or 1.0
    found = [f"reads {option.blocks:,} blocks where {nothing.blocks:,} are read today"]
    weights = filtered(workload, table)
    for column in design.sort:
        if column in weights:
            found.append(f"{column} restricts {weights[column] / total:.0%} of the time")
        elif column in joined(simulator.world, workload, table):
            found.append(f"{column} is what it is joined by: behind the leading column it orders its rows")
    before, after = _moved(nothing), _moved(option)
    if before > after:
        gone = sorted(set(_why(nothing)) - set(_why(option)))
        told = f": no longer for {', '.join(gone[:4])}" if gone else ""
        found.append(
            f"moves {after / 2**20:,.0f} MB between nodes where {before / 2**20:,.0f} MB are moved today{told}"
        )
    if option.stored < nothing.stored:
        found.append(f"stores {option.stored:,} blocks instead of {nothing.stored:,}")
    if option.with_others:
        told = ", ".join(f"{name} {dist}" for name, dist in sorted(option.with_others.items()))
        found.append(f"counts on {told}, to be applied together")
    return found


def _worse(option: Option, nothing: Option, simulator: _Simulator) -> list[str]:
    found = []
    for query, now, then in zip(simulator.queries, nothing.costs, option.costs, strict=True):
        if now is not None and then is not None and then.seconds > WORSE * now.seconds + 1e-9:
            text = " ".join(query.text.split())[:60]
            times = f"{then.seconds / now.seconds:.1f} times as long" if now.seconds else "no longer free"
            found.append(f"{times}: {text}")
    if option.stored > 1.05 * nothing.stored:
        found.append(f"stores {option.stored:,} blocks instead of {nothing.stored:,}")
    if option.skew > max(SKEWED, 1.05 * nothing.skew):
        found.append(f"skew: the fullest slice has {option.skew:.1f} times the mean")
    if option.merged > 0.5 and option.merged > nothing.merged:
        found.append(
            f"each load falls into {option.merged:.0%} of its blocks: staying sorted costs {option.load_seconds:.0f} s"
        )
    if option.design.dist == ALL:
        found.append("every load writes every node's copy")
    if option.design.split:
        names = ", ".join(option.design.split)
        found.append(f"reports must join the dimensions of {names}, and loads must look up their keys")
    return found


def _moved(option: Option) -> float:
    return sum(c.moved for c in option.costs if c)


def _why(option: Option) -> list[str]:
    return [why for c in option.costs if c for why in c.why_moved]
