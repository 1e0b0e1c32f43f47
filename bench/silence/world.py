"""What is true of 90 days of 500 phones, and the heartbeats that are all a detector may see.

A generator makes the life of one phone as if nothing happened to it: when it would be heard and when its officer works.
Thefts, deaths and outages are planted here, the same way for every generator: they only take heartbeats away.

Instants are seconds since the world's first local midnight in Mexico City; a region's clock is `offset` ahead of it.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

HOUR, DAY = 3600, 86_400
CADENCE = 1800
"""The watch looks every half hour; an incident may be told at the first look after its window."""
LEARNING_DAYS = 14
"""Nothing is planted before, and no alarm counts: a fleet that was just switched on is not judged by anybody."""

# The days off by law (Ley Federal del Trabajo, art. 74), copied by hand: nothing of the detector is used here.
BY_LAW = (
    "2024-10-01 2024-11-18 2024-12-25 2025-01-01 2025-02-03 2025-03-17 2025-05-01 2025-09-16 2025-11-17 2025-12-25 "
    "2026-01-01 2026-02-02 2026-03-16 2026-05-01 2026-09-16 2026-11-16 2026-12-25 2027-01-01 2027-02-01 2027-03-15"
)
# Days on which banks are closed but shops are not (CNBV): some officers work.
OF_BANKS = (
    "2024-11-02 2024-12-12 2025-04-17 2025-04-18 2025-11-02 2025-12-12 2026-04-02 2026-04-03 2026-11-02 2026-12-12"
)
FREE = frozenset(map(date.fromisoformat, BY_LAW.split()))
HALF_FREE = frozenset(map(date.fromisoformat, OF_BANKS.split()))

Kind = Literal["theft", "death"]


@dataclass(frozen=True, slots=True)
class Region:
    """Phones under the same towers. `offset`: seconds ahead of Mexico City."""

    name: str
    zone: str
    offset: int


@dataclass(frozen=True, slots=True)
class Phone:
    """One phone; `enrolled`: the day it is first used."""

    name: str
    region: Region
    enrolled: int


@dataclass(frozen=True, slots=True)
class Life:
    """When a phone would be heard, and the spans in which its officer really works; both in order."""

    beats: list[int]
    windows: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Loss:
    """A phone that is never heard again. `deadline`: the end of the first working window that was missed whole."""

    phone: str
    kind: Kind
    at: int
    deadline: int


@dataclass(frozen=True, slots=True)
class Outage:
    """A region without towers in these spans (two when they came back for less than an hour): one cause."""

    region: str
    spans: tuple[tuple[int, int], ...]

    @property
    def start(self) -> int:
        return self.spans[0][0]

    @property
    def end(self) -> int:
        return self.spans[-1][1]


@dataclass(frozen=True, slots=True)
class Almanac:
    """Which days are free: for all, for some, in one region (a patron saint's day that no list has)."""

    first: date
    days: int
    feasts: frozenset[tuple[str, int]]

    def day(self, n: int) -> date:
        return self.first + timedelta(days=n)

    def free(self, n: int, region: str, rng: random.Random) -> bool:
        """Whether an officer of the region does not work although the weekday is one of hers."""
        day = self.day(n)
        return day in FREE or (region, n) in self.feasts or (day in HALF_FREE and rng.random() < 0.5)


@dataclass(frozen=True, slots=True)
class Settings:
    """How large and how unkind. `dark`: share of absences on which the phone is switched off for the whole of it."""

    phones: int = 500
    days: int = 90
    losses: int = 80
    outages: int = 12
    feasts: int = 3
    dark: float = 0.04


@dataclass(frozen=True)
class World:
    """All of it. A detector may read `almanac.first`, `phones` and `beats`."""

    almanac: Almanac
    phones: list[Phone]
    beats: dict[str, list[int]]
    losses: list[Loss] = field(repr=False)
    outages: list[Outage] = field(repr=False)
    lives: dict[str, Life] = field(repr=False)


Generator = Callable[[random.Random, Phone, Almanac, Settings], Life]


def world(generator: Generator, seed: int, settings: Settings) -> World:
    """A world whose phones live as `generator` says."""
    rng = random.Random(f"{generator.__module__}/{seed}")
    first = date(2024, 10, 7) + timedelta(days=rng.randrange(810))
    regions = _regions(rng, settings.phones)
    phones = [
        Phone(f"{n:03d}", region, 0 if rng.random() < 0.92 else rng.randrange(1, max(2, settings.days - 35)))
        for n, region in enumerate(regions, 1)
    ]
    distinct = sorted(set(regions), key=lambda region: region.name)
    feasts = frozenset(
        (rng.choice(distinct).name, rng.randrange(20, settings.days - 2)) for _ in range(settings.feasts)
    )
    almanac = Almanac(first, settings.days, feasts)
    lives = {phone.name: generator(random.Random(rng.random()), phone, almanac, settings) for phone in phones}
    outages = _outages(rng, distinct, almanac, settings)
    heard = {phone.name: _without_outages(rng, lives[phone.name].beats, phone, outages) for phone in phones}
    losses = _losses(rng, phones, heard, lives, outages, settings)
    for loss in losses:
        heard[loss.phone] = _until(rng, heard[loss.phone], loss)
    return World(almanac, phones, heard, losses, outages, lives)


def _regions(rng: random.Random, phones: int) -> list[Region]:
    """A region for each phone: 8 to 40 phones under the same towers."""
    found: list[Region] = []
    while len(found) < phones:
        zone, offset = rng.choices(
            [("America/Mexico_City", 0), ("America/Hermosillo", -HOUR), ("America/Cancun", HOUR)], [80, 12, 8]
        )[0]
        size = min(rng.randint(8, 40), phones - len(found))
        region = found[-1] if found and size < 8 else Region(f"R{len(set(found)) + 1:02d}", zone, offset)
        found += [region] * size
    return found


def _outages(rng: random.Random, regions: list[Region], almanac: Almanac, settings: Settings) -> list[Outage]:
    """Spread over regions, 4 to 30 hours, each with at least three hours of somebody's working day in it."""
    found: list[Outage] = []
    while len(found) < settings.outages:
        region, hours = rng.choice(regions), rng.uniform(4, 30)
        start = int(rng.uniform(LEARNING_DAYS + 1, settings.days - 3) * DAY)
        end = start + int(hours * HOUR)
        if any(o.region == region.name and abs(o.start - start) < 5 * DAY for o in found):
            continue
        if _working_hours(start, end, region, almanac) < 3:
            continue
        spans: tuple[tuple[int, int], ...] = ((start, end),)
        if hours > 8 and rng.random() < 0.25:  # the towers come back for a moment
            middle = int(rng.uniform(start + 4 * HOUR, end - 3 * HOUR))
            spans = ((start, middle), (middle + int(rng.uniform(0.25, 0.8) * HOUR), end))
        found.append(Outage(region.name, spans))
    return sorted(found, key=lambda outage: outage.start)


def _working_hours(start: int, end: int, region: Region, almanac: Almanac) -> float:
    """Hours of the span between 09:00 and 17:00, Monday to Friday, of days that are free for nobody."""
    total = 0
    for n in range(start // DAY - 1, end // DAY + 2):
        day = almanac.day(n)
        if day.weekday() < 5 and day not in FREE | HALF_FREE and (region.name, n) not in almanac.feasts:
            opens = n * DAY + 9 * HOUR - region.offset
            total += max(0, min(end, opens + 8 * HOUR) - max(start, opens))
    return total / HOUR


def _without_outages(rng: random.Random, beats: list[int], phone: Phone, outages: list[Outage]) -> list[int]:
    """One phone in twenty has another carrier, or a wireless network: it is heard all the same."""
    spans = [s for o in outages if o.region == phone.region.name for s in o.spans]
    if not spans or rng.random() < 0.05:
        return beats
    return [beat for beat in beats if not any(start <= beat < end for start, end in spans)]


def _losses(
    rng: random.Random,
    phones: list[Phone],
    heard: dict[str, list[int]],
    lives: dict[str, Life],
    outages: list[Outage],
    settings: Settings,
) -> list[Loss]:
    """One for each of some phones, two thirds while the officer works."""
    found = []
    for n, phone in enumerate(rng.sample(phones, min(len(phones), settings.losses * 3))):
        if len(found) == settings.losses:
            break
        kind: Kind = "theft" if n % 2 else "death"
        earliest = max(LEARNING_DAYS, phone.enrolled + 3) * DAY
        at = int(rng.uniform(earliest, (settings.days - 4) * DAY))
        working = [w for w in lives[phone.name].windows if earliest < w[0] < (settings.days - 4) * DAY]
        if working and rng.random() < 2 / 3:
            at = int(rng.uniform(*rng.choice(working)))
        deadline = missed_window(at, lives[phone.name], heard[phone.name])
        if deadline is not None:
            found.append(Loss(phone.name, kind, at, deadline))
    return sorted(found, key=lambda loss: loss.at)


def missed_window(at: int, life: Life, heard: list[int]) -> int | None:
    """The end of the first working window after `at` in which the phone would have been heard."""
    for start, end in life.windows:
        if start > at:
            n = bisect_left(heard, start)
            if n < len(heard) and heard[n] <= end:
                return end
    return None


def _until(rng: random.Random, beats: list[int], loss: Loss) -> list[int]:
    """A thief lets it speak for some minutes at most; half of those that die lose half of what they send before."""
    weak = loss.kind == "death" and rng.random() < 0.5
    last = loss.at + (rng.randrange(1200) if loss.kind == "theft" else 0)
    return [beat for beat in beats if beat <= last and not (weak and beat > loss.at - 2 * DAY and rng.random() < 0.5)]
