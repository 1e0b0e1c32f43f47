"""`python -m podemos.redshift redesign …`: what the DAG does, by hand; every command can be run again.

redesign plan order.json [--ddl new_table.sql] [--write]   # without --write nothing is written
redesign run|swap|rollback|watch|status|finish KEY
redesign approve KEY --by NAME --note WHY
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import timedelta
from pathlib import Path

from podemos.core.clock import system_clock
from podemos.core.errors import NotNeeded
from podemos.outside import Outside
from podemos.redshift import redesign_build, redesign_swap, redesign_watch
from podemos.redshift.redesign_target import Design, Order

_STEPS = ("run", "approve", "swap", "rollback", "watch", "status", "finish")


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The command with its own commands."""
    command = commands.add_parser(
        "redesign", help="give a table other keys without anybody noticing", description=__doc__
    )
    steps = command.add_subparsers(required=True)
    plan = steps.add_parser(
        "plan", help="take the inventory, show the DDL; refuses what could not be done without loss"
    )
    plan.add_argument("order", type=Path, help="JSON: table, date_column, amount, writer, reports, design, …")
    plan.add_argument("--ddl", type=Path, help="take the design from this file's CREATE TABLE")
    plan.add_argument("--write", action="store_true", help="write the plan; without, it is a dry run")
    plan.add_argument("--endpoint", help="where AWS is, when it is a stand-in")
    plan.set_defaults(run=_plan)
    for name in _STEPS:
        step = steps.add_parser(name)
        step.add_argument("key", help="of the plan, as `plan --write` prints it")
        step.add_argument("--endpoint", help="where AWS is, when it is a stand-in")
        step.set_defaults(run=_step, step=name)
        if name == "run":
            step.add_argument("--window-minutes", type=float, help="no month is begun that would end later")
        if name == "approve":
            step.add_argument("--by", required=True, help="who allows the swap")
            step.add_argument("--note", default="", help="why")
        if name == "finish":
            step.add_argument("--now", action="store_true", help="do not wait for the days of watching")
            step.add_argument("--abandon", action="store_true", help="it was never swapped: drop what was built")


def _plan(args: argparse.Namespace) -> int:
    outside = Outside(args.endpoint)
    data = json.loads(args.order.read_text(encoding="utf-8"))
    if args.ddl:
        data["design"] = Design.from_file(args.ddl, data["table"]).to_dict()
    found = redesign_build.plan(
        Order.from_dict(data),
        warehouse=outside.warehouse,
        lake=outside.lake,
        clock=system_clock,
        dry_run=not args.write,
    )
    _say(found["ddl"], *found["inventory"]["notes"])
    _say(
        f"rows by month: {json.dumps(found['months'])}", found["key"] if args.write else "dry run: nothing was written"
    )
    return 0


def _step(args: argparse.Namespace) -> int:
    outside = Outside(args.endpoint)
    redesign = redesign_build.opened(args.key, warehouse=outside.warehouse, lake=outside.lake, clock=system_clock)
    try:
        match args.step:
            case "run":
                minutes = args.window_minutes
                until = system_clock() + timedelta(minutes=minutes) if minutes else None
                _say(redesign_build.build(redesign, until))
            case "approve":
                _say(redesign_swap.approve(redesign, args.by, args.note))
            case "swap":
                _say(redesign_swap.swap(redesign))
            case "rollback":
                _say(redesign_swap.rollback(redesign))
            case "watch":
                _say(redesign_watch.watch(redesign))
            case "finish":
                _say(redesign_swap.finish(redesign, now=args.now, abandon=args.abandon))
            case _:
                _say(*redesign_watch.status(redesign))
    except NotNeeded as later:
        _say(str(later))
    return 0


def _say(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
