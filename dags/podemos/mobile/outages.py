"""Whether a whole region fell silent: too few of its devices were heard for that to be chance.

How many different devices should have been heard in the last hours follows from their own rhythms. When hardly any was,
and their number is far too small for chance (a large-deviations bound), the towers are down, and no device is blamed.
A day off that no calendar knows does not look like it: a phone that lies at home is still heard every few hours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from podemos.mobile.rhythm import SLOTS, Day

REGION_SPANS, FLEET_SPANS = (4, 8, 16), (2, 4)
"""Half hours to look back."""
MOST_SHARE = 0.25
"""Of those that are expected: a phone with another carrier is heard in an outage, too."""
SURE, SUSPICIOUS = math.log(1e7), math.log(50)
SUSPICIOUS_SHARE = 0.5
INDEPENDENT = 0.7
"""Syncs come in bursts: so much of a half hour's silence is news when the half hour before was silent."""
LEAST_DEVICES = 4
BACK_SHARE = 0.5
BACK_SPAN = 2
CLOSE_AFTER = 6
"""Half hours that a region must be back for: towers that flicker are one outage."""


class Listened(Protocol):
    """A device, as far as a look at its region needs it."""

    last: int
    slot: int
    today: Day
    yesterday: Day


@dataclass(frozen=True, slots=True)
class Look:
    """What a look came to. `start`: the first half hour of the silence, if the region is `out`."""

    out: bool = False
    suspicious: bool = False
    start: int = 0


@dataclass(slots=True)
class Outage:
    """An outage that is not over. `back`: the half hour since which the region is heard again, or None."""

    start: int
    back: int | None = None


def look(devices: Sequence[Listened], half: int, spans: Sequence[int]) -> Look:
    """Judges the devices of a region, or of the whole fleet.

    Args:
        devices: those that were heard within the last days and are not missing.
        half: the half hour that has just ended.
        spans: how far to look back, the shortest first.
    """
    count, suspicious = len(devices), False
    if count < LEAST_DEVICES:
        return Look()
    for span in spans:
        seen = sum(device.last > half - span for device in devices)
        if seen > SUSPICIOUS_SHARE * count:
            break
        expected = sum(expected_heard(device, span) for device in devices)
        if seen > SUSPICIOUS_SHARE * expected:
            continue
        doubt = surprise(seen, expected, count)
        if seen <= MOST_SHARE * expected and doubt >= SURE:
            lasts = sorted((device.last for device in devices), reverse=True)
            return Look(True, True, min(half, lasts[int(MOST_SHARE * count)] + 1))
        suspicious |= doubt >= SUSPICIOUS
    return Look(suspicious=suspicious)


def is_back(devices: Sequence[Listened], half: int) -> bool:
    """Whether a region that was out is heard again as it should be."""
    seen = sum(device.last > half - BACK_SPAN for device in devices)
    return seen >= max(2.0, BACK_SHARE * sum(expected_heard(device, BACK_SPAN) for device in devices))


def expected_heard(device: Listened, span: int) -> float:
    """How likely the device is heard at least once in the last `span` half hours."""
    silent = 1.0
    for slot in range(device.slot - span + 1, device.slot + 1):
        silent *= 1 - (device.today.heard[slot] if slot >= 0 else device.yesterday.heard[slot + SLOTS])
    return 1 - math.pow(silent, INDEPENDENT)


def surprise(seen: int, expected: float, count: int) -> float:
    """Minus the logarithm of a bound on the chance of so few: Chernoff's, for `count` devices in the mean."""
    mean, share = min(expected / count, 0.999), seen / count
    if share >= mean:
        return 0.0
    rest = (1 - share) * math.log((1 - share) / (1 - mean))
    return count * (rest + (share * math.log(share / mean) if share else 0.0))
