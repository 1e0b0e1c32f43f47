"""`python -m bench.redesign`: see docs/adr/0038-the-advisor.md. The last line is the result as JSON.

The simulator sees today's blocks and a sample of 1 % of the rows; the judge lays every candidate out whole.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

from bench.redesign import judge, tpch
from bench.redesign.model import Model
from bench.redesign.pagos import last_day
from bench.redesign.queries import Report, reports
from bench.redesign.world import SLICES, build
from podemos.core.paths import include
from podemos.redshift.advisor import inputs, query_log
from podemos.redshift.advisor.advise import Advice, advise
from podemos.redshift.advisor.candidates import best_encodings, starred
from podemos.redshift.advisor.cluster import BLOCK_BYTES, Cluster
from podemos.redshift.advisor.costs import World, cost
from podemos.redshift.advisor.designs import Design, today
from podemos.redshift.advisor.layout import Block, Layout, from_blocks, lay_out
from podemos.redshift.advisor.page import lines
from podemos.redshift.advisor.workload import Workload
from podemos.redshift.ddl_reader import read as read_ddl
from podemos.redshift.facts import Table

TABLE = ("core", "pagos_historicos")
SEED = 20261124
NODES = 2
OTHERS = {("core", "clientes"): 40, ("core", "prestamos"): 20}
"""Payments for each row of the other tables."""


def main() -> int:
    """Compares; 1 when the median error is above 20 % or the designs are ranked otherwise than they are."""
    parser = argparse.ArgumentParser(prog="python -m bench.redesign", description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--block-bytes", type=int, default=BLOCK_BYTES, help="smaller, to try with few rows")
    parser.add_argument("--home", type=Path, default=Path(".local/bench-redesign"))
    args = parser.parse_args()
    started = time.monotonic()
    columns = tuple(sorted({column for report in reports(last_day(), (1, 1)) for column in report.columns}))
    found = build(args.home / "rows", args.rows, args.seed, columns, args.block_bytes)
    said(f"{found.rows:,} rows, {found.stored - found.rows:,} ghosts, {found.unsorted:.0%} unsorted; "
         f"{found.sample.num_rows:,} sampled", started)  # fmt: skip
    asked = reports(last_day(), found.client)
    tables = {
        name: as_it_was(t) if name == TABLE else t for name, t in read_ddl([include() / "sql/branches"]).tables.items()
    }
    tables = {name: tables[name] for name in (TABLE, *OTHERS)}
    workload = query_log.read((query_log.Entry(r.text, float(r.runs), r.runs) for r in asked), inputs.known(tables))
    workload = replace(workload, days=7.0)
    rows = {TABLE: found.rows, **{name: found.rows // each for name, each in OTHERS.items()}}
    world = inputs.world(tables, {TABLE: found.sample}, rows, Cluster(SLICES, NODES, block_bytes=args.block_bytes))
    present = from_blocks(Block(*row) for row in found.blocks)
    advice = advise(world, workload, TABLE, present)
    print("\n".join(lines([advice], workload)))
    said("advised", started)

    designs = candidates(world, advice)
    predicted = {name: simulate(world, workload, asked, design, present) for name, design in designs.items()}
    said("simulated", started)
    touched: dict[str, dict[str, int]] = {}
    for name, design in designs.items():
        if design.kept:
            touched[name] = predicted[name]  # its blocks were seen, not predicted; it takes part in the ranking only
            continue
        words = judge.Words(
            name, design.distkey, design.sort, dict(design.encodings), design.split, design.dist == "ALL"
        )
        result = judge.judge(found.files, words, asked, SLICES, args.home / "judge", args.block_bytes)
        touched[name] = result.touched
        said(f"judged {name}: {result.stored:,} blocks", started)
    errors = tell(predicted, touched, [name for name, design in designs.items() if not design.kept])
    ranked = [sorted(counts, key=lambda name: (sum(counts[name].values()), name)) for counts in (predicted, touched)]
    print(f"predicted order: {' < '.join(ranked[0])}\ntouched order:   {' < '.join(ranked[1])}")

    minutes = Model(world, TABLE, present, advice.best.design, last_day()).minutes()
    print(f"model: 5 -> {minutes.before:.1f} minutes today, {minutes.after:.1f} under {advice.best.design.title}")
    for what, shares in (("got slow by", minutes.decay), ("gets fast by", minutes.cure)):
        print(f"  {what} " + ", ".join(f"{name} {share:.0%}" for name, share in shares.items()))
    benchmark = tpch.advice(args.seed)
    for name, one in benchmark.items():
        print(f"TPC-H {name}: {one.best.design.title}")
        print("\n".join(f"  {reason}" for reason in one.best.reasons))
    shutil.rmtree(args.home, ignore_errors=True)
    right = ranked[0] == ranked[1]
    print(
        json.dumps(
            {
                "median_block_error": round(median(errors), 4),
                "ranking_correct": right,
                "model_minutes_before": round(minutes.before, 1),
                "model_minutes_after": round(minutes.after, 1),
                "tpch": {name: tpch.summary(one) for name, one in benchmark.items()},
            },
            ensure_ascii=False,
        )
    )
    return int(median(errors) > 0.2 or not right)


def as_it_was(table: Table) -> Table:
    """The table before any redesign: rows everywhere, in the order of the till's number, nothing encoded."""
    columns = tuple(replace(column, encoding="none") for column in table.columns)
    return replace(table, diststyle="EVEN", sort=("id_pago",), columns=columns)


def candidates(world: World, advice: Advice) -> dict[str, Design]:
    """The designs that are judged: today's, the first idea, its star, by branch, by client, and the advice."""
    sample = world.samples[TABLE]

    def design(dist: str, *sort: str) -> Design:
        return Design(TABLE, dist, sort, best_encodings(sample, sort))

    first = design("KEY(id_cliente)", "fecha_pago", "id_cliente")
    found = {
        "today": today(sample.table),
        "date": first,
        "star": starred(sample, first) or first,
        "branch": design("EVEN", "id_sucursal", "fecha_pago"),
        "client": design("KEY(id_cliente)", "id_cliente", "fecha_pago"),
    }
    best = advice.best.design
    if all((best.dist, best.sort, best.split) != (d.dist, d.sort, d.split) for d in found.values()):
        found["advised"] = best
    return found


def simulate(world: World, workload: Workload, asked: list[Report], design: Design, present: Layout) -> dict[str, int]:
    """Blocks that the simulator predicts, by report."""
    layout = present if design.kept else lay_out(world.samples[TABLE], design, world.cluster)
    around = replace(world, designs={**world.designs, TABLE: design})
    by_text = {query.text: cost(around, query, TABLE, layout).blocks for query in workload.queries}
    return {report.name: by_text[report.text] for report in asked}


def tell(predicted: dict[str, dict[str, int]], touched: dict[str, dict[str, int]], judged: list[str]) -> list[float]:
    """Prints predicted / touched for each report and design; the relative errors."""
    errors = []
    print(f"{'predicted / touched':22}" + "".join(f"{name:>16}" for name in predicted))
    for report in next(iter(predicted.values())):
        cells = []
        for name in predicted:
            cells.append(f"{predicted[name][report]:>7,}/{touched[name][report]:<7,}")
            if name in judged:
                errors.append(abs(predicted[name][report] - touched[name][report]) / max(1, touched[name][report]))
        print(f"{report:22}" + "".join(f"{cell:>16}" for cell in cells))
    for name in judged:
        found = [abs(predicted[name][r] - touched[name][r]) / max(1, touched[name][r]) for r in predicted[name]]
        print(f"  {name}: median error {median(found):.1%}, largest {max(found):.1%}")
    return errors


def said(what: str, started: float) -> None:
    """A line of progress."""
    print(f"[{time.monotonic() - started:6.1f} s] {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
