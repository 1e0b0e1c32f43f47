"""Spends a budget of false alarms: how much silence of each device is worth an alarm.

A device that has been silent so long before, and came back, will be again. From its own silences of the last weeks,
and the fleet's where it has few days, follows how often an alarm at each threshold would be false. All begin at the
lowest threshold; while the sum is above the budget, the device that costs most is given the next one.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

THRESHOLDS = (0.85, 0.95, 1.1, 1.5, 1.9, 2.5, 3.0, 4.0, 6.0)
"""Working windows of silence."""
PER_DEVICE_DAY = 0.8 / 1000
"""Expected false alarms; the promise is one in a thousand days of a device."""
FLEET_DAYS = 60
"""So many days of the fleet stand beside a device's own."""
WORTH_KEEPING = THRESHOLDS[0] / 2
"""Shorter silences are not remembered."""


@dataclass(frozen=True, slots=True)
class Past:
    """What a device has shown: days with working time, and its silences that ended by themselves, in windows."""

    days: int
    silences: Sequence[float]


def allocate(pasts: Mapping[str, Past]) -> dict[str, float]:
    """A threshold for each device, so that all together cost no more than the budget."""
    days = sum(past.days for past in pasts.values())
    usual = [_longer([s for past in pasts.values() for s in past.silences], t) / max(1, days) for t in THRESHOLDS]
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
        if chosen[device] < len(THRESHOLDS) - 1:
            dearer = _cost(pasts[device], chosen[device], usual)
            spent += dearer
            heapq.heappush(heap, (-dearer, device))
    return {device: THRESHOLDS[step] for device, step in chosen.items()}


def _cost(past: Past, step: int, usual: Sequence[float]) -> float:
    """False alarms a day at a threshold: the device's own share, drawn to the fleet's."""
    return (_longer(past.silences, THRESHOLDS[step]) + FLEET_DAYS * usual[step]) / (past.days + FLEET_DAYS)


def _longer(silences: Sequence[float], threshold: float) -> int:
    return sum(silence >= threshold for silence in silences)
