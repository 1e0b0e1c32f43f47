"""The table at the end of a drill: what happened when, what was sent, expected beside got."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from local.drill.catalogue import ALL, Drill
from local.drill.rehearsal import Ended
from podemos.core.night import DEADLINE


def show(console: Console, ended: Ended) -> None:
    """Print the drill."""
    table = Table(title=f"Drill {ended.drill.fault.name} at {ended.drill.at}: {ended.drill.fault.says}", min_width=80)
    table.add_column("night", no_wrap=True)
    table.add_column("what happened", overflow="fold")
    for one in ended.happened:
        table.add_row(ended.night.clock(one.at), one.what)
    console.print(table, markup=False)
    console.print(_compared(ended), markup=False)
    for difference in ended.differences:
        console.print(f"NOT AS EXPECTED: {difference}", markup=False)


def _compared(ended: Ended) -> Table:
    expected, got = ended.drill.fault.expected, ended.outcome
    table = Table(title="Outcome", min_width=80)
    for column in ("", "expected", "got"):
        table.add_column(column, overflow="fold")
    table.add_row("status", expected.status.value, got.status)
    if got.report:
        delivered = ended.night.clock(got.delivered) if got.delivered else "never"
        table.add_row("delivered", f"by {DEADLINE}", delivered)
        table.add_row("engine", expected.engine, f"{got.engine}{': ' if got.engine_reason else ''}{got.engine_reason}")
        table.add_row("signed", _yes(expected.signed), _yes(got.signed))
        table.add_row("verified", "yes", _yes(got.verified))
    said = got.answered
    who = f"{said['by'] or 'policy'}: {said['chosen']} ({said['note']})" if said else "nobody was asked"
    table.add_row("decided by", expected.answered or "nobody was asked", who)
    told = "\n".join(message.subject for message in got.messages) or "none"
    table.add_row("messages", "\n".join(expected.told), told)
    return table


def catalogue(console: Console) -> None:
    """List the faults."""
    table = Table(box=None, pad_edge=False)
    for column in ("FAULT=", "AT=", "what happens", "how the night must end"):
        table.add_column(column, overflow="fold")
    for fault in ALL:
        name = f"{fault.name}[={fault.target}]" if fault.names else fault.name
        table.add_row(name, fault.at, fault.says, ending(Drill(fault, fault.target, fault.at)))
    console.print(table, markup=False)


def ending(drill: Drill) -> str:
    """The expected outcome in one line."""
    expected = drill.fault.expected
    parts = [expected.status.value]
    if expected.engine == "duckdb":
        parts.append("by the second engine alone")
    if expected.signed:
        parts.append("signed")
    if expected.answered:
        parts.append(f"decided by {'a person' if expected.answered == 'person' else 'the policy'}")
    return ", ".join(parts)


def _yes(value: bool) -> str:
    return "yes" if value else "no"
