"""What a device usually does: how often it was heard in each half hour of the week, over the last eight weeks.

The quantities are shares of weeks: `heard[s]` is how likely the device is heard in half hour `s` of a local day. Its
*working time* are the half hours in which that is half as likely as at its busiest; silence counts in working
time alone, as a share of the day's: 1.0 is one working window without a word. A weekday on which it is hardly heard
has no working time, so a day off, a night and a Sunday say nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

SLOTS = 48
KEPT_DAYS = 56
"""Eight weeks: long enough for a quantile, short enough to follow a new route."""
WORKDAYS, SUNDAY = range(5), 6
"""Monday to Friday: what such a day is like is learned from all five, until a weekday has its own weeks."""
OWN_WEIGHT, FLEET_WEIGHT = 2, 3
"""Days that the prior counts as: of the device's other workdays, and of the fleet's."""
CORE = 0.5
"""Of the busiest half hours' share: working time begins there."""
BUSIEST = 4
"""The busiest is the fourth highest half hour, so that one outlier decides nothing."""
LEAST_DAY = 0.35
"""Of a typical working day: a weekday with less has no working time."""
LEAST_PEAK = 0.12
"""A device that is heard so seldom even at its busiest has no rhythm to be judged by."""
WEEKEND_DAYS, WEEKEND_WEIGHT = 2, 0.5
"""Saturdays of its own that a device must have shown before one counts, and days that the fleet's count as beside them:
some officers work on Saturdays and some do not, so the others say little."""
MOST_HEARD = 0.97


@dataclass(frozen=True, slots=True)
class Day:
    """What is expected of one device on one local day: shares by half hour; `window` sums to 1, or is all 0."""

    heard: Sequence[float]
    window: Sequence[float]

    @property
    def works(self) -> bool:
        """Whether the day has working time."""
        return any(self.window)


@dataclass(frozen=True, slots=True)
class Prior:
    """What the fleet does, by half hour: on a workday, and on a Saturday and a Sunday."""

    workday: Sequence[float]
    weekend: Mapping[int, Sequence[float]]


@dataclass(slots=True)
class Rhythm:
    """Counts of one device, or of the whole fleet.

    Attributes:
        counts: by weekday and half hour, on how many days it was heard.
        days: by weekday, how many days were learned.
        masks: the learned days: ordinal -> bits of the half hours; a fleet keeps none.
    """

    counts: list[list[int]] = field(default_factory=lambda: [[0] * SLOTS for _ in range(7)])
    days: list[int] = field(default_factory=lambda: [0] * 7)
    masks: dict[int, int] = field(default_factory=dict)

    def learn(self, day: int, mask: int, fleet: Rhythm) -> None:
        """Adds a whole local day, and forgets the one that is eight weeks older; the same for the fleet.

        Args:
            day: ordinal of the date.
            mask: bit `s` is set if it was heard in half hour `s`.
            fleet: the sum of all devices.
        """
        if day in self.masks:
            return
        self.masks[day] = mask
        self._add(day, mask, 1, fleet)
        for old in [old for old in self.masks if old <= day - KEPT_DAYS]:
            self._add(old, self.masks.pop(old), -1, fleet)

    def prior(self) -> Prior:
        """Of a fleet: what is believed of a device that is new."""
        weekend = {d: [count / max(1, self.days[d]) for count in _smooth(self.counts[d])] for d in (5, 6)}
        return Prior([count / max(1, self._workdays) for count in _smooth(self._pooled)], weekend)

    def expect(self, weekday: int, prior: Prior, *, free: bool = False) -> Day:
        """What a day should be like.

        Args:
            weekday: 0 is Monday.
            prior: of the fleet.
            free: nobody works: it is expected to be heard as on Sundays.
        """
        days = self._workdays + FLEET_WEIGHT
        workday = [(u + FLEET_WEIGHT * f) / days for u, f in zip(_smooth(self._pooled), prior.workday, strict=True)]
        weekday = SUNDAY if free else weekday
        believed = prior.weekend.get(weekday, workday)
        weight = OWN_WEIGHT if weekday in WORKDAYS else WEEKEND_WEIGHT
        seen, likes = _smooth(self.counts[weekday]), self.days[weekday] + weight
        heard = [min(MOST_HEARD, (c + weight * p) / likes) for c, p in zip(seen, believed, strict=True)]
        works = not free and (weekday in WORKDAYS or self.days[weekday] >= WEEKEND_DAYS)
        return Day(heard, _window(heard, workday) if works else [0.0] * SLOTS)

    @property
    def _pooled(self) -> list[int]:
        return [sum(column) for column in zip(*(self.counts[d] for d in WORKDAYS), strict=True)]

    @property
    def _workdays(self) -> int:
        return sum(self.days[d] for d in WORKDAYS)

    @property
    def known_days(self) -> int:
        """How many days were learned."""
        return sum(self.days)

    def to_dict(self) -> dict[str, str]:
        """JSON form: the counts follow from the masks."""
        return {str(day): f"{mask:x}" for day, mask in sorted(self.masks.items())}

    @classmethod
    def from_dict(cls, data: dict[str, Any], fleet: Rhythm) -> Rhythm:
        """The inverse of `to_dict`; adds the device to the fleet."""
        rhythm = cls()
        for day, mask in data.items():
            rhythm.learn(int(day), int(mask, 16), fleet)
        return rhythm

    def _add(self, day: int, mask: int, sign: int, fleet: Rhythm) -> None:
        weekday = (day - 1) % 7  # ordinal 1 is a Monday
        for counts, days in ((self.counts, self.days), (fleet.counts, fleet.days)):
            days[weekday] += sign
            row, rest = counts[weekday], mask
            while rest:
                low = rest & -rest
                row[low.bit_length() - 1] += sign
                rest ^= low


def _smooth(row: Sequence[int]) -> list[float]:
    """Each half hour with a half of both neighbours: shifts do not begin on the minute."""
    padded = [row[0], *row, row[-1]]
    return [(padded[s] + 2 * padded[s + 1] + padded[s + 2]) / 4 for s in range(SLOTS)]


def _window(heard: Sequence[float], workday: Sequence[float]) -> list[float]:
    """The day's working time: each half hour's share of it."""
    peak = sorted(workday)[-BUSIEST]
    if peak < LEAST_PEAK:
        return [0.0] * SLOTS
    core = [share if share >= CORE * peak else 0.0 for share in heard]
    total, typical = sum(core), sum(share for share in workday if share >= CORE * peak)
    if total < LEAST_DAY * typical:
        return [0.0] * SLOTS
    return [share / total for share in core]
