"""The command line of this concern: `python -m podemos.redshift <command>`; `--help` lists the commands.

python -m podemos.redshift gate include/sql     # exit 1 names file, table, column and the line to add
python -m podemos.redshift gate --live          # the same rules over the warehouse that the environment names
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from podemos.core.clock import iso, system_clock
from podemos.core.errors import PodemosError
from podemos.core.zones import zone_table
from podemos.outside import Outside
from podemos.redshift import gate, redesign_command
from podemos.redshift.diagnose import diagnose, lines


def main(arguments: list[str] | None = None) -> int:
    """Runs a command; 0 is well, 1 is an offence, 2 says what could not be read."""
    parser = argparse.ArgumentParser(prog="python -m podemos.redshift", description=__doc__)
    commands = parser.add_subparsers(required=True)
    _gate_command(commands)
    _diagnose_command(commands)
    _maintain_command(commands)
    redesign_command.add(commands)
    _advise_command(commands)
    args = parser.parse_args(arguments)
    try:
        return int(args.run(args))
    except PodemosError as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _gate_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser("gate", help="judge the tables that SQL files declare, or the live catalog")
    command.add_argument("folders", nargs="*", type=Path, help="folders with .sql files")
    command.add_argument("--live", action="store_true", help="judge the live catalog instead")
    command.add_argument("--endpoint", help="where AWS is, when it is a stand-in")
    command.add_argument("--json", action="store_true", help="print the offences as JSON")
    command.set_defaults(run=_gate)


def _gate(args: argparse.Namespace) -> int:
    today = zone_table().accounting_day(system_clock())
    if args.live:
        verdict = gate.over_live(Outside(args.endpoint).warehouse, today)
    else:
        verdict = gate.over_files(args.folders or [Path("include/sql")], today)
    if args.json:
        sys.stdout.write(json.dumps([o.to_dict() for o in verdict.offences], ensure_ascii=False, indent=1) + "\n")
    else:
        for line in [*(offence.line() for offence in verdict.offences), *verdict.notes, verdict.last_line()]:
            sys.stdout.write(line + "\n")
    return int(bool(verdict.critical))


def _diagnose_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser("diagnose", help="say why a report got slow")
    command.add_argument("--query-hash", help="one query, by the hash that this command prints")
    command.add_argument("--since", type=datetime.fromisoformat, help="UTC; default: seven days ago")
    command.add_argument("--views", choices=["sys", "stl"], help="ask these system views, whatever the probe finds")
    command.add_argument(
        "--keep", action="store_true", help="keep what was read in the lake, and take earlier looks in"
    )
    command.add_argument("--json", action="store_true", help="print everything as JSON")
    command.add_argument("--html", type=Path, help="write the page there, too")
    command.add_argument("--endpoint", help="where AWS is, when it is a stand-in")
    command.set_defaults(run=_diagnose)


def _diagnose(args: argparse.Namespace) -> int:
    outside, now = Outside(args.endpoint), system_clock()
    found = diagnose(
        outside.warehouse,
        args.since or now - timedelta(days=7),
        query_hash=args.query_hash,
        views=args.views,
        lake=outside.lake if args.keep else None,
        at=iso(now),
    )
    if args.html:
        from podemos.redshift.page import render

        args.html.write_bytes(render(found))
    if args.json:
        sys.stdout.write(json.dumps(found.to_dict(), ensure_ascii=False, indent=1) + "\n")
    else:
        for line in lines(found):
            sys.stdout.write(line + "\n")
    return 0


def _maintain_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser("maintain", help="vacuum and analyze what pays, until the window ends")
    command.add_argument("what", choices=["plan", "run"], help="say what would be done, or do it")
    command.add_argument("--window-minutes", type=float, required=True, help="from now; nothing runs beyond it")
    command.add_argument("--views", choices=["sys", "stl"], help="scans from these views, whatever the probe finds")
    command.add_argument("--json", action="store_true", help="print everything as JSON")
    command.add_argument("--endpoint", help="where AWS is, when it is a stand-in")
    command.set_defaults(run=_maintain)


def _maintain(args: argparse.Namespace) -> int:
    from podemos.redshift import maintenance, maintenance_facts, maintenance_page, maintenance_run
    from podemos.redshift.probe import probe

    outside, now = Outside(args.endpoint), system_clock()
    since = (now - timedelta(days=maintenance_facts.DAYS)).strftime("%Y-%m-%d %H:%M:%S")
    seen = probe(outside.warehouse, since, args.views)
    window = timedelta(minutes=args.window_minutes)
    denied = maintenance_run.without_effect(outside.lake, now.date())
    if args.what == "plan":
        facts = maintenance_facts.read(outside.warehouse, seen.dialect, now, window, denied)
        found = maintenance.plan(facts, window.total_seconds())
        document, told, failed = found.to_dict(), maintenance_page.plan_lines(found), False
    else:
        within = lambda seconds: replace(outside.warehouse, timeout_seconds=seconds)  # noqa: E731
        passed = maintenance_run.run(within, seen.dialect, system_clock, window, denied)
        maintenance_run.keep(outside.lake, passed)
        document, told = passed.to_dict(), maintenance_page.window_lines(passed)
        failed = any(done.effect in ("no_effect", "refused") for done in passed.done)
    notes = [f"cannot see: {note}" for note in seen.cannot_see]
    text = json.dumps(document, ensure_ascii=False, indent=1) if args.json else "\n".join([*told, *notes])
    sys.stdout.write(text + "\n")
    return int(failed)


def _advise_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser("advise", help="say which design of a table would serve its queries better")
    command.add_argument("--log", action="append", type=Path, default=[], help=".sql, .jsonl or .csv; default: live")
    command.add_argument("--ddl", action="append", type=Path, default=[], help="folders or files that declare tables")
    command.add_argument("--table", action="append", default=[], help="advise this one; default: the heaviest")
    command.add_argument(
        "--sample", action="append", default=[], metavar="TABLE=FILE", help="parquet rows, 1 % at most"
    )
    command.add_argument("--blocks", action="append", default=[], metavar="TABLE=FILE", help="STV_BLOCKLIST as CSV")
    command.add_argument("--rows", action="append", default=[], metavar="TABLE=N", help="rows of a whole table")
    command.add_argument("--slices", type=int, default=16)
    command.add_argument("--nodes", type=int, default=4)
    command.add_argument("--days", type=int, default=7, help="of the live history")
    command.add_argument("--json", action="store_true", help="print everything as JSON")
    command.add_argument("--endpoint", help="where AWS is, when it is a stand-in")
    command.set_defaults(run=_advise)


def _advise(args: argparse.Namespace) -> int:
    from podemos.redshift import advise_command

    return advise_command.run(args)


if __name__ == "__main__":
    sys.exit(main())
