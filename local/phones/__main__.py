"""`python -m local.phones`: let a fleet of phones send to a door, or live days in seconds; the last line is JSON."""

from __future__ import annotations

import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from local.phones import crowd, simulate
from local.phones.fleet import Fleet, draw
from local.phones.links import Weather
from local.phones.truth import judge
from local.platform.clients import Clients
from local.platform.settings import settings
from podemos.contracts.mobile import mobile, region_table
from podemos.contracts.platform import platform
from podemos.core.clock import system_clock
from podemos.mobile.admission import Capacity, Gate, MemoryCounters
from podemos.mobile.heartbeat import MemoryHeartbeats
from podemos.mobile.receive import Door
from podemos.mobile.upload import MemoryUploads, S3Uploads

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

Phones = Annotated[int, typer.Option(help="How many.", min=1, max=5000)]
Days = Annotated[int, typer.Option(help="Of work before they reconnect.", min=1, max=90)]
Visits = Annotated[int, typer.Option(help="Per phone and day, four events each.", min=1)]
Seed = Annotated[int, typer.Option(help="Another one gives other phones.")]
FAIR = Weather(0.0, 0.0, 0.0)


@app.command()
def send(
    phones: Phones = 50,
    days: Days = 2,
    visits: Visits = 5,
    seed: Seed = 7,
    url: Annotated[str | None, typer.Option(help="Of the door; default: the local platform's.")] = None,
    fair: Annotated[bool, typer.Option(help="Links without faults.")] = False,
    threads: Annotated[int, typer.Option(help="Phones at the same time.", min=1)] = 64,
) -> None:
    """Phones that were days without a link reconnect at once, over HTTP; then the inbox is compared with the truth."""
    using = settings()
    fleet = _fleet(phones, days, visits, seed)
    folder = using.state / "phones" / "outboxes"
    shutil.rmtree(folder, ignore_errors=True)
    done = crowd.reconnect(fleet, url or using.door, folder, FAIR if fair else Weather(), threads)
    done.truth.write(using.state / "truth" / "phones.json", fleet)
    verdict = judge(S3Uploads(Clients(using)("s3"), platform().lake_bucket), done.truth)
    found = {"phones": phones, "seconds": round(done.seconds, 1), "requests": done.requests, "waited": done.waited}
    typer.echo(json.dumps({**found, "gave_up": len(done.gave_up), **verdict.line(), "planted": dict(fleet.planted)}))
    raise typer.Exit(0 if verdict.good and not done.gave_up else 1)


@app.command()
def live(
    phones: Phones = 500,
    days: Days = 3,
    visits: Visits = 3,
    seed: Seed = 7,
    truth: Annotated[Path | None, typer.Option(help="Where to write what the phones captured.")] = None,
) -> None:
    """Days of a fleet on a simulated clock, with the shipped door in this process and an inbox in memory."""
    fleet = _fleet(phones, days, visits, seed)
    store, limits = MemoryUploads(), mobile().admission
    capacity = Capacity(limits.window_seconds, limits.uploads, limits.others_percent)
    regions = region_table()
    done = simulate.simulate(
        fleet,
        lambda clock: Door(store, MemoryHeartbeats(), Gate(capacity, MemoryCounters()), regions, clock),
    )
    if truth is not None:
        done.truth.write(truth, fleet)
    verdict = judge(store, done.truth)
    found = {"phones": phones, "requests": done.requests, "waited": done.waited, **verdict.line()}
    typer.echo(json.dumps({**found, "planted": dict(fleet.planted), "dead_region": fleet.dead_region}))
    raise typer.Exit(0 if verdict.good else 1)


def _fleet(phones: int, days: int, visits: int, seed: int) -> Fleet:
    """Its last day is yesterday."""
    today: datetime = system_clock().replace(hour=0, minute=0, second=0, microsecond=0)
    return draw(seed, phones, today - timedelta(days=days), days, region_table(), visits)


if __name__ == "__main__":
    app()
