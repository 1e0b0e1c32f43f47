"""`python -m bench.silence`: 90 days of 500 phones from two unrelated generators through the shipped watch.

The watch is handed heartbeats only. Thefts, deaths and outages are planted; free days, sick days, flat batteries and
phones that are switched off are not incidents. See docs/adr/0042-silence.md. The last line is the verdict as JSON: of
recall and false alarms the worse generator counts, outages and their alerts are those of the worse one, too.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median

from bench.silence import bursts, shifts
from bench.silence.world import CADENCE, DAY, HOUR, LEARNING_DAYS, Loss, Outage, Settings, World, world
from podemos.contracts.holidays import is_free
from podemos.core.zones import zone_table
from podemos.mobile.silence import EPOCH, HALF_HOUR, Cause, Kind, Watch

DEFAULT_SEED = 20261124
GENERATORS = {"shifts": shifts.life, "bursts": bursts.life}
MEXICO_OFFSET = timedelta(hours=6)


@dataclass(frozen=True)
class Score:
    """What a watch of one world came to; instants in seconds of the world."""

    name: str
    found: list[tuple[Loss, int]]
    late: list[tuple[Loss, int | None]]
    false: list[tuple[str, int]]
    device_days: float
    reported: list[tuple[Outage, int]]
    missed: list[Outage]
    extra: list[tuple[str, int]]

    @property
    def recall(self) -> float:
        return len(self.found) / max(1, len(self.found) + len(self.late))

    @property
    def false_per_1000(self) -> float:
        return 1000 * len(self.false) / self.device_days

    @property
    def outages(self) -> int:
        return len(self.reported) + len(self.missed)

    @property
    def outage_alerts(self) -> int:
        return len(self.reported) + len(self.extra)

    @property
    def wrong_outages(self) -> int:
        return len(self.missed) + len(self.extra)


def watched(found: World) -> list[tuple[Cause, int]]:
    """Every cause that the watch told of, and when: seconds of the world."""
    base = datetime.combine(found.almanac.first, datetime.min.time(), UTC) + MEXICO_OFFSET
    first = (base - EPOCH) // HALF_HOUR
    heard: dict[int, set[str]] = defaultdict(set)
    for name, beats in found.beats.items():
        for beat in beats:
            heard[beat // CADENCE].add(name)
    table = zone_table()

    def local(zone: str, half: int) -> tuple[int, int]:
        at = table.local(zone, EPOCH + half * HALF_HOUR)
        return at.toordinal(), at.hour * 2 + at.minute // 30

    watch = Watch(local, is_free)
    regions = {phone.name: phone.region for phone in found.phones}
    told = []
    for n in range(found.almanac.days * DAY // CADENCE):
        for name in sorted(heard[n] - watch.devices.keys()):
            watch.enrol(name, regions[name].name, regions[name].zone)
        told += [(cause, (n + 1) * CADENCE) for cause in watch.step(first + n, heard[n])]
    return told


def score(name: str, found: World, told: list[tuple[Cause, int]]) -> Score:
    """Holds what was told to what is true."""
    lost = {loss.phone: loss for loss in found.losses}
    alarms: dict[str, list[int]] = defaultdict(list)
    regions: list[tuple[str, int]] = []
    for cause, at in told:
        if cause.kind is Kind.DEVICE:
            alarms[cause.subject].append(at)
        else:
            regions.append((cause.subject, at))
    right, late = [], list[tuple[Loss, int | None]]()
    for loss in found.losses:
        at = next((at for at in alarms[loss.phone] if at > loss.at), None)
        if at is not None and at <= loss.deadline + CADENCE:
            right.append((loss, at))
        else:
            late.append((loss, at))
    false = [(p, at) for p, times in alarms.items() for at in times if p not in lost or at <= lost[p].at]
    end = found.almanac.days * DAY
    days = sum(
        max(0, (lost[p.name].at if p.name in lost else end) - max(LEARNING_DAYS, p.enrolled) * DAY)
        for p in found.phones
    )
    reported, missed = [], []
    for outage in found.outages:
        own = [r for r in regions if r[0] == outage.region and outage.start < r[1] <= outage.end + HOUR]
        if own:
            reported.append((outage, own[0][1]))
            regions.remove(own[0])
        else:
            missed.append(outage)
    return Score(name, right, late, sorted(false), days / DAY, reported, missed, regions)


def main() -> int:
    """Simulates and judges; 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.silence", description=__doc__)
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    usual = Settings()
    parser.add_argument("--phones", type=int, default=usual.phones)
    parser.add_argument("--days", type=int, default=usual.days)
    parser.add_argument("--dark", type=float, default=usual.dark, help="share of absences with the phone off")
    parser.add_argument("--verbose", action="store_true", help="each false alarm and each loss that was told late")
    args = parser.parse_args()
    settings = Settings(phones=args.phones, days=args.days, dark=args.dark)
    with ProcessPoolExecutor(len(GENERATORS)) as pool:
        given = [(name, args.seed, settings, args.verbose) for name in GENERATORS]
        results = list(pool.map(run, *zip(*given, strict=True)))
    scores = [result for result, _ in results]
    for _, lines in results:
        print("\n".join(lines))
    worst = max(scores, key=lambda s: (s.wrong_outages, s.outages))
    verdict = {
        "recall": round(min(s.recall for s in scores), 4),
        "false_alarms_per_1000_device_days": round(max(s.false_per_1000 for s in scores), 3),
        "outages": worst.outages,
        "outage_alerts": worst.outage_alerts,
    }
    good = all(s.recall >= 0.95 and s.false_per_1000 <= 1 and not s.wrong_outages for s in scores)
    if not good:
        print(f"missed a target; repeat with: make bench-silence SEED={args.seed}")
    print(json.dumps(verdict))
    return int(not good)


def run(name: str, seed: int, settings: Settings, verbose: bool) -> tuple[Score, list[str]]:
    """One generator's world, watched: its score, and the same in words."""
    started = time.process_time()
    found = world(GENERATORS[name], seed, settings)
    made = time.process_time()
    result = score(name, found, watched(found))
    seconds = made - started, time.process_time() - made
    return result, list(words(result, found, seconds, verbose=verbose))


def words(result: Score, found: World, seconds: tuple[float, float], *, verbose: bool) -> Iterator[str]:
    """What came of a world; `seconds` of CPU to simulate and to watch it."""
    beats = sum(map(len, found.beats.values()))
    yield (
        f"{result.name}: {len(found.phones)} phones from {found.almanac.first}, {beats} heartbeats; CPU seconds: "
        f"{seconds[0]:.0f} to simulate, {seconds[1]:.0f} to watch"
    )
    delays = [(at - loss.at) / HOUR for loss, at in result.found]
    yield (
        f"  losses: {len(result.found)} of {len(found.losses)} within a missed window (recall {result.recall:.4f}), "
        f"median {median(delays) if delays else 0:.1f} h after the loss"
    )
    dark = sum(_dark(found, phone, at) for phone, at in result.false)
    yield (
        f"  false alarms: {len(result.false)} in {result.device_days:.0f} device-days "
        f"({result.false_per_1000:.3f} per 1,000); in {dark} it was not heard for a whole day"
    )
    yield (
        f"  outages: {len(result.reported)} of {result.outages} reported, {len(result.missed)} not; "
        f"{len(result.extra)} reports of nothing or of one again"
    )
    if verbose or result.wrong_outages:
        yield from (f"    {line}" for line in _details(result, _clock(found)))


def _details(result: Score, clock: Callable[[float], str]) -> Iterator[str]:
    for loss, at in result.late:
        yield f"late: {loss} lost {clock(loss.at)}, due {clock(loss.deadline)}, told {clock(at) if at else 'never'}"
    for phone, at in result.false:
        yield f"false: {phone} {clock(at)}"
    for outage in result.missed:
        yield f"missed: {outage} {clock(outage.start)} to {clock(outage.end)}"
    for region, at in result.extra:
        yield f"extra: {region} {clock(at)}"


def _clock(found: World) -> Callable[[float], str]:
    midnight = datetime.combine(found.almanac.first, datetime.min.time(), UTC)
    return lambda at: f"{midnight + timedelta(seconds=at):%a %d %b %H:%M} (day {at / DAY:.1f})"


def _dark(found: World, phone: str, at: int) -> bool:
    return not any(at - DAY < beat <= at for beat in found.beats[phone])


if __name__ == "__main__":
    sys.exit(main())
