"""When the report will be out, and until when each way out is still open: from the marks of the nights before.

Every earlier night is one possible end of this one: from where tonight stands, it would have taken as long as that
night did. The share of nights that end by 06:00 is the probability; nothing is assumed about distributions, and stages
that are slow together stay together. Sources that are still waited for arrive when they did that night, at the latest
at their cut-off. With fewer nights than `ENOUGH`, the durations are assumed ones, and the forecast says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from podemos.contracts.sources import Sources
from podemos.core.alert import Alert, Level, Send, tell
from podemos.core.clock import Clock, from_iso
from podemos.core.night import ANSWER_BY, DEADLINE, Night
from podemos.core.states import State
from podemos.core.store import ObjectStore
from podemos.regulatory import keys, marks
from podemos.regulatory.earlier import ASSUMED, CHAIN, Earlier, assumed, earlier_nights, quantile

ENOUGH = 5
"""Nights of history that are worth more than assumptions."""
LEAST_PERCENT = 80
"""A lower share of nights that end in time is worth waking somebody at 04:30."""
LATEST = 95
"""The percentile that a latest safe start allows for."""
OWNER, RUNBOOK = "regulatory-reporting", "docs/runbooks/regulatory_report.md#the-forecast"


@dataclass(frozen=True, slots=True)
class Forecast:
    """What can be said about 06:00.

    Attributes:
        at: when it was made.
        nights: how many earlier nights it rests on; 0 when durations are assumed.
        finish: when half of the nights would have delivered by.
        late: when 95 of 100 would have.
        percent: of the nights that would have delivered by 06:00.
        path: what is still to come, each with the clock it ends at.
        latest: fallback -> the latest clock at which it can still be started.
    """

    night: Night
    at: datetime
    nights: int
    finish: datetime
    late: datetime
    percent: int
    path: tuple[tuple[str, str], ...]
    latest: tuple[tuple[str, str], ...]

    @property
    def meets(self) -> bool:
        """Whether 06:00 is expected to be kept."""
        return self.finish <= self.night.at(DEADLINE) and self.percent >= LEAST_PERCENT

    @property
    def basis(self) -> str:
        """What it rests on, in words."""
        return f"{self.nights} earlier nights" if self.nights else "assumed durations, for want of history"

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "at": self.night.clock(self.at),
            "nights": self.nights,
            "finish": self.night.clock(self.finish),
            "late": self.night.clock(self.late),
            "percent": self.percent,
            "meets": self.meets,
            "path": [list(step) for step in self.path],
            "latest": dict(self.latest),
        }


def forecast(
    night: Night, at: datetime, *, lake: ObjectStore, sources: Sources, asked_until: datetime | None = None
) -> Forecast:
    """What can be said at `at`, from the night's own marks and those of the nights before.

    Args:
        night: the night.
        at: now.
        lake: the marks.
        sources: the configured sources.
        asked_until: when a person will have decided, if one is about to be asked; else the night's marks tell.
    """
    history = earlier_nights(marks.history(lake, night), night)
    known = history if len(history) >= ENOUGH else []
    ways = known or [assumed(night, sources)]
    stand = _Stand(night, at, marks.of(lake, night), sources, lake, asked_until)
    ends = sorted(stand.end(way) for way in ways)
    due = night.at(DEADLINE)
    return Forecast(
        night,
        at,
        len(known),
        quantile(ends, 50),
        quantile(ends, LATEST),
        sum(end <= due for end in ends) * 100 // len(ends),
        stand.path(ways),
        _latest(night, ways),
    )


def warn(*, night: Night, lake: ObjectStore, clock: Clock, sources: Sources, send: Send) -> None:
    """Tells, at 04:30 of the night's clock, that the report will probably not be out by 06:00; else says nothing.

    The alert names what is still to come, and until when each way out is open.
    """
    found = forecast(night, clock(), lake=lake, sources=sources)
    if found.meets:
        return
    day = night.business_date.isoformat()
    lines = [
        f"At {night.clock(found.at)} the report of {day} is expected at {night.clock(found.finish)} "
        f"(95 of 100 nights: {night.clock(found.late)}); {found.percent} % would be in time, by {found.basis}.",
        "Still to come: " + ", ".join(f"{stage} {clock}" for stage, clock in found.path),
        *(f"Latest safe start: {name}, {clock}" for name, clock in found.latest),
    ]
    alert = Alert(
        condition="forecast",
        subject=f"Report {day}: 06:00 will probably be missed ({night.clock(found.finish)})",
        text="\n".join(lines),
        level=Level.WARNING,
        owner=OWNER,
        meaning="it is missed unless somebody acts; from 05:00 the watchdog runs it outside if it stands still.",
        runbook=RUNBOOK,
        facts={"business_date": day},
    )
    tell(alert, keys.night_folder(night), lake=lake, send=send)


class _Stand:
    """Where the night stands."""

    def __init__(
        self,
        night: Night,
        at: datetime,
        heard: Sequence[marks.Mark],
        sources: Sources,
        lake: ObjectStore,
        asked_until: datetime | None,
    ) -> None:
        self._night, self._at = night, at
        run = next((m.night for m in reversed(heard) if not m.stage.startswith(marks.CONTINGENCY)), None)
        own = [m for m in heard if m.night == run]
        self._ended = {m.stage: m.ended for m in own}
        self._arrived = {m.stage.split(".")[1]: m.stage.endswith(State.ARRIVED) for m in own if m.stage[:5] == "wait."}
        self._waiting = [source for source in sources.sources if source.id not in self._arrived]
        self._last = next((stage for stage in reversed(CHAIN) if stage in self._ended), None)
        self._asked = asked_until
        if not asked_until and own and own[-1].stage == marks.PENDING:
            self._asked = from_iso(marks.evidence(lake, own[-1])["until"])

    def end(self, way: Earlier) -> datetime:
        """When the report is delivered, if it goes on as that night did."""
        if self._last == CHAIN[-1]:
            return self._ended[CHAIN[-1]]
        if self._asked:
            return max(self._asked, self._at) + way.after("decide")
        if self._last is None:
            found = self._ready(way) + way.from_seal
        else:
            found = self._ended[self._last] + way.after(self._last)
            if found <= self._at:  # slower than it was that night: the stage that runs ends now, at the earliest
                found = self._at + way.after(CHAIN[CHAIN.index(self._last) + 1])
        missing = not all(self._arrived.values())
        if missing and self._last in (None, "seal", "normalise", "reconcile", "gate"):
            return max(found, self._night.at(ANSWER_BY) + way.after("decide"))  # a person will be asked
        return found

    def path(self, ways: Sequence[Earlier]) -> tuple[tuple[str, str], ...]:
        """What is still to come, by the median night."""
        if self._last == CHAIN[-1]:
            return ()
        steps: list[tuple[str, str]] = []
        if self._asked:
            instant, coming = max(self._asked, self._at), CHAIN[CHAIN.index("decide") + 1 :]
            steps.append(("ask", self._night.clock(instant)))
        elif self._last is None:
            instant, coming = quantile(sorted(self._ready(way) for way in ways), 50), CHAIN
            waits = ", ".join(source.id for source in self._waiting) or "nobody"
            steps.append((f"wait for {waits}", self._night.clock(instant)))
        else:
            instant, coming = self._ended[self._last], CHAIN[CHAIN.index(self._last) + 1 :]
        for stage in coming:
            instant += quantile(sorted(way.lasted(stage) for way in ways), 50)
            steps.append((stage, self._night.clock(max(instant, self._at))))
        return tuple(steps)

    def _ready(self, way: Earlier) -> datetime:
        """When the last source has arrived or is missing."""
        cutoffs = {source.id: self._night.at(source.cutoff) for source in self._waiting}
        arrivals = [min(way.arrival(self._night, one, cutoff), cutoff) for one, cutoff in cutoffs.items()]
        return max([self._at, *arrivals])


def _latest(night: Night, ways: Sequence[Earlier]) -> tuple[tuple[str, str], ...]:
    """The latest clock at which each fallback can start."""

    def before(spans: list[timedelta]) -> str:
        return night.clock(night.at(DEADLINE) - quantile(sorted(spans), LATEST))

    minute = timedelta(seconds=night.seconds_per_hour) / 60
    runners = [way.runner for way in ways if way.runner] or [ASSUMED["contingency"] * minute]
    return (
        ("seal without the missing sources (partial)", before([way.from_seal for way in ways])),
        ("second engine alone", before([way.lasted("second") + way.from_reconcile for way in ways])),
        ("warehouse given up", before([way.from_reconcile for way in ways])),
        ("contingency runner", before([runner + 2 * minute for runner in runners])),  # and a container has to start
    )
