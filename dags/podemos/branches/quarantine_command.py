"""`python -m podemos.branches quarantine`: what waits, and what a person decides about it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import Any

from podemos.branches import decisions
from podemos.branches.decisions import Action
from podemos.branches.outside import Outside
from podemos.branches.status import quarantined
from podemos.core.clock import system_clock
from podemos.core.errors import DataFault

_HELP = {
    Action.ACCEPT: "load a row whose parent is unknown, as it is",
    Action.CORRECT: "load a row with other values in some columns; the branch's own stay beside it",
}


def add(commands: Any, aws: argparse.ArgumentParser) -> None:
    """Adds the command to the command line of this concern.

    Args:
        commands: the subparsers.
        aws: options of every command that needs AWS.
    """
    found = commands.add_parser(
        "quarantine",
        help="what waits: reason x branch x age, rows and amounts, the trend; last line JSON; or decide about a row",
        parents=[aws],
    )
    found.set_defaults(run=lambda args: _say(quarantined(Outside(args.endpoint).lake)))
    actions = found.add_subparsers(dest="action", metavar="accept|correct")
    again = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    for option in ("--endpoint", "--config"):  # also behind the action; without a default that would hide the first
        again.add_argument(option, help=argparse.SUPPRESS)
    for action, text in _HELP.items():
        one = actions.add_parser(str(action), help=text, description=text, parents=[again])
        one.add_argument("--table", required=True)
        one.add_argument("--branch", required=True, help="id, 017")
        one.add_argument("--key", required=True, help="as the quarantine report lists it; several columns joined by /")
        one.add_argument("--reason", required=True, help="why; it is kept with the decision")
        one.add_argument("--by", required=True, help="who decides")
        if action is Action.CORRECT:
            one.add_argument("--set", action="append", default=[], metavar="COLUMN=VALUE", dest="values")
            one.add_argument("--null", action="append", default=[], metavar="COLUMN", help="set a column to NULL")
        else:
            one.set_defaults(values=[], null=[])
        one.set_defaults(run=_decide)


def _decide(args: argparse.Namespace) -> int:
    ref, event = decisions.decide(
        Outside(args.endpoint).lake,
        Action(args.action),
        args.table,
        args.branch,
        args.key,
        values=_values(args),
        reason=args.reason,
        by=args.by,
        clock=system_clock,
    )
    return _say([f"{event['action']}: the next curation loads the row", ref.key])


def _values(args: argparse.Namespace) -> dict[str, str | None]:
    values: dict[str, str | None] = dict.fromkeys(args.null)
    for text in args.values:
        name, equals, value = text.partition("=")
        if not equals or name in values:
            raise DataFault(f"--set {text}: write column=value, each column once; --null column for NULL")
        values[name] = value
    return values


def _say(lines: Iterator[str] | list[str]) -> int:
    for line in lines:
        sys.stdout.write(line + "\n")
    return 0
