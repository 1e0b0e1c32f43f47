"""Earlier nights as the forecast uses them: how long each stage took, when each source came. From marks alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar

from podemos.contracts.sources import Sources
from podemos.core.night import Night
from podemos.core.states import State
from podemos.regulatory import marks
from podemos.regulatory.marks import Mark

CHAIN = ("seal", "normalise", "reconcile", "gate", "decide", "build", "publish", "deliver")
"""The longest way through the DAG. `load` lies between `normalise` and `reconcile`, `second` beside both."""
ASSUMED = {
    "seal": 2, "normalise": 4, "second": 5, "reconcile": 8, "gate": 2, "decide": 1, "build": 3, "publish": 2,
    "deliver": 1, "contingency": 12,
}  # fmt: skip
"""Minutes, while there is no history; `reconcile` holds the load's."""


Value = TypeVar("Value")


def quantile(ordered: Sequence[Value], percent: int) -> Value:
    """The nearest-rank quantile of a sorted, non-empty sequence: one of its own values."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


@dataclass(frozen=True)
class Earlier:
    """One night that delivered.

    Attributes:
        ends: stage -> how long after `seal` began it ended; the time a person was asked is left out.
        spans: stage -> its own work.
        arrivals: source -> how long after 02:00 it arrived, in minutes of the night's clock.
        runner: how long the contingency runner took, if it ran.
    """

    ends: Mapping[str, timedelta]
    spans: Mapping[str, timedelta]
    arrivals: Mapping[str, timedelta]
    runner: timedelta | None = None

    @property
    def from_seal(self) -> timedelta:
        """From the last arrival to the delivery."""
        return self.ends[CHAIN[-1]]

    @property
    def from_reconcile(self) -> timedelta:
        """From the moment that reconcile could go on to the delivery."""
        return self.from_seal - self.ends["reconcile"] + self.spans.get("reconcile", timedelta(0))

    def after(self, stage: str) -> timedelta:
        """From the stage's end to the delivery."""
        return self.from_seal - self.ends[stage]

    def lasted(self, stage: str) -> timedelta:
        """What the stage added to the way; of one beside it, its own work."""
        if stage not in CHAIN:
            return self.spans.get(stage, timedelta(0))
        at = CHAIN.index(stage)
        return self.ends[stage] - (self.ends[CHAIN[at - 1]] if at else timedelta(0))

    def arrival(self, night: Night, source: str, otherwise: datetime) -> datetime:
        """When the source would arrive in `night`."""
        if source not in self.arrivals:
            return otherwise
        return night.start + self.arrivals[source] * night.seconds_per_hour / 3600


def earlier_nights(history: Mapping[tuple[date, str], Sequence[Mark]], night: Night) -> list[Earlier]:
    """The nights that opened by the schedule and delivered."""
    runners = {
        day: mark.lasted
        for (day, _), found in history.items()
        for mark in found
        if mark.stage in (f"{marks.CONTINGENCY}.complete", f"{marks.CONTINGENCY}.partial")
    }
    nights = []
    for (day, _), found in sorted(history.items()):
        first = {mark.stage: mark for mark in reversed(found)}
        if found[0].by_hand or not all(stage in first for stage in CHAIN):
            continue
        nights.append(_night(first, runners.get(day)))
    return nights


def _night(found: Mapping[str, Mark], runner: timedelta | None) -> Earlier:
    began, pause = found["seal"].began, timedelta(0)
    if marks.PENDING in found and "ask" in found:
        pause = found["ask"].ended - found[marks.PENDING].ended
    ends, late = {}, CHAIN.index("build")
    for at, stage in enumerate(CHAIN):
        ends[stage] = found[stage].ended - began - (pause if at >= late else timedelta(0))
    opened = datetime.strptime(found["seal"].night[:15] + "+0000", "%Y%m%dT%H%M%S%z")
    pace = found["seal"].pace
    arrivals = {
        name.split(".")[1]: (mark.ended - opened) * 3600 / pace
        for name, mark in found.items()
        if name.startswith("wait.") and name.endswith(f".{State.ARRIVED}")
    }
    return Earlier(ends, {stage: mark.lasted for stage, mark in found.items()}, arrivals, runner)


def assumed(night: Night, sources: Sources) -> Earlier:
    """A night that takes what stages are assumed to take, with every source at its cut-off."""
    minute, ends, so_far = timedelta(seconds=night.seconds_per_hour) / 60, {}, timedelta(0)
    for stage in CHAIN:
        so_far += ASSUMED[stage] * minute
        ends[stage] = so_far
    spans = {stage: minutes * minute for stage, minutes in ASSUMED.items()}
    cutoffs = {
        source.id: (night.at(source.cutoff) - night.start) * 3600 / night.seconds_per_hour for source in sources.sources
    }
    return Earlier(ends, spans, cutoffs)
