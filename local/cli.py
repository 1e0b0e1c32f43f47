"""`python -m local`: start, look at, break, mend and stop the local platform, and run a night on it."""

from __future__ import annotations

import json
import re
import sys
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from local.branches import faults
from local.branches.catalog import UnknownBranch
from local.branches.faults import Kind, ProxyDown
from local.branches.generator import MINIMUM_ROWS
from local.branches.seed import TooFewRows
from local.branches.server import ServerFailed
from local.branches.settings import PortTaken
from local.branches.settings import Settings as BranchSettings
from local.compose.attached import AttachedStack
from local.drill import outcome, rehearsal
from local.drill import table as drill_table
from local.drill.catalogue import UnknownFault
from local.drill.catalogue import drill as find_drill
from local.platform import dataset, summary, watchdog
from local.platform.airflow import ImportErrors
from local.platform.dataset import Dataset
from local.platform.night import OFFLINE_SCENARIO, run_night
from local.platform.ports import PortsTaken
from local.platform.processes import StartFailed
from local.platform.provision.storage import alerts as inbox
from local.platform.rest import AirflowDown, AirflowRefused
from local.platform.settings import Hosts, Settings, settings
from local.platform.show import Show
from local.platform.stack import Say, Stack
from local.sources.catalog import UnknownSource
from podemos.core.clock import system_clock
from podemos.core.errors import PodemosError
from podemos.core.night import Night
from podemos.core.zones import zone_table

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
# Progress and tables go to standard error; standard output holds only what a program would read.
console = Console(stderr=True, highlight=False, soft_wrap=True, width=None if sys.stderr.isatty() else 120)

Day = Annotated[datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="Business date; default yesterday.")]
Branches = Annotated[int | None, typer.Option(help="How many branches.", min=1, max=200)]
Rows = Annotated[int | None, typer.Option(help="New payments per branch.", min=1)]
SCENARIOS = ("complete", "partial", "held", OFFLINE_SCENARIO, "tampered")
DRILL_BRANCHES, DRILL_ROWS = 20, 200
HELD = 3
"""Exit code of a night that was held on purpose: nothing was published."""
# What a person can mend is told in one line; anything else is a defect and keeps its traceback.
TOLD = (
    AirflowDown, AirflowRefused, ImportErrors, PodemosError, PortTaken, PortsTaken, ProxyDown, ServerFailed,
    StartFailed, TimeoutError, TooFewRows, UnknownBranch, UnknownFault, UnknownSource,
)  # fmt: skip


def say(line: str) -> None:
    """One line of progress."""
    console.print(line, markup=False)


def attach(using: Settings, tell: Say) -> Stack:
    """The platform of this machine, or the one whose parts run in other containers."""
    return Stack(using, tell) if using.hosts == Hosts() else AttachedStack(using, tell)


@app.command()
def up(day: Day = None, branches: Branches = None, rows: Rows = None) -> None:
    """Start the platform with its data, and print its addresses."""
    started = time.monotonic()
    stack = attach(settings(), say)
    held = dataset.read(stack.settings.state)
    wanted = held if held and not (day or branches or rows) else wanted_data(stack.settings, day, branches, rows)
    dags = stack.up(wanted)
    say(f"up in {time.monotonic() - started:.0f} s, {wanted.branches} branches, business date {wanted.business_date}")
    say(f"  Airflow   {stack.settings.airflow_url}  ({', '.join(dags) or 'no DAGs'})")
    say(f"  AWS       {stack.settings.endpoint}  (set AWS_ENDPOINT_URL to it)")
    say(f"  branches  127.0.0.1:{stack.settings.ports.mariadb}")
    say("  `make demo` runs a night, `make down` stops everything")


@app.command("aws")
def aws_only() -> None:
    """Start only the AWS stand-in, provisioned; prints what to export: eval "$(python -m local aws)"."""
    stack = attach(settings(), say)
    stack.start_aws_only()
    say(f"AWS stand-in on {stack.settings.endpoint}; `python -m local down` stops it")
    for name, value in stack.clients.environment().items():
        typer.echo(f"export {name}={value}")


@app.command("functions")
def functions_only() -> None:
    """Start the phones' door and the functions behind it (and the AWS stand-in, when nothing runs)."""
    stack = Stack(settings(), say)
    stack.start_functions()
    say(f"the phones' door is {stack.settings.door}/v1, `python -m local.phones send` lets phones send to it")


@app.command()
def down() -> None:
    """Stop everything that was started here, and nothing else. The data stays."""
    say("stopped" if attach(settings(), say).down() else "nothing was running")


@app.command()
def seed(day: Day = None, branches: Branches = None, rows: Rows = None) -> None:
    """The same as `up` with other data: start over with an empty lake if need be."""
    up(day, branches, rows)


@app.command()
def status() -> None:
    """What runs, where, and which branches have a fault."""
    stack = attach(settings(), say)
    table = Table(box=None, pad_edge=False)
    for column in ("process", "pid", "where"):
        table.add_column(column)
    for line in stack.status():
        table.add_row(line.name, str(line.pid) if line.runs else "[red]does not run[/red]", line.where)
    console.print(table)
    held = dataset.read(stack.settings.state)
    if held:
        say(f"data: {held.branches} branches x {held.rows} payments, business date {held.business_date}")
    for branch, fault_ in faults.current(BranchSettings.load(stack.settings.state)).items():
        say(f"branch {branch}: {fault_.kind}")
    for source in dataset.withheld(stack.settings.state):
        say(f"source {source}: withheld")


fault_app = typer.Typer(help="Break a branch or a source system.", no_args_is_help=True)
restore_app = typer.Typer(help="Mend branches or source systems.", no_args_is_help=True)
app.add_typer(fault_app, name="fault")
app.add_typer(restore_app, name="restore")


@fault_app.command("branch")
def fault_branch(
    which: Annotated[str, typer.Argument(help="One branch, several, or a range: 017, 003,017, 011-020.")],
    kind: Kind,
    size: Annotated[int | None, typer.Argument(metavar="[BYTES]", help="drop-after-bytes: how many pass.")] = None,
    times: Annotated[int, typer.Option(help="drop-after-bytes: how many links die.")] = 1,
    kbps: Annotated[int, typer.Option(help="slow: thousand bits a second, 0 is unlimited.")] = 64,
    delay_ms: Annotated[int, typer.Option(help="slow: wait before each answer.")] = 200,
) -> None:
    """Break branches, e.g. `fault branch 017 offline` or `fault branch 017 drop-after-bytes 20000`."""
    values = {"times": times, "kbps": kbps, "delay_ms": delay_ms} | ({} if size is None else {"bytes": size})
    saved = BranchSettings.load(settings().state)
    for branch in branch_numbers(which):
        faults.fault(saved, branch, kind, **values)
    say(f"branch {which}: {kind}")


@fault_app.command("source")
def fault_source(source: str, kind: Annotated[str, typer.Argument(help="missing")] = "missing") -> None:
    """Withhold a source system's delivery from the nights to come, e.g. `fault source spei missing`."""
    if kind != "missing":
        raise typer.BadParameter("a source can only be `missing`; late and changed files are scenarios of `demo`")
    dataset.withhold(settings().state, source)
    say(f"source {source}: {kind}")


@restore_app.command("branch")
def restore_branch(which: Annotated[str | None, typer.Argument(help="All when left out.")] = None) -> None:
    """Mend branches."""
    saved = BranchSettings.load(settings().state)
    mended = [
        id_
        for branch in (branch_numbers(which) if which else [None])
        for id_ in faults.restore(saved, branch)
    ]  # fmt: skip
    say(f"mended: {', '.join(mended) or 'no branch had a fault'}")


@restore_app.command("source")
def restore_source(source: Annotated[str | None, typer.Argument(help="All when left out.")] = None) -> None:
    """Let source systems deliver again."""
    mended = dataset.release(settings().state, source)
    say(f"delivers again: {', '.join(mended) or 'no source was withheld'}")


@restore_app.command("all")
def restore_all() -> None:
    """Mend everything."""
    restore_branch(None)
    restore_source(None)


@app.command()
def demo(
    scenario: Annotated[str, typer.Option(help=" | ".join(SCENARIOS))] = "complete",
    day: Day = None,
    branches: Branches = None,
    rows: Rows = None,
) -> None:
    """Run one night end to end; the last line is its result as JSON. Exit 0: published, and verified to the cent."""
    if scenario not in SCENARIOS:
        raise typer.BadParameter(f"{scenario!r} is not one of {', '.join(SCENARIOS)}", param_hint="--scenario")
    using = settings()
    data = replace(
        wanted_data(using, day, branches, rows), scenario=scenario, withheld=tuple(dataset.withheld(using.state))
    )
    with Show(console) as show:
        result = run_night(attach(using, show.line), show, data)
    summary.show(console, result)
    typer.echo(json.dumps(result.line()))
    raise typer.Exit(0 if result.good else HELD if result.status == "held" else 1)


@app.command()
def drill(
    fault: Annotated[str | None, typer.Option(help="A fault, e.g. warehouse_down; the list when left out.")] = None,
    at: Annotated[str | None, typer.Option(help="Minute of the night, HH:MM.")] = None,
    day: Day = None,
    branches: Branches = None,
    rows: Rows = None,
) -> None:
    """Rehearse a night with a fault; the last line is its result as JSON. Exit 0: it ended as it must."""
    if fault is None:
        drill_table.catalogue(console)
        return
    planned = find_drill(fault, at)
    using = settings()
    data = wanted_data(using, day, branches or DRILL_BRANCHES, rows or DRILL_ROWS)
    with Show(console) as show:
        ended = rehearsal.rehearse(attach(using, show.line), show, data, planned)
    drill_table.show(console, ended)
    typer.echo(json.dumps(outcome.line(planned, ended.outcome, ended.night, ended.differences)))
    raise typer.Exit(1 if ended.differences else 0)


@app.command()
def logs(
    name: Annotated[str | None, typer.Argument(help="A process of `status`; the list when left out.")] = None,
    lines: Annotated[int, typer.Option("-n", help="How many of the last lines.")] = 50,
) -> None:
    """The end of a process's output."""
    stack = attach(settings(), say)
    if name is None:
        for path in sorted(stack.settings.logs.glob("*.log")):
            say(f"{path.stem:24} {path}")
        return
    typer.echo(stack.processes.log_tail(name, lines))


@app.command("watchdog")
def watch(
    at: Annotated[str, typer.Option(help="HH:MM on the night's clock: 05:00, 05:30, 05:50, 06:00.")],
    day: Day = None,
    night_start: Annotated[str | None, typer.Option(help="Of a rehearsal: the instant that counts as 02:00.")] = None,
    seconds_per_hour: Annotated[int | None, typer.Option(help="Of a rehearsal: its pace.", min=1, max=3599)] = None,
    wait: Annotated[int, typer.Option(help="Seconds to wait for a runner that was started; 0 does not.")] = 0,
) -> None:
    """One look of the shipped watchdog at a night; it starts the shipped runner as a process. Last line JSON."""
    stack, wanted = attach(settings(), say), day.date() if day else yesterday()
    night = Night.scheduled(wanted)
    if night_start or seconds_per_hour:
        if not (night_start and seconds_per_hour):
            raise typer.BadParameter("a rehearsal has both --night-start and --seconds-per-hour")
        night = Night(wanted, datetime.fromisoformat(night_start).astimezone(UTC), seconds_per_hour)
    runner = watchdog.LocalRunner(stack.processes, stack.clients.environment())
    found = watchdog.look(night, at, stack.clients, runner)
    if wait and found["runner"]:
        ended = runner.wait(found["runner"], wait)
        say(stack.processes.log_tail(found["runner"]))
        say("the runner has ended" if ended else f"the runner still runs; see `python -m local logs {found['runner']}`")
    typer.echo(json.dumps(found, ensure_ascii=False))


@app.command()
def alerts() -> None:
    """Messages that the platform sent to the operator since the last look."""
    found = inbox(attach(settings(), say).clients)
    for alert in found:
        typer.echo(f"{alert['at']}  {alert['topic']}\n  {alert['subject']}\n  {alert['message']}")
    if not found:
        say("no new messages")


def branch_numbers(which: str) -> list[str]:
    """`"003,011-013"` -> 003, 011, 012, 013.

    Raises:
        BadParameter: it is something else.
    """
    found: list[str] = []
    for part in which.split(","):
        match = re.fullmatch(r"(\d{1,3})(?:-(\d{1,3}))?", part.strip())
        if match is None:
            raise typer.BadParameter(f"{part!r} is neither a branch (017) nor a range (011-020)")
        first, last = int(match[1]), int(match[2] or match[1])
        found += [f"{number:03d}" for number in range(first, last + 1)]
    return found


def wanted_data(using: Settings, day: datetime | None, branches: int | None, rows: int | None) -> Dataset:
    """What was asked for, the rest from the settings.

    Raises:
        TooFewRows: said here, before anything is started or deleted.
    """
    rows = rows or using.seed.rows
    if rows < MINIMUM_ROWS:
        raise TooFewRows(f"rows={rows}: a branch needs at least {MINIMUM_ROWS} payments to hold the planted defects")
    return Dataset(
        business_date=day.date() if day else yesterday(),
        branches=branches or using.seed.branches,
        rows=rows,
        movements=max(1, using.seed.movements * min(rows, using.seed.rows) // using.seed.rows),
    )


def yesterday() -> date:
    """The business day that ended last in Mexico City."""
    return zone_table().accounting_day(system_clock()) - timedelta(days=1)


def main() -> None:
    """Run the command."""
    try:
        app()
    except TOLD as failure:
        say(f"error: {failure}")
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        say("interrupted; what was started keeps running, `make down` stops it")
        raise SystemExit(130) from None
