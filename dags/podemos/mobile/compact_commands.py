"""Commands over the compacted tables: compact, trace, chase, reconcile."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

import typer

from podemos.core import manifest
from podemos.core.clock import system_clock
from podemos.core.errors import DataFault, NotNeeded
from podemos.core.zones import zone_table
from podemos.mobile import (
    arrivals,
    chase,
    compaction,
    load,
    places,
    plan,
    prepare,
    publish,
    reconcile,
    revisions,
    verify,
)
from podemos.mobile.command_line import Endpoint, Ports, app, say, told
from podemos.mobile.compact import commit_result
from podemos.mobile.trace import trace as trace_event
from podemos.mobile.upload import S3Uploads


@app.command()
@told
def compact(
    endpoint: Endpoint = None,
    load_payments: Annotated[bool, typer.Option("--load/--no-load", help="Take payments to the warehouse.")] = True,
) -> None:
    """Compact what the inbox holds, in this process whatever its size, until nothing is left."""
    ports = Ports(endpoint)
    key, left = "", True
    while left:
        key, left = _revision(ports.uploads)
    if not key:
        raise NotNeeded("nothing was ever uploaded")
    if load_payments:
        _load(ports, key)
    found = revisions.read(ports.uploads, key)
    say({"revision": key, "totals": found.document["totals"]})


def _revision(lake: S3Uploads) -> tuple[str, bool]:
    """One revision: its key, and whether more waits. The loser of two compactors plans again."""
    planned = plan.plan_compaction(arrivals.list_arrivals(lake=lake, clock=system_clock), lake=lake, clock=system_clock)
    document, ref = manifest.read(lake, planned)
    if document["engine"] != plan.Engine.NONE and lake.head(places.result_of(planned)) is None:
        commit_result(lake, ref, compaction.compact(document, lake=lake, uploads=lake))
    left: list[object] = []
    key = publish.publish_revision(planned, lake=lake, backlog=left.append)
    if key:
        verify.verify_revision(key, lake=lake)
    return key, bool(left)


def _load(ports: Ports, key: str) -> None:
    try:
        prepared = prepare.prepare_warehouse(key, lake=ports.lake, warehouse=ports.warehouse)
    except NotNeeded:
        return
    ports.warehouse.send(load.load_batch(prepared, lake=ports.lake, platform=ports.platform))


@app.command()
@told
def trace(event_id: str, endpoint: Endpoint = None) -> None:
    """Show where an event is, which upload and line brought it, and what else was said under its id."""
    say(trace_event(event_id, lake=Ports(endpoint).uploads))


@app.command("chase")
@told
def chase_payments(endpoint: Endpoint = None) -> None:
    """List the payments that lack their photo, their position or a settled receipt."""
    lake = Ports(endpoint).uploads
    found = list(chase.owing(lake, revisions.latest(lake), system_clock()))
    say({"payments": len(found), "cents": sum(each["centavos"] for each in found), "chased": found})


@app.command("reconcile")
@told
def reconcile_receipts(
    since: Annotated[str | None, typer.Option(help="First accounting day, YYYY-MM-DD; default 45 days ago.")] = None,
    endpoint: Endpoint = None,
) -> None:
    """List the receipts that phones and branches have otherwise, in cents."""
    try:
        day = (
            date.fromisoformat(since)
            if since
            else zone_table().accounting_day(system_clock()) - timedelta(reconcile.DAYS)
        )
    except ValueError:
        raise DataFault(f"--since {since!r} is not a date; write YYYY-MM-DD") from None
    found = list(reconcile.differences(Ports(endpoint).warehouse, day))
    say({"receipts": len(found), "cents": sum(each.diferencia_centavos for each in found), "differences": found})
