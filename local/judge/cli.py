"""`python -m local.judge report|plant`."""

from __future__ import annotations

import json
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import typer

from local.branches.server import ServerFailed
from local.judge import plant as planting
from local.judge.plant import NothingToChange, Planted
from local.judge.verdict import judge
from local.sources import aws
from local.sources.catalog import UnknownSource
from local.sources.deliver import Inbox
from local.sources.truth import NothingKnown

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)

DateOption = Annotated[datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="business date")]
StateOption = Annotated[Path, typer.Option(help="folder of the local platform's state", envvar="PODEMOS_STATE")]
EndpointOption = Annotated[str | None, typer.Option(help="URL of the local AWS; default AWS_ENDPOINT_URL")]

STATE = Path(".local")
Value = TypeVar("Value")


class Hop(StrEnum):
    """Where a cent can be changed."""

    SOURCE = "source"
    LANDED = "landed"
    WAREHOUSE = "warehouse"


@app.command()
def report(
    uri: Annotated[str, typer.Argument(help="s3://bucket/reports/…/v1/")],
    business_date: DateOption,
    state: StateOption = STATE,
    endpoint: EndpointOption = None,
) -> None:
    """Compare a published report with the truth: a line per difference, then the verdict as JSON. Exit 1 if it lies."""
    try:
        verdict = judge(uri, business_date.date(), client=aws.client("s3", endpoint), state=state)
    except (NothingKnown, ServerFailed, UnknownSource, aws.NoEndpoint) as error:
        _refuse(error)
    for line in verdict.differences:
        print(line)
    if verdict.difference_count > len(verdict.differences):
        print(f"… and {verdict.difference_count - len(verdict.differences)} more")
    print(json.dumps({key: value for key, value in verdict.to_json().items() if key != "differences"}))
    raise typer.Exit(0 if verdict.verified else 1)


@app.command()
def plant(
    hop: Annotated[Hop, typer.Option(help="where to add a cent")],
    business_date: DateOption,
    source: Annotated[str | None, typer.Option(help="hop source, or a movement in the warehouse")] = None,
    row: Annotated[int, typer.Option(help="hop source: row, counted from 1 over the source's files")] = 1,
    movement: Annotated[str | None, typer.Option(help="hop warehouse with --source; default the first")] = None,
    branch: Annotated[int | None, typer.Option(help="hop landed, or a payment in the warehouse")] = None,
    payment: Annotated[int | None, typer.Option(help="hop landed or warehouse; default a paid one of the date")] = None,
    state: StateOption = STATE,
    endpoint: EndpointOption = None,
) -> None:
    """Add one cent at a hop, after its control totals were taken."""
    day = business_date.date()
    try:
        if hop is Hop.WAREHOUSE:
            redshift = aws.client("redshift-data", endpoint)
            if source:
                planted = planting.in_warehouse_movement(redshift, day, source, movement)
            else:
                planted = planting.in_warehouse_payment(redshift, day, _needed(branch, "--branch"), payment)
        else:
            inbox = Inbox(aws.client("s3", endpoint), aws.lake_bucket(), state)
            if hop is Hop.SOURCE:
                planted = planting.in_source(inbox, day, _needed(source, "--source"), row)
            else:
                planted = planting.in_landed(inbox, day, _needed(branch, "--branch"), payment)
    except (NothingKnown, NothingToChange, UnknownSource, ValueError, aws.NoEndpoint) as error:
        _refuse(error)
    _say(planted)


def _needed(value: Value | None, option: str) -> Value:
    if value is None:
        raise ValueError(f"{option} is missing for this hop")
    return value


def _say(planted: Planted) -> None:
    print(f"{planted.hop}: one cent more in {planted.place}, {planted.row}")


def _refuse(error: Exception) -> NoReturn:
    typer.echo(str(error), err=True)
    raise typer.Exit(2)
