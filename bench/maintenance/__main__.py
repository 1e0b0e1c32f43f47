"""`python -m bench.maintenance`: see docs/adr/0037-maintenance.md. The last line is the result as JSON.

Each fleet (two families, with and without tables over 700 GB, 20 seeds) has one window. Three policies are played in
it, one statement at a time, and the scan time that each saves a day is compared.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, timedelta
from statistics import median

from bench.maintenance.catalog import Catalog
from bench.maintenance.fleets import FAMILIES, NOW, Family, fleet
from bench.maintenance.policies import awslabs, everything, omniscient, once, ours
from bench.maintenance.window import Outcome, play
from podemos.redshift.maintenance import plan
from podemos.redshift.maintenance_facts import Facts, read

DEFAULT_SEED = 20261124
BLIND = {"stl": (), "sys": ("stl_scan", "stl_alert_event_log")}
"""Views that a warehouse of this kind does not have."""
LEAST = 60.0
"""Seconds: a policy that saves less counts as saving so much, so that no ratio is without bound."""


@dataclass(frozen=True, slots=True)
class Result:
    """One fleet's window."""

    family: Family
    large: bool
    seed: int
    ours: Outcome
    awslabs: Outcome
    everything: Outcome
    omniscient: Outcome
    same_plan: bool

    @property
    def vs_awslabs(self) -> float:
        """How many times their scan time ours saves."""
        return self.ours.saved / max(self.awslabs.saved, LEAST)

    @property
    def vs_everything(self) -> float:
        """The same against `VACUUM` of everything."""
        return self.ours.saved / max(self.everything.saved, LEAST)


def main() -> int:
    """Compares; 1 when a vacuum of ours was useless, the dialects differ, or the median against awslabs is below 2."""
    parser = argparse.ArgumentParser(prog="python -m bench.maintenance", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    parser.add_argument("--window-minutes", type=float, default=120)
    args = parser.parse_args()
    started = time.monotonic()
    window = timedelta(minutes=args.window_minutes)
    results = [
        one(family, args.seed + n, large, window)
        for family in FAMILIES
        for large in (False, True)
        for n in range(args.seeds)
    ]
    tell(results, args.window_minutes)
    useless = [f"{r.family}/{r.seed}/{r.large}: {what}" for r in results for what in r.ours.useless]
    print(
        json.dumps(
            {
                "vs_awslabs": round(median(r.vs_awslabs for r in results), 2),
                "vs_vacuum_all": round(median(r.vs_everything for r in results), 2),
                "useless_vacuums": len(useless),
                "same_plan_both_dialects": all(r.same_plan for r in results),
                "groups": {
                    name: {
                        "vs_awslabs": round(median(r.vs_awslabs for r in found), 2),
                        "vs_vacuum_all": round(median(r.vs_everything for r in found), 2),
                    }
                    for name, found in groups(results).items()
                },
                "fleets": len(results),
                "fleets_lost": sum(r.vs_awslabs < 1 or r.vs_everything < 1 for r in results),
                "fleets_below_2x_awslabs": sum(r.vs_awslabs < 2 for r in results),
                "fleets_where_nobody_could_2x": sum(r.omniscient.saved < 2 * r.awslabs.saved for r in results),
                "share_of_omniscient": round(median(r.ours.saved / r.omniscient.saved for r in results), 2),
                "window_minutes": args.window_minutes,
                "seed": args.seed,
                "seconds": round(time.monotonic() - started, 1),
            }
        )
    )
    good = median(r.vs_awslabs for r in results) >= 2 and all(r.same_plan for r in results)
    return int(bool(useless) or not good)


def one(family: Family, seed: int, large: bool, window: timedelta) -> Result:
    """A fleet's window under the three policies."""
    found, seconds = fleet(family, seed, large=large), window.total_seconds()
    facts: list[Facts] = []
    for dialect in ("stl", "sys"):
        views = {view: rows for view, rows in found.rows.items() if view not in BLIND[dialect]}
        catalog = Catalog(views)
        facts.append(read(catalog, dialect, NOW.replace(tzinfo=UTC), window))
        catalog.close()
    return Result(
        family,
        large,
        seed,
        play(found.truth, ours(facts[0]), seconds),
        play(found.truth, once(awslabs(found.rows)), seconds),
        play(found.truth, once(everything(found.rows)), seconds),
        play(found.truth, once(omniscient(found.truth)), seconds),
        plan(facts[0], seconds) == plan(facts[1], seconds),
    )


def groups(results: Iterable[Result]) -> dict[str, list[Result]]:
    """By family, with and without large tables."""
    found: dict[str, list[Result]] = {}
    for result in results:
        found.setdefault(f"{result.family}, {'with' if result.large else 'no'} tables > 700 GB", []).append(result)
    return found


def tell(results: list[Result], minutes: float) -> None:
    """Per group what a window saves, and every fleet that we lose or do not win twice."""
    for name, found in groups(results).items():
        print(f"{name}: {len(found)} fleets of 300 tables, windows of {minutes:g} minutes; medians")
        for policy in ("ours", "awslabs", "everything", "omniscient"):
            outcomes: list[Outcome] = [getattr(r, policy) for r in found]
            saved, vacuums = median(o.saved for o in outcomes) / 60, median(o.vacuums for o in outcomes)
            useless, cut = median(len(o.useless) for o in outcomes), sum(o.cut_off for o in outcomes)
            print(
                f"  {policy:10} saves {saved:8.1f} min of scans a day; {vacuums:5.0f} vacuums, {useless:5.0f} useless; "
                f"{cut} cut off in all windows; {median(o.spent for o in outcomes) / 60:.0f} min spent"
            )
    for r in sorted(results, key=lambda r: r.vs_awslabs):
        if r.vs_awslabs < 2 or r.vs_everything < 1:
            saved = ", ".join(f"{o.saved / 60:.1f}" for o in (r.ours, r.awslabs, r.everything, r.omniscient))
            print(
                f"below: {r.family} large={r.large} seed={r.seed}: {r.vs_awslabs:.2f} x awslabs, "
                f"{r.vs_everything:.2f} x everything (ours, awslabs, everything, omniscient: {saved} min)"
            )
    for r in results:
        for what in r.ours.useless:
            print(f"USELESS: {r.family} large={r.large} seed={r.seed}: {what}")


if __name__ == "__main__":
    sys.exit(main())
