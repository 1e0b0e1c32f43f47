"""The sequence numbers of one device that were seen, as runs without a hole, and the holes between them.

A run keeps when its two ends were captured, by the phone's clock: that is what the day of a hole is estimated from.
Adding is idempotent and takes any order, so a run may be made of the same events as often as one likes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from podemos.core.zones import ZoneTable


@dataclass(frozen=True, slots=True, order=True)
class Run:
    """Every number from `first` to `last`, and the epoch seconds at which these two were captured."""

    first: int
    last: int
    first_at: int
    last_at: int

    def joined(self, other: Run) -> Run:
        """Both as one; `other` does not begin before this one and leaves no hole."""
        if other.last <= self.last:
            return self
        return Run(self.first, other.last, self.first_at, other.last_at)


@dataclass(frozen=True, slots=True)
class Hole:
    """Numbers that were not seen: `first` to `last`, between two runs (None: there is nothing on that side)."""

    first: int
    last: int
    before: Run | None
    after: Run | None

    @property
    def count(self) -> int:
        """How many."""
        return self.last - self.first + 1


def added(runs: Iterable[Run], fresh: Iterable[Run]) -> tuple[Run, ...]:
    """The union of both, joined where no number lies between."""
    found: list[Run] = []
    for run in sorted([*runs, *fresh]):
        if found and run.first <= found[-1].last + 1:
            found[-1] = found[-1].joined(run)
        else:
            found.append(run)
    return tuple(found)


def of_events(events: Iterable[tuple[int, datetime]]) -> tuple[Run, ...]:
    """Runs of (sequence number, capture time)."""
    found: list[Run] = []
    for sequence, captured in sorted(events):
        at = int(captured.timestamp())
        if found and sequence <= found[-1].last + 1:
            found[-1] = found[-1].joined(Run(sequence, sequence, at, at))
        else:
            found.append(Run(sequence, sequence, at, at))
    return tuple(found)


def holes(runs: Sequence[Run], head: int) -> Iterator[Hole]:
    """What lacks between 1 and the greatest number that is known to exist.

    Args:
        runs: in order, as `added` gives them.
        head: the greatest number that the phone says it has captured; 0 when it said nothing.
    """
    before: Run | None = None
    following = 1
    for run in runs:
        if run.first > following:
            yield Hole(following, run.first - 1, before, run)
        before, following = run, run.last + 1
    if head >= following:
        yield Hole(following, head, before, None)


def by_day(hole: Hole, *, until: datetime, zone: str, zones: ZoneTable) -> dict[date, int]:
    """On which local days the missing numbers were probably captured: evenly between the two neighbours.

    The neighbours' times are the phone's; a phone whose clock is wrong by a day shifts the estimate by a day. Where the
    first neighbour lacks, or time does not go on between the two, everything is laid on the one day that is known.

    Args:
        hole: the numbers.
        until: when the phone was last heard: nothing behind the last run was captured later.
        zone: of the officer's branch.
        zones: the zone table.
    """
    start = hole.before.last_at if hole.before else None
    end = hole.after.first_at if hole.after else int(until.timestamp())
    if start is None or end <= start:
        return {_day(end if start is None else start, zone, zones): hole.count}
    found, given = dict[date, int](), 0
    day, last = _day(start, zone, zones), _day(end, zone, zones)
    while given < hole.count:
        midnight = int(zones.instant_at(day + timedelta(days=1), "00:00", zone).timestamp())
        # the k-th of n lies at start + (end - start) * k / (n + 1)
        upto = hole.count if day >= last else -((start - midnight) * (hole.count + 1) // (end - start)) - 1
        if upto > given:
            found[day], given = min(upto, hole.count) - given, min(upto, hole.count)
        day += timedelta(days=1)
    return found


def _day(at: int, zone: str, zones: ZoneTable) -> date:
    return zones.local(zone, datetime.fromtimestamp(at, UTC)).date()
