"""Runs a drill: the night of `make demo` from some minute on, with a fault, on one clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial

from local.drill import breaking, fresh, outcome, person, watchman
from local.drill.breaking import Scene
from local.drill.catalogue import LAST_PULL, Answer, Drill, Kind, UnknownFault
from local.drill.outcome import Outcome
from local.drill.schedule import Event, Happening, Schedule, opened_at
from local.platform import night, stages
from local.platform.dataset import Dataset
from local.platform.deliveries import Deliveries
from local.platform.provision.storage import alerts
from local.platform.show import Show
from local.platform.stack import Stack
from local.platform.watch import Run, Watch
from local.sources.catalog import find, systems
from local.sources.day import read as delivered
from local.sources.scenarios import delivery_clock
from podemos.core.clock import system_clock
from podemos.core.night import Night
from podemos.regulatory.watchdog import WAKES

OVER = "06:10"
"""When a night without Airflow is over at the latest."""
_LATE, _MISSING = Kind.SOURCE_LATE, Kind.SOURCE_MISSING
_PRELUDE_SECONDS = 60.0
READS_SECONDS = 5.0


@dataclass
class Ended:
    """A drill that is over: its clock, what happened in order of time, and what differs from what was expected."""

    drill: Drill
    night: Night
    outcome: Outcome
    happened: list[Happening]
    differences: list[str]


def rehearse(stack: Stack, show: Show, data: Dataset, drill: Drill) -> Ended:
    """Bring everything up, without that night's traces, run the night with the fault, mend it, and compare.

    Raises:
        UnknownFault: the source has delivered by that minute.
        StartFailed, PortsTaken, …: see `Stack.up`.
        TimeoutError: the night takes too long.
    """
    kind = drill.fault.kind
    require_in_time(drill)
    data = replace(data, withheld=(drill.target,) if kind == _MISSING else ())
    since = system_clock()
    show.line(fresh.start(stack, data, drill))
    alerts(stack.clients)
    follow = Watch(stack, show, timeout_seconds=stack.settings.night.timeout_seconds)
    scene = Scene(stack, data, follow)
    try:
        happened = _last_pull(show, scene, drill) if drill.at == LAST_PULL else []
        if not happened:
            _pull(follow, data)
        clock = _clock(drill, data.business_date)
        report = _open(stack, show, follow, data, drill, clock)
        schedule = Schedule(_events(drill, scene, report, clock), lambda one: _tell(show, clock, one))
        schedule.start()
        try:
            follow.until(_is_over(drill, scene, report, clock))
        finally:
            schedule.stop()
        found = outcome.gather(stack, data, since, [run.run_id for run in follow.runs])
    finally:
        follow.revives = True
        breaking.mend(drill, scene)
    happened += schedule.happened + outcome.happenings(found) + _stages(report)
    return Ended(
        drill, clock, found, sorted(happened, key=lambda one: one.at),
        outcome.differences(drill, found, clock, schedule.failures),
    )  # fmt: skip


def require_in_time(drill: Drill) -> None:
    """A source that delivers at 03:12 can not fail to deliver from 03:40 on.

    Raises:
        UnknownFault: it delivers before the drill's minute, or a change would come before it delivers.
        UnknownSource: no such source.
    """
    if drill.fault.names != "source":
        return
    delivers = delivery_clock(find(systems(), drill.target))
    changed = drill.fault.kind == Kind.SOURCE_CHANGED
    if changed and drill.at <= delivers:
        raise UnknownFault(f"AT={drill.at}: {drill.target} delivers at {delivers}; choose a later minute")
    if not changed and drill.at >= delivers:
        raise UnknownFault(f"AT={drill.at}: {drill.target} delivers at {delivers}; choose an earlier minute")


def _pull(follow: Watch, data: Dataset) -> None:
    """The branches' last pull, to its end."""
    run = follow.trigger(stages.BRANCHES, {"business_date": data.business_date.isoformat()})
    follow.until(lambda: run.ended)


def _last_pull(show: Show, scene: Scene, drill: Drill) -> list[Happening]:
    """The same with the fault; an outage is mended while it runs."""
    happened = [Happening(system_clock(), breaking.make(drill, scene))]
    show.line(happened[0].what)
    events = []
    if drill.fault.lasts:
        at = system_clock() + timedelta(seconds=drill.fault.lasts)
        events = [Event(at, lambda: breaking.mend(drill, scene))]
    schedule = Schedule(events, lambda one: show.line(one.what))
    schedule.start()
    _pull(scene.follow, scene.data)
    schedule.stop()
    return happened + schedule.happened


def _clock(drill: Drill, day: date) -> Night:
    start = system_clock().replace(microsecond=0) + timedelta(seconds=2)
    return opened_at(Night(day, start, drill.fault.pace), drill.fault.opens)


def _open(stack: Stack, show: Show, follow: Watch, data: Dataset, drill: Drill, clock: Night) -> Run:
    """Let what is due by now be delivered, then start the report's run."""
    late = frozenset({drill.target}) if drill.fault.kind == _LATE else frozenset()
    absent = late | set(data.withheld)
    due = {one.id for one in systems() if delivery_clock(one) < drill.fault.opens} - absent
    Deliveries(stack, show, data, clock, late).start()
    deadline = time.monotonic() + _PRELUDE_SECONDS
    while time.monotonic() < deadline:
        record = delivered(stack.settings.state, data.business_date)
        if record is not None and due <= set(record.delivered):
            break
        time.sleep(0.2)
    return night.open_night(follow, clock)


def _events(drill: Drill, scene: Scene, report: Run, clock: Night) -> list[Event]:
    """Everything that happens from outside: the fault, its end, the watchdog's waking, a person's answer."""
    found = []
    if drill.at != LAST_PULL:
        at = max(clock.at(drill.at), clock.at(drill.fault.opens))
        found.append(Event(at, lambda: breaking.make(drill, scene)))
        if drill.fault.lasts:
            found.append(Event(at + timedelta(seconds=drill.fault.lasts), lambda: breaking.mend(drill, scene)))
    if drill.fault.kind == Kind.AIRFLOW_KILLED:
        found += [Event(clock.at(wake), partial(watchman.wake, scene, clock, wake)) for wake in WAKES]
    if said := drill.fault.answer:
        found.append(Event(clock.at("04:00"), lambda: _answer(scene.stack, report, said, clock)))
    return found


def _answer(stack: Stack, report: Run, said: Answer, clock: Night) -> str:
    """Once it is asked and read."""
    while not person.asked(report):
        if report.ended or system_clock() > clock.at("05:45"):
            raise TimeoutError("nobody was asked")
        time.sleep(0.5)
    time.sleep(READS_SECONDS)
    return person.answer(stack, report, said)


def _is_over(drill: Drill, scene: Scene, report: Run, clock: Night) -> Callable[[], bool]:
    """A run ends; a night without Airflow is over when everything is delivered, or when it is too late."""

    def without_airflow() -> bool:
        now = system_clock()
        if now < clock.at(WAKES[0]):
            return False
        return now > clock.at(OVER) or outcome.delivered(scene.stack, scene.data) == drill.fault.expected.versions

    return without_airflow if drill.fault.kind == Kind.AIRFLOW_KILLED else lambda: report.ended


def _stages(report: Run) -> list[Happening]:
    """When the stages of the report ended; failed attempts of its tasks."""
    found = []
    for stage in stages.ALL:
        now = stages.progress(stage, report.tasks)
        if stage.dag == report.dag_id and now.ended:
            failed = f"; failed: {', '.join(now.failed)}" if now.failed else ""
            found.append(Happening(now.ended, f"stage {stage.name} ended{failed}"))
    again = [task for task in report.tasks if task["try_number"] > 1 and task["end_date"]]
    for task in again:
        name = task["task_id"] + (f"[{task['map_index']}]" if task["map_index"] >= 0 else "")
        ended: datetime = stages.instant(task["end_date"])
        found.append(Happening(ended, f"task {name} took {task['try_number']} attempts"))
    return found


def _tell(show: Show, clock: Night, one: Happening) -> None:
    show.line(f"[{clock.clock(one.at)} of the night] {one.what}")
