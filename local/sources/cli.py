"""`python -m local.sources deliver|restore|status|forget`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from local.branches.server import ServerFailed
from local.sources import aws, clients, day
from local.sources.catalog import UnknownSource, systems
from local.sources.day import Content, DayConflict
from local.sources.deliver import Inbox, Outcome, deliver, forget, has_delivered, night_of
from local.sources.movements import Clients
from local.sources.scenarios import NAMES, Scenario, Tamper, delivery_clock, scenario

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)

DateOption = Annotated[datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="business date")]
StateOption = Annotated[Path, typer.Option(help="folder of the local platform's state", envvar="PODEMOS_STATE")]
EndpointOption = Annotated[str | None, typer.Option(help="URL of the local AWS; default AWS_ENDPOINT_URL")]
ClientsOption = Annotated[Path | None, typer.Option(help='JSON {"branch": [client ids]}; default: ask the branches')]
RowsOption = Annotated[int | None, typer.Option(min=0, help="movements per system; default: its expected_rows")]
SeedOption = Annotated[int, typer.Option(help="another number gives other movements")]

STATE = Path(".local")


@app.command(name="deliver")
def deliver_(
    business_date: DateOption,
    start: Annotated[str, typer.Option(help="the instant that counts as 02:00, ISO 8601 with offset")] = "",
    seconds_per_hour: Annotated[int, typer.Option(help="length of a night's hour")] = 3600,
    scenario_name: Annotated[str, typer.Option("--scenario", help=" | ".join(NAMES))] = "complete",
    at_once: Annotated[bool, typer.Option("--now", help="deliver everything at once instead of at its time")] = False,
    tamper: Annotated[list[str] | None, typer.Option(help="`source=tarjetas row=17`; may be repeated")] = None,
    withhold: Annotated[list[str] | None, typer.Option(help="a source that never arrives; may be repeated")] = None,
    rows: RowsOption = None,
    seed: SeedOption = day.DEFAULT_SEED,
    clients_file: ClientsOption = None,
    state: StateOption = STATE,
    endpoint: EndpointOption = None,
) -> None:
    """Deliver the day: each system at its time of the night (sleeps in between), or everything `--now`."""
    try:
        if bool(start) is at_once:
            raise ValueError("give either --start (the night's 02:00) or --now")
        when = business_date.date()
        content = Content(when, _clients(state, clients_file), rows, seed)
        tampers = [Tamper.parse(text) for text in tamper or ()]
        chosen = scenario(scenario_name, content, tampers, withhold or ())
        night = None if at_once else night_of(when, start, seconds_per_hour)
        for outcome in deliver(_inbox(state, endpoint), content, chosen, night):
            _say(outcome)
    except (DayConflict, ServerFailed, UnknownSource, ValueError, aws.NoEndpoint) as error:
        _refuse(error)


@app.command()
def restore(business_date: DateOption, state: StateOption = STATE, endpoint: EndpointOption = None) -> None:
    """Deliver now what is missing, and deliver again what was changed: afterwards the inboxes hold the truth."""
    try:
        record = day.read(state, business_date.date())
        if record is None:
            raise DayConflict(f"nothing was ever delivered for {business_date:%Y-%m-%d}; use `deliver`")
        for outcome in deliver(_inbox(state, endpoint), record.content, Scenario("complete")):
            if outcome.written:
                _say(outcome)
    except (DayConflict, UnknownSource, aws.NoEndpoint) as error:
        _refuse(error)


@app.command()
def status(business_date: DateOption, state: StateOption = STATE, endpoint: EndpointOption = None) -> None:
    """Show when each system delivers and whether it has."""
    try:
        inbox = _inbox(state, endpoint)
        for system in systems():
            arrived = has_delivered(inbox, system.id, business_date.date())
            times = f"{delivery_clock(system)} (cut-off {system.cutoff})"
            print(f"{system.id:16} {system.criticality:10} {times}  {'arrived' if arrived else 'not yet'}")
    except (UnknownSource, aws.NoEndpoint) as error:
        _refuse(error)


@app.command(name="forget")
def forget_(business_date: DateOption, state: StateOption = STATE, endpoint: EndpointOption = None) -> None:
    """Empty the inboxes of a date and drop its record, so that the date can have other content."""
    try:
        print(f"{forget(_inbox(state, endpoint), systems(), business_date.date())} objects deleted")
    except (UnknownSource, aws.NoEndpoint) as error:
        _refuse(error)


def _inbox(state: Path, endpoint: str | None) -> Inbox:
    return Inbox(aws.client("s3", endpoint), aws.lake_bucket(), state)


def _clients(state: Path, file: Path | None) -> Clients:
    return clients.of_file(file) if file else clients.of_branches(state)


def _say(outcome: Outcome) -> None:
    words = f"{outcome.written} objects written" if outcome.written else "already there"
    print(f"{outcome.clock:5} {outcome.source_id:16} {outcome.rows:7} rows  {words}", flush=True)


def _refuse(error: Exception) -> NoReturn:
    typer.echo(str(error), err=True)
    raise typer.Exit(2)
