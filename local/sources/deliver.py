"""Delivery: each system writes its files, then its control file, into its inbox at its time of the night."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from local.sources import day
from local.sources.catalog import System
from local.sources.day import Content, DayConflict, NightClock
from local.sources.generate import CONTROL, Delivery, generate, prefix_of, with_a_cent_more
from local.sources.scenarios import Scenario, delivery_clock
from podemos.core.clock import Clock, system_clock
from podemos.core.night import Night


@dataclass(frozen=True)
class Inbox:
    """Where deliveries go and where they are recorded: an S3 client, the lake's bucket, the local state folder."""

    client: Any
    bucket: str
    state: Path


@dataclass(frozen=True)
class Outcome:
    """One system's delivery. `clock` is the night's clock (empty when everything is delivered at once)."""

    source_id: str
    clock: str
    written: int
    rows: int


def deliver(
    inbox: Inbox,
    content: Content,
    scenario: Scenario,
    night: Night | None = None,
    *,
    clock: Clock = system_clock,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Outcome]:
    """Deliver the day, system by system in order of time. Nothing that is already there unchanged is written again.

    Args:
        inbox: where to.
        content: what the systems hold.
        scenario: who delivers, late or never, and what is changed afterwards.
        night: whose clock to wait for; None delivers at once and leaves late systems out like withheld ones.
        clock: tells the present instant.
        sleep: waits that many seconds.

    Raises:
        DayConflict: the date has other content, or a system that must be missing or late has already delivered.
    """
    order = _order(content.configured, scenario, night)
    day.open_day(inbox.state, content, _clock_of(night))
    _refuse_what_cannot_be_undone(inbox, content, scenario)
    for when, system in order:
        delivery = _prepared(content, system, scenario)
        if night is not None:
            sleep(max(0.0, (night.at(when) - clock()).total_seconds()))
        written = upload(inbox, delivery)
        day.note_delivery(inbox.state, content.business_date, system.id, clock())
        yield Outcome(system.id, when, written, sum(len(file.movements) for file in delivery.files))


def upload(inbox: Inbox, delivery: Delivery) -> int:
    """Write what differs from what is there, the control file last; returns the number of objects written."""
    written = 0
    for key, data in delivery.objects():
        if not _holds(inbox, key, data):
            inbox.client.put_object(Bucket=inbox.bucket, Key=key, Body=data)
            written += 1
    return written


def has_delivered(inbox: Inbox, source_id: str, business_date: date) -> bool:
    """Whether a control file is in the inbox."""
    return _etag(inbox, prefix_of(source_id, business_date) + CONTROL) is not None


def forget(inbox: Inbox, systems: Iterable[System], business_date: date) -> int:
    """Empty the inboxes of the date and remove its record; returns the number of objects deleted."""
    deleted = 0
    for system in systems:
        prefix = prefix_of(system.id, business_date)
        found = inbox.client.list_objects_v2(Bucket=inbox.bucket, Prefix=prefix).get("Contents", [])
        for entry in sorted(found, key=lambda one: not one["Key"].endswith(CONTROL)):
            inbox.client.delete_object(Bucket=inbox.bucket, Key=entry["Key"])
            deleted += 1
    day.forget(inbox.state, business_date)
    return deleted


def _order(systems: Iterable[System], scenario: Scenario, night: Night | None) -> list[tuple[str, System]]:
    """Who delivers, by time."""
    absent = scenario.withheld if night else scenario.withheld | scenario.late
    present = [system for system in systems if system.id not in absent]
    times = [(delivery_clock(system, system.id in scenario.late) if night else "", system) for system in present]
    return sorted(times, key=lambda one: one[0])


def _prepared(content: Content, system: System, scenario: Scenario) -> Delivery:
    delivery = generate(content, system)
    for tamper in scenario.tampers:
        if tamper.source_id == system.id:
            delivery = with_a_cent_more(content, system, delivery, tamper.row)
    return delivery


def _refuse_what_cannot_be_undone(inbox: Inbox, content: Content, scenario: Scenario) -> None:
    business_date = content.business_date
    arrived = [one for one in sorted(scenario.withheld | scenario.late) if has_delivered(inbox, one, business_date)]
    if arrived:
        raise DayConflict(
            f"scenario {scenario.name}: {', '.join(arrived)} already delivered for {business_date}; use another date, "
            f"or first `python -m local.sources forget --date {business_date}`"
        )


def _holds(inbox: Inbox, key: str, data: bytes) -> bool:
    return _etag(inbox, key) == hashlib.md5(data, usedforsecurity=False).hexdigest()


def _etag(inbox: Inbox, key: str) -> str | None:
    with suppress(inbox.client.exceptions.ClientError):
        return str(inbox.client.head_object(Bucket=inbox.bucket, Key=key)["ETag"]).strip('"')
    return None


def _clock_of(night: Night | None) -> NightClock | None:
    return NightClock(night.start.isoformat(), night.seconds_per_hour) if night else None


def night_of(business_date: date, start: str, seconds_per_hour: int) -> Night:
    """The night that begins at `start` (ISO 8601 with offset).

    Raises:
        ValueError: `start` is not such an instant, or an hour would have no length.
    """
    instant = datetime.fromisoformat(start)
    if instant.tzinfo is None:
        raise ValueError(f"--start {start}: the offset is missing; write for example {start}+00:00")
    if seconds_per_hour < 1:
        raise ValueError(f"--seconds-per-hour {seconds_per_hour}: an hour takes at least a second")
    return Night(business_date, instant, seconds_per_hour)
