"""The trace that each stage of a night leaves at its end: the heartbeat, and the history of durations and arrivals.

One small object per stage, created once, under `regulatory/marks/<D>/<night id>/<ended>_<began>_<stage>`. All but the
evidence stands in the key, so the newest heartbeat and a month of history are read by listing, without a GET.

A mark tells what happened and decides nothing: one that cannot be written is logged, and the stage goes on.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from podemos.core.clock import iso
from podemos.core.errors import AlreadyExists
from podemos.core.manifest import canonical, read
from podemos.core.night import Night
from podemos.core.store import ObjectStore
from podemos.regulatory.keys import night_id

log = logging.getLogger(__name__)

MARKS = "regulatory/marks/"
HISTORY_DAYS = 60
PENDING = "ask.pending"
"""A person is being asked; the mark's `until` says how long."""
CONTINGENCY = "contingency"
"""Marks of the contingency runner: `contingency.<stage>`, and at its end `contingency.<outcome>`."""
_INSTANT = "%Y%m%dT%H%M%S%f"
_KEY = re.compile(
    rf"{MARKS}(?P<day>\d{{4}}-\d\d-\d\d)/(?P<night>(?P<start>\d{{8}}T\d{{6}})(?P<fraction>\.\d{{6}})?Zx(?P<pace>\d+))/"
    r"(?P<ended>\d{8}T\d{12})Z_(?P<began>\d{8}T\d{12})Z_(?P<stage>[a-z0-9_.-]+)"
)


@dataclass(frozen=True, slots=True)
class Mark:
    """One stage of one night that ended.

    Attributes:
        day: the business day.
        night: the night's id.
        stage: the task's id; of a source's sensor `wait.<source>.<state>`.
        began: when its work began, aware.
        ended: when it ended, aware.
        pace: seconds per hour of its night.
        by_hand: a night that was not opened by the schedule: a run by hand, or the contingency runner.
        key: of the object.
    """

    day: date
    night: str
    stage: str
    began: datetime
    ended: datetime
    pace: int
    by_hand: bool
    key: str

    @property
    def lasted(self) -> timedelta:
        """How long it took."""
        return self.ended - self.began


def leave(
    lake: ObjectStore,
    night: Night,
    stage: str,
    began: datetime,
    ended: datetime,
    evidence: Mapping[str, Any] | None = None,
) -> None:
    """Leaves a mark. Never fails: whatever goes wrong here must not cost the night a stage.

    Args:
        lake: the bucket of the evidence.
        night: the night.
        stage: what ended.
        began: when its work began.
        ended: now.
        evidence: what else is known, e.g. the key it handed on and the forecast.
    """
    key = f"{MARKS}{night.business_date}/{night_id(night)}/{_compact(ended)}_{_compact(began)}_{stage}"
    document = {"stage": stage, "began": iso(began), "ended": iso(ended), **(evidence or {})}
    try:
        with suppress(AlreadyExists):
            lake.put_new(key, canonical(document), "application/json")
    except Exception:
        log.warning("%s could not be written; the watchdog may take the night for dead", lake.uri(key), exc_info=True)


def of(lake: ObjectStore, night: Night) -> list[Mark]:
    """Marks of every run of the day on this night's clock (the scheduled one, by hand, the runner's), oldest first."""
    prefix = f"{MARKS}{night.business_date}/{night.start:%Y%m%dT%H%M%S}"
    found = (parse(info.key) for info in lake.list(prefix))
    return sorted((m for m in found if m and m.pace == night.seconds_per_hour), key=lambda m: (m.ended, m.stage))


def history(lake: ObjectStore, night: Night, days: int = HISTORY_DAYS) -> dict[tuple[date, str], list[Mark]]:
    """Marks of earlier nights, real ones for a real night and rehearsals for a rehearsal, by day and night id."""
    first, found = night.business_date - timedelta(days=days), dict[tuple[date, str], list[Mark]]()
    own = night_id(night)
    for info in lake.list(MARKS, start_after=f"{MARKS}{first}"):
        mark = parse(info.key)
        if mark is None or mark.night == own:
            continue
        if mark.day > night.business_date:
            break
        if (mark.pace != 3600) == night.rehearsal and (night.rehearsal or mark.day < night.business_date):
            found.setdefault((mark.day, mark.night), []).append(mark)
    return {name: sorted(marks, key=lambda m: m.ended) for name, marks in found.items()}


def evidence(lake: ObjectStore, mark: Mark) -> dict[str, Any]:
    """What the object holds."""
    return read(lake, mark.key)[0]


def parse(key: str) -> Mark | None:
    """The mark of a key; None when it is none."""
    found = _KEY.fullmatch(key)
    if found is None:
        return None
    return Mark(
        date.fromisoformat(found["day"]),
        found["night"],
        found["stage"],
        _instant(found["began"]),
        _instant(found["ended"]),
        int(found["pace"]),
        found["fraction"] is not None,
        key,
    )


def _compact(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):{_INSTANT}}Z"


def _instant(text: str) -> datetime:
    return datetime.strptime(text, _INSTANT).replace(tzinfo=UTC)
