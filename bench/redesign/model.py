"""The "5 -> 45 minutes" of a critical report as a model, and the cure with each factor's share.

One constant is fitted: the report took FAST_MINUTES when the table was young (YOUNG months before today). What it takes
today, and under the chosen design, are outputs: blocks of the busiest slice and bytes moved, both at the full number of
rows. The shares of factors do not depend on an order: each is its mean effect over all orders (Shapley), in logarithms.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations

import numpy as np

from bench.redesign.pagos import months
from bench.redesign.queries import reports
from bench.redesign.world import GHOSTS, UNSORTED_DAYS
from podemos.redshift.advisor import query_log
from podemos.redshift.advisor.costs import World, cost
from podemos.redshift.advisor.designs import Design
from podemos.redshift.advisor.layout import Layout, lay_out
from podemos.redshift.advisor.sample import Sample
from podemos.redshift.advisor.workload import Name

REPORT = "cartera_clientes"
FULL_ROWS = 2_000_000_000
FULL_SLICES, FULL_NODES = 16, 4
FAST_MINUTES = 5.0
YOUNG = 59
"""Months before today: when the report still took FAST_MINUTES."""
ORDER = "orden"
"""A column that the model adds: the physical order of today's rows."""


@dataclass(frozen=True)
class Minutes:
    """What the model says."""

    before: float
    after: float
    decay: dict[str, float]
    cure: dict[str, float]


@dataclass(frozen=True)
class Model:
    """The table at a local number of rows, whose shares of blocks hold for the full one."""

    world: World
    table: Name
    present: Layout
    chosen: Design
    last: date

    def minutes(self) -> Minutes:
        """Young, today, chosen; and what makes the differences."""
        sample = self._ordered(self.world.samples[self.table])
        scale = FULL_ROWS / sample.rows
        young_sample, young_day = self._young(sample)
        young = self._seconds(young_sample, Design(self.table, sort=("id_pago",)), young_day) * scale
        today = self._seconds(sample, Design(self.table, kept=True), self.last, self.present) * scale
        after = self._seconds(sample, self.chosen, self.last) * scale
        rate = FAST_MINUTES / young

        def decayed(on: frozenset[str]) -> float:
            base = sample if "growth" in on else young_sample
            day = self.last if "growth" in on else young_day
            sort = (ORDER,) if "unsorted" in on else ("id_pago",)
            return self._seconds(self._haunted(base, "ghosts" in on), Design(self.table, sort=sort), day)

        def cured(on: frozenset[str]) -> float:
            design = Design(
                self.table,
                self.chosen.dist if "distribution" in on else "EVEN",
                self.chosen.sort if "sort key" in on else (ORDER,),
                self.chosen.encodings if "encodings" in on else {},
            )
            return self._seconds(self._haunted(sample, "ghosts gone" not in on), design, self.last)

        return Minutes(
            today * rate,
            after * rate,
            shares(("growth", "unsorted", "ghosts"), decayed),
            shares(("sort key", "distribution", "encodings", "ghosts gone"), cured),
        )

    def _seconds(self, sample: Sample, design: Design, day: date, layout: Layout | None = None) -> float:
        local = self.world.cluster
        full = replace(
            local,
            scan_mb_s=local.scan_mb_s * FULL_SLICES / local.slices,
            move_mb_s=local.move_mb_s * FULL_NODES / local.nodes,
        )
        world = replace(
            self.world,
            cluster=full,
            samples={**self.world.samples, self.table: sample},
            designs={**self.world.designs, self.table: design},
        )
        report = next(r for r in reports(day, (1, 1)) if r.name == REPORT)
        known = {name: frozenset(s.kinds) for name, s in world.samples.items()}
        query = query_log.one(query_log.Entry(report.text), known)
        if isinstance(query, query_log.Skipped):
            raise SystemExit(f"{report.name}: {query.reason}")
        return cost(world, query, self.table, layout or lay_out(sample, design, local)).seconds

    def _ordered(self, sample: Sample) -> Sample:
        """With the physical order of today as a column: sorted by id_pago, then what came since, as it came."""
        arrival = sample.columns["snapshot_seq"] // 48
        recent = arrival > arrival.max() - UNSORTED_DAYS
        order = np.where(recent, arrival + 2**40, sample.columns["id_pago"])
        return replace(
            sample,
            columns={**sample.columns, ORDER: order},
            kinds={**sample.kinds, ORDER: sample.kinds["id_pago"]},
        )

    def _young(self, sample: Sample) -> tuple[Sample, date]:
        starts = months()
        border = starts[len(starts) - 1 - YOUNG]
        rows = np.flatnonzero(sample.columns["fecha_pago"] < border.toordinal() - date(1970, 1, 1).toordinal())
        return _taken(sample, rows), date.fromordinal(border.toordinal() - 1)

    @staticmethod
    def _haunted(sample: Sample, ghosts: bool) -> Sample:
        return replace(sample, rows=round(sample.rows * (1 + GHOSTS))) if ghosts else sample


def shares(factors: Sequence[str], seconds: Callable[[frozenset[str]], float]) -> dict[str, float]:
    """Each factor's share of the change from none of them to all, in logarithms; they sum to 1."""
    known: dict[frozenset[str], float] = {}

    def log(on: frozenset[str]) -> float:
        if on not in known:
            known[on] = math.log(max(seconds(on), 1e-9))
        return known[on]

    found = {}
    count = len(factors)
    for factor in factors:
        others = [other for other in factors if other != factor]
        effect = 0.0
        for size in range(count):
            weight = math.factorial(size) * math.factorial(count - size - 1) / math.factorial(count)
            for subset in combinations(others, size):
                effect += weight * (log(frozenset({*subset, factor})) - log(frozenset(subset)))
        found[factor] = effect
    total = sum(found.values()) or 1.0
    return {factor: effect / total for factor, effect in found.items()}


def _taken(sample: Sample, rows: np.ndarray) -> Sample:
    return replace(
        sample,
        rows=round(len(rows) / sample.fraction),
        columns={name: values[rows] for name, values in sample.columns.items()},
        texts={name: values.take(rows) for name, values in sample.texts.items()},
    )
