"""`python -m podemos.redshift advise`: which design would be better, from files or from the live warehouse."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from podemos.core.clock import system_clock
from podemos.outside import Outside
from podemos.redshift.advisor import block_list, inputs, page, query_log
from podemos.redshift.advisor.advise import advise
from podemos.redshift.advisor.cluster import Cluster
from podemos.redshift.advisor.workload import Name
from podemos.redshift.ddl_reader import read as read_ddl

MOST_TABLES = 10
"""Tables that are advised when none is named: those that the log spends most on."""


def run(args: argparse.Namespace) -> int:
    """Advises; 0 always, for "do nothing" is an advice, too.

    Raises:
        PodemosError: a file or the warehouse cannot be read.
    """
    tables = dict(read_ddl(args.ddl).tables) if args.ddl else {}
    notes: tuple[str, ...] = ()
    rows: dict[Name, int] = {}
    if args.log:
        entries = [entry for path in args.log for entry in query_log.entries(path)]
        workload = query_log.read(entries, inputs.known(tables))
    else:
        from podemos.redshift.advisor.live import look

        workload, live, rows, notes = look(Outside(args.endpoint).warehouse, system_clock(), args.days)
        tables = {**live, **tables}
    tables = inputs.inferred(workload, tables)
    values = {name: inputs.sampled(Path(path)) for name, path in inputs.assignments(args.sample).items()}
    rows |= {name: int(number) for name, number in inputs.assignments(args.rows).items()}
    blocks = {name: Path(path) for name, path in inputs.assignments(args.blocks).items()}
    world = inputs.world(tables, values, rows, Cluster(args.slices, args.nodes))
    wanted = [inputs.table_name(text) for text in args.table] or list(workload.tables())[:MOST_TABLES]
    advices = [
        advise(world, workload, name, block_list.read(blocks[name], tables[name]) if name in blocks else None)
        for name in wanted
        if name in tables
    ]
    unknown = [".".join(name) for name in wanted if name not in tables]
    if args.json:
        document = {
            "queries": len(workload.queries),
            "skipped": workload.reasons(),
            "unknown_tables": unknown,
            "cannot_see": list(notes),
            "tables": [advice.to_dict() for advice in advices],
        }
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=1) + "\n")
        return 0
    told = [f"unknown: {name}: neither the log nor the catalog has it" for name in unknown]
    told += [f"cannot see: {note}" for note in notes]
    sys.stdout.write("\n".join([*page.lines(advices, workload), *told]) + "\n")
    return 0
