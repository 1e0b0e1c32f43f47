"""One case: phones send, compactors run, die, meet and are run again, over the shipped stages."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from bench.chaos_mobile.phones import Batch, Script, draw_script
from bench.chaos_mobile.world import Killed, Lake, Time
from podemos.core.errors import AlreadyExists, DataFault, NotNeeded, SourceUnavailable
from podemos.mobile import arrivals, compact, plan, publish, verify
from podemos.mobile.keys import inbox_key
from podemos.mobile.upload import Upload

MINUTES = 90
LATE_DAYS = 90
CYCLES = (15, 30, 45, 60, 75, 95)
LATER = (3 * 1440 + 120, LATE_DAYS * 1440 + 30, LATE_DAYS * 1440 + 90, LATE_DAYS * 1440 + 105)
ATTEMPTS = 3
_WRITES = 28
"""About as many writes has a compaction of a case."""


@dataclass
class Life:
    """What a case is made of and what it left.

    Attributes:
        received: of each accepted upload: its key, its batch, and when it was received.
        told: what happened, for a person.
        faults: a stage refused; none may.
    """

    draw: random.Random
    script: Script
    lake: Lake
    time: Time = field(default_factory=Time)
    received: dict[str, tuple[Batch, str]] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    crashes: int = 0
    meetings: int = 0


def live(seed: int, case: int) -> Life:
    """Lives a case to its end: the last cycles are quiet, so that everything sent is compacted."""
    draw = random.Random(f"{seed}/{case}")
    life = Life(draw, draw_script(draw, MINUTES, LATE_DAYS), Lake(random.Random(f"{seed}/{case}/lake")))
    quiet = LATER[-2:]
    for minute in (*CYCLES, *LATER):
        _send_until(life, minute - draw.choice((0, 0, 4)))
        life.time.minute = max(life.time.minute, minute)
        if minute in quiet:
            _send_until(life, minute)
        _cycle(life, troubled=minute not in quiet)
    return life


def _send_until(life: Life, minute: float) -> None:
    while life.script.sends and life.script.sends[0][0] <= minute:
        _send(life)


def _send(life: Life) -> None:
    at, batch, attempt = life.script.sends.pop(0)
    life.time.minute = max(life.time.minute, at)
    received = life.time()
    data = batch.data
    digest = hashlib.sha256(data).hexdigest()
    key = inbox_key(received, batch.region, batch.device, 1, len(batch.lines), digest)
    skew = life.script.skews.get(batch.device, timedelta())
    upload = Upload(batch.device, "i1", batch.region, batch.branch, received + skew, received, attempt)
    try:
        life.lake.put_upload(key, data, upload.to_metadata())
    except AlreadyExists:
        return
    life.received[key] = (batch, f"{received:%Y-%m-%dT%H:%M:%S.%f}Z")


def _cycle(life: Life, *, troubled: bool) -> None:
    """One run of the DAG: dead tasks are tried again, or the run is given up."""
    if troubled:
        _trouble(life)
    try:
        _run(life)
    finally:
        _calm(life)


def _calm(life: Life) -> None:
    life.lake.before = life.lake.after = lambda number: None
    life.lake.listing = lambda: None


def _trouble(life: Life) -> None:
    """Draws what happens at which of the coming writes: death before or after it, a second compactor, an upload."""
    draw, lake = life.draw, life.lake
    before: dict[int, Callable[[], None]] = {}
    after: dict[int, Callable[[], None]] = {}
    for _ in range(draw.choice((0, 1, 1, 2))):
        (before if draw.random() < 0.5 else after)[lake.writes + draw.randint(1, _WRITES)] = lambda: _die(life)
    if draw.random() < 0.4:
        (before if draw.random() < 0.5 else after)[lake.writes + draw.randint(1, _WRITES)] = lambda: _second(life)
    if draw.random() < 0.3:
        before[lake.writes + draw.randint(1, _WRITES)] = lambda: _arrive(life)
    lake.before = lambda number: before.pop(number, _nothing)()
    lake.after = lambda number: after.pop(number, _nothing)()
    if draw.random() < 0.3:
        lake.listing = lambda: _arrive(life)


def _nothing() -> None:
    """Most writes go well."""


def _die(life: Life) -> None:
    life.crashes += 1
    raise Killed


def _arrive(life: Life) -> None:
    if life.script.sends and life.script.sends[0][0] <= life.time.minute + 15:
        _send(life)


def _second(life: Life) -> None:
    """A second compactor runs to its end, or dies, between two writes of the first one."""
    life.meetings += 1
    lake = life.lake
    kept = lake.before, lake.after, lake.listing
    _calm(life)
    if life.draw.random() < 0.3:
        last = lake.writes + life.draw.randint(1, _WRITES)
        lake.before = lambda number: _die(life) if number == last else None
    try:
        _run(life, second=True)
    finally:
        lake.before, lake.after, lake.listing = kept


def _run(life: Life, *, second: bool = False) -> None:
    who = "second" if second else "first"
    lake, clock = life.lake, life.time
    steps: list[tuple[str, Callable[[str], str]]] = [
        ("list", lambda _: arrivals.list_arrivals(lake=lake, clock=clock)),
        ("plan", lambda key: plan.plan_compaction(key, lake=lake, clock=clock)),
        ("compact", lambda key: compact.compact_in_worker(key, lake=lake, uploads=lake)),
        ("publish", lambda key: publish.publish_revision(key, lake=lake)),
        ("verify", lambda key: verify.verify_revision(key, lake=lake)),
    ]
    key = ""
    for name, step in steps:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                key = step(key)
                break
            except NotNeeded:
                break
            except (Killed, SourceUnavailable) as error:
                life.told.append(f"{clock():%d %H:%M} {who} {name} {attempt}: {type(error).__name__}")
                if attempt == ATTEMPTS or life.draw.random() < 0.3:
                    return
            except DataFault as error:
                life.faults.append(f"{clock():%d %H:%M} {who} {name}: {error}")
                return
    life.told.append(f"{clock():%d %H:%M} {who}: {key}")
