"""Commands of the watch: gaps, silence, metrics, dashboard."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import Annotated

import typer

from podemos.core.clock import iso, system_clock
from podemos.mobile import dashboard as body_of
from podemos.mobile import gaps as certificates
from podemos.mobile import watch
from podemos.mobile.command_line import Endpoint, Ports, app, say, told
from podemos.mobile.heartbeat import DynamoHeartbeats
from podemos.mobile.metrics import LogGroup, latest

Look = Annotated[bool, typer.Option("--look", help="Look now, and tell what is new; otherwise show the last look.")]


class WatchPorts(Ports):
    """The outside with the phones' table and the watch's log."""

    @cached_property
    def heartbeats(self) -> DynamoHeartbeats:
        """When each phone was last heard."""
        return DynamoHeartbeats(self.client("dynamodb"), self.platform.mobile.heartbeats_table)

    @cached_property
    def metrics(self) -> LogGroup:
        """Where the watch writes its numbers."""
        return LogGroup(self.client("logs"), system_clock)


@app.command()
@told
def gaps(
    device: Annotated[str | None, typer.Argument(help="A phone; default: every phone that lacks events.")] = None,
    look: Look = False,
    endpoint: Endpoint = None,
) -> None:
    """Show what each phone owes: numbers, days, and what can still be done."""
    ports = WatchPorts(endpoint)
    if look:
        certificates.certify(lake=ports.lake, heartbeats=ports.heartbeats, clock=system_clock, send=ports.send)
    board = certificates.board_of(ports.lake)
    if device is not None:
        say(board.get(device, f"no certificate of {device}: nothing of it has arrived"))
        return
    lines = [line for entry in board.values() for line in entry["lines"]]
    for line in lines:
        typer.echo(line)
    say({"phones": len(board), "phones_that_lack_events": sum(bool(entry["lines"]) for entry in board.values())})


@app.command()
@told
def silence(
    look: Look = False,
    stolen: Annotated[str | None, typer.Option(help="Refuse this phone's uploads, and watch it no longer.")] = None,
    found: Annotated[str | None, typer.Option(help="Take this phone's uploads again, and watch it.")] = None,
    endpoint: Endpoint = None,
) -> None:
    """Show which phones and towns are silent that should not be; report a phone stolen or found."""
    ports = WatchPorts(endpoint)
    for name, blocked in ((stolen, True), (found, False)):
        if name is not None:
            ports.heartbeats.block(name, blocked)
            typer.echo(f"{name}: uploads are {'refused' if blocked else 'taken'} since {iso(system_clock())}")
    if look:
        watch.look(lake=ports.lake, heartbeats=ports.heartbeats, clock=system_clock, send=ports.send)
    if stolen is None and found is None:
        say(watch.silent_devices(ports.lake))


@app.command()
@told
def metrics(
    hours: Annotated[int, typer.Option(min=1, help="How far back to read.")] = 24, endpoint: Endpoint = None
) -> None:
    """Show the newest value of each number that the watch wrote."""
    found = latest(WatchPorts(endpoint).metrics.read(timedelta(hours=hours)))
    for name, (value, at) in sorted(found.items()):
        typer.echo(f"{name} = {value:g}  ({iso(at)})")
    say({"metrics": len(found)})


@app.command()
@told
def dashboard(endpoint: Endpoint = None) -> None:
    """Print the dashboard's body: infra/dashboards/mobile.json."""
    typer.echo(body_of.text(WatchPorts(endpoint).platform), nl=False)
