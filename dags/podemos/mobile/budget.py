"""Spends a budget of false alarms: how much silence of each device is worth an alarm.

A device that has been silent so long before, and came back, will be again. From its own silences of the last weeks,
and the fleet's where it has few days, follows how often an alarm by each rule would be false. All begin with the first
rule; while the sum is above the budget, the device that costs most is given the next one.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Silence:
    """How long a device was not heard, in its working windows.

    Attributes:
        length: all of it.
        whole: without the rest of the window in which it began: 1.0 is one whole window that was missed.
    """

    length: float
    whole: float


@dataclass(frozen=True, slots=True)
class Rule:
    """How long a silence must be for an alarm."""

    length: float
    whole: float

    def holds(self, silence: Silence) -> bool:
        """Whether it is worth an alarm."""
        return silence.length >= self.length and silence.whole >= self.whole


RULES = (
    Rule(0.86, 0.4),
    Rule(0.86, 0.8),
    Rule(0.92, 0.92),
    *(Rule(windows, windows) for windows in (1.4, 1.9, 2.9, 3.9, 5.9)),
)
"""From the quickest to the most patient. The first three tell within one missed window, whenever the silence began: a
part of the window after it must have been missed from its beginning, and that is soon enough."""
PER_DEVICE_DAY = 0.85 / 1000
"""Expected false alarms; the promise is one in a thousand days of a device."""
FLEET_DAYS = 100
"""So many days of the fleet stand beside a device's own."""
WORTH_KEEPING = 0.8
"""Shorter silences are not remembered."""


@dataclass(frozen=True, slots=True)
class Past:
    """What a device has shown: learned days, and its silences that ended by themselves."""

    days: int
    silences: Sequence[Silence]


def allocate(pasts: Mapping[str, Past]) -> dict[str, int]:
    """A step of RULES for each device, so that all together cost no more than the budget."""
    days = sum(past.days for past in pasts.values())
    usual = [_alarms([s for past in pasts.values() for s in past.silences], rule) / max(1, days) for rule in RULES]
    chosen = dict.fromkeys(pasts, 0)
    spent = 0.0
    heap: list[tuple[float, str]] = []
    for device, past in pasts.items():
        cost = _cost(past, 0, usual)
        spent += cost
        heapq.heappush(heap, (-cost, device))
    while heap and spent > PER_DEVICE_DAY * len(pasts):
        cost, device = heapq.heappop(heap)
        chosen[device] += 1
        spent += cost
        if chosen[device] < len(RULES) - 1:
            dearer = _cost(pasts[device], chosen[device], usual)
            spent += dearer
            heapq.heappush(heap, (-dearer, device))
    return chosen


def _cost(past: Past, step: int, usual: Sequence[float]) -> float:
    """False alarms a day by a rule: the device's own share, drawn to the fleet's."""
    return (_alarms(past.silences, RULES[step]) + FLEET_DAYS * usual[step]) / (past.days + FLEET_DAYS)


def _alarms(silences: Sequence[Silence], rule: Rule) -> int:
    return sum(rule.holds(silence) for silence in silences)
