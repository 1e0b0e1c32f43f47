"""`python -m podemos.redshift advise`: which design would be better, from files or from the live warehouse."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from podemos.redshift.advisor import inputs, page, query_log
from podemos.redshift.advisor.advise import advise
from podemos.redshift.advisor.cluster import Cluster
from podemos.redshift.ddl_reader import read as read_ddl

MOST_TABLES = 10
"""Tables that are advised when none is named: those that the log spends most on."""


def run(args: argparse.Namespace) -> int:
    """Advises; 0 always, for "do nothing" is an advice, too."""
    cluster = Cluster(args.slices, args.nodes)
    if args.log:
        tables = dict(read_ddl(args.ddl).tables) if args.ddl else {}
        entries = [entry for path in args.log for entry in query_log.entries(path)]
        workload = query_log.read(entries, inputs.known(tables))
        tables = inputs.inferred(workload, tables)
        values = {name: inputs.sampled(Path(path)) for name, path in inputs.assignments(args.sample).items()}
        rows = {name: int(number) for name, number in inputs.assignments(args.rows).items()}
        world, present = inputs.world(tables, values, rows, cluster), {}
    else:
        from podemos.redshift.advisor.live import look

        workload, world, present = look(args.endpoint, args.days, [inputs.table_name(t) for t in args.table], cluster)
    wanted = [inputs.table_name(text) for text in args.table] or list(workload.tables())[:MOST_TABLES]
    unknown = [name for name in wanted if name not in world.samples]
    advices = [advise(world, workload, name, present.get(name)) for name in wanted if name in world.samples]
    if args.json:
        document = {
            "queries": len(workload.queries),
            "skipped": workload.reasons(),
            "unknown_tables": [".".join(name) for name in unknown],
            "tables": [advice.to_dict() for advice in advices],
        }
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=1) + "\n")
        return 0
    told = [f"unknown: {'.'.join(name)}: neither the log nor the catalog has it" for name in unknown]
    sys.stdout.write("\n".join([*page.lines(advices, workload), *told]) + "\n")
    return 0
