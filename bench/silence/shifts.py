"""Phones of a shift calendar: officers have working days, shifts, routes and absences; coverage comes in spans.

Three classes. `town` is covered nearly always. `rural` is covered at the branch in the morning and in the evening, and
in spans on the road. `remote` is covered when it leaves and when it returns, and not in between. A phone that is on is
also heard when nobody works: its sync client wakes every few hours.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from bench.silence.world import DAY, HOUR, Almanac, Life, Phone, Settings

MINUTE = 60
SICK, VACATION = 0.01, 0.15
"""Of working days; of phones within 90 days."""
FLAT, LOST = 0.01, 0.002
"""Of working days: the battery is flat for some hours; of a remote phone's: no contact at all."""


@dataclass(frozen=True, slots=True)
class Officer:
    """Her habits. Hours on her own clock; `home`: how surely a wake-up of the idle phone gets through."""

    kind: str
    days: frozenset[int]
    starts: float
    lasts: float
    saturday: float
    home: float
    off_at_night: float
    every: float


def life(rng: random.Random, phone: Phone, almanac: Almanac, settings: Settings) -> Life:
    """One phone's life."""
    officer, absent = _officer(rng), _absences(rng, almanac, settings)
    beats: list[int] = []
    windows: list[tuple[int, int]] = []
    for n in range(phone.enrolled, almanac.days):
        weekday = almanac.day(n).weekday()
        works = weekday in officer.days and n not in absent and not almanac.free(n, phone.region.name, rng)
        if not works and n not in absent and weekday in officer.days and rng.random() < settings.dark:
            continue  # a free day with the phone switched off
        if absent.get(n):
            continue
        midnight = n * DAY - phone.region.offset
        covered = True
        if works:
            start = midnight + int((officer.starts + rng.gauss(0, 0.3)) * HOUR)
            length = officer.saturday if weekday == 5 else officer.lasts
            end = start + int((length + rng.gauss(0, 0.3)) * HOUR)
            covered = officer.kind != "remote" or rng.random() >= LOST
            if covered:
                beats += _flat(rng, _shift(rng, officer.kind, start, end), start, end)
            windows.append((start, end))
            spans = [(midnight, start), (end, midnight + DAY)]
        else:
            spans = [(midnight, midnight + DAY)]
        if covered:
            beats += _idle(rng, officer, spans, midnight)
    return Life(sorted(beats), windows)


def _officer(rng: random.Random) -> Officer:
    kind = rng.choices(["town", "rural", "remote"], [53, 35, 12])[0]
    return Officer(
        kind,
        frozenset(rng.choices([range(5), range(6), range(1, 6)], [55, 35, 10])[0]),
        rng.uniform(7.5, 10),
        rng.uniform(7.5, 9.5),
        rng.uniform(4, 6),
        {"town": 0.95, "rural": 0.85, "remote": 0.75}[kind],
        rng.choice([0.0, 0.1, 0.9]),
        rng.uniform(2, 4),
    )


def _absences(rng: random.Random, almanac: Almanac, settings: Settings) -> dict[int, bool]:
    """Days away, and whether the phone is switched off: decided once for each absence."""
    found: dict[int, bool] = {}
    if rng.random() < VACATION * almanac.days / 90:
        first, off = rng.randrange(almanac.days), rng.random() < settings.dark
        found |= dict.fromkeys(range(first, first + rng.randint(6, 9)), off)
    for n in range(almanac.days):
        if rng.random() < SICK / 1.5:
            off = rng.random() < settings.dark
            found |= dict.fromkeys(range(n, n + rng.choice([1, 1, 1, 2, 3])), off)
    return found


def _shift(rng: random.Random, kind: str, start: int, end: int) -> Iterator[int]:
    """Syncs while she works: about every twenty minutes where there is coverage."""
    for opens, closes in _coverage(rng, kind, start, end):
        at = opens + rng.randrange(10 * MINUTE)
        while at < closes:
            if rng.random() < 0.9:
                yield at
            at += int(rng.lognormvariate(3.0, 0.5) * MINUTE)


def _coverage(rng: random.Random, kind: str, start: int, end: int) -> list[tuple[int, int]]:
    if kind == "town":
        return [(start, end)]
    leaves = start + int(rng.uniform(25, 60) * MINUTE)
    returns = end - int(rng.uniform(30, 80) * MINUTE)
    spans = [(start, leaves)]
    at = leaves
    while kind == "rural" and at < returns:
        at += int(rng.expovariate(1 / 90) * MINUTE)
        closes = at + int(rng.expovariate(1 / 40) * MINUTE)
        spans.append((at, min(closes, returns)))
        at = closes
    return [*spans, (returns, end)]


def _flat(rng: random.Random, beats: Iterator[int], start: int, end: int) -> list[int]:
    """Without the hours in which the battery is flat, on few days."""
    if rng.random() >= FLAT:
        return list(beats)
    dies = rng.uniform(start, end)
    charged = dies + rng.uniform(1, 4) * HOUR
    return [beat for beat in beats if not dies <= beat < charged]


def _idle(rng: random.Random, officer: Officer, spans: list[tuple[int, int]], midnight: int) -> Iterator[int]:
    """The sleeping phone's wake-ups, and none at night if it is switched off."""
    off = rng.random() < officer.off_at_night
    for opens, closes in spans:
        at = opens + int(rng.random() * officer.every * HOUR)
        while at < closes:
            asleep = off and not 6 * HOUR <= at - midnight < 22 * HOUR
            if not asleep and rng.random() < officer.home:
                yield at
            at += int(officer.every * rng.uniform(0.5, 1.5) * HOUR)
