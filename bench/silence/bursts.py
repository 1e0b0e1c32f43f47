"""Phones of a self-exciting process: no calendar, no shifts, no coverage, only syncs that bring more syncs.

Each phone has a curve of the day (two humps) that a slow random walk raises and lowers, a week's weights, and a
branching ratio: of every sync come others within minutes. Heartbeats so arrive in bursts with long pauses between them.
"""

from __future__ import annotations

import math
import random

from bench.silence.world import DAY, HOUR, Almanac, Life, Phone, Settings

WEEK = (1.0, 1.0, 1.0, 1.0, 1.0, 0.7, 0.2)
FREE_WEIGHT = 0.2
QUIET, QUIET_WEIGHT, DARK = 0.01, 0.4, 0.006
"""Of days: a slow one; its weight; a day without the phone (times the settings' share that is switched off)."""
ACTIVE = 0.3
"""A phone is at work where its curve is above this share of its highest point."""
STEP = 900


def life(rng: random.Random, phone: Phone, almanac: Almanac, settings: Settings) -> Life:
    """One phone's life."""
    rate = rng.lognormvariate(math.log(1.8), 0.2)  # first syncs an hour at the height of the day
    curve = _curve(rng)
    ratio, decay = rng.uniform(0.5, 0.75), rng.uniform(6, 15) * 60
    saturday = rng.choice([0.2, 0.7, 1.0])
    trend = 0.0
    beats: list[int] = []
    windows: list[tuple[int, int]] = []
    active = [n for n, height in enumerate(curve) if height >= ACTIVE]
    opens, closes = active[0] * STEP, (active[-1] + 1) * STEP
    for n in range(phone.enrolled, almanac.days):
        trend = 0.9 * trend + rng.gauss(0, 0.06)
        day = almanac.day(n)
        weight = saturday if day.weekday() == 5 else WEEK[day.weekday()]
        if almanac.free(n, phone.region.name, rng):
            weight = min(weight, FREE_WEIGHT)
        working = weight > FREE_WEIGHT
        if rng.random() < QUIET:
            weight, working = weight * QUIET_WEIGHT, False
        if rng.random() < DARK * settings.dark:
            continue
        midnight = n * DAY - phone.region.offset
        for step, height in enumerate(curve):
            mean = rate * math.exp(trend) * (weight * height + 0.03) * STEP / HOUR
            if rng.random() < mean:  # a quarter of an hour has one first sync at most
                beats += _burst(rng, midnight + step * STEP + rng.randrange(STEP), ratio, decay)
        if working:
            windows.append((midnight + opens, midnight + closes))
    return Life(sorted(beat for beat in beats if beat < almanac.days * DAY), windows)


def _curve(rng: random.Random) -> list[float]:
    """Two humps, morning and afternoon, sampled every quarter of an hour; the highest point is 1."""
    humps = [
        (rng.gauss(10.5, 0.6), rng.uniform(1.4, 2.0), 1.0),
        (rng.gauss(15.5, 0.6), rng.uniform(1.6, 2.4), rng.uniform(0.7, 1)),
    ]
    heights = [
        sum(h * math.exp(-(((n + 0.5) / 4 - at) ** 2) / (2 * width**2)) for at, width, h in humps)
        for n in range(DAY // STEP)
    ]
    return [height / max(heights) for height in heights]


def _burst(rng: random.Random, first: int, ratio: float, decay: float) -> list[int]:
    """A sync and all that come of it: a branching process whose generations are `decay` seconds apart in the mean."""
    found, fresh = [first], [first]
    while fresh:
        fresh = [at + int(rng.expovariate(1 / decay)) for at in fresh for _ in range(_poisson(rng, ratio))]
        found += fresh
    return found


def _poisson(rng: random.Random, mean: float) -> int:
    """Knuth's."""
    limit, product, n = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        n += 1
    return n
