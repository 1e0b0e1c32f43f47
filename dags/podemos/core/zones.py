"""Business time. Zones are data: one table (include/config/zones.csv) that Python, Spark and SQL all join.

No engine's own zone function is used anywhere: their databases differ (Ciudad_Juarez exists only since tzdata 2022g).
"""

from __future__ import annotations

import csv
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path

from podemos.core.errors import ContractViolation, DataFault
from podemos.core.paths import config_file

BUSINESS_ZONE = "America/Mexico_City"
"""A movement's accounting day is the calendar day of its instant here."""


class Wall(StrEnum):
    """What a local wall time is: it happened once, twice, or never."""

    NORMAL = "normal"
    FOLD = "fold"
    GAP = "gap"


@dataclass(frozen=True, slots=True)
class Span:
    """Local wall times in [local_from, local_to) of one zone share this offset."""

    zone: str
    local_from: datetime
    local_to: datetime
    utc_offset: timedelta
    kind: Wall


@dataclass(frozen=True, slots=True)
class Resolved:
    """A local wall time turned into an instant, and how certain that is."""

    instant: datetime
    kind: Wall


class ZoneTable:
    """The zone table, indexed by zone and local time."""

    def __init__(self, spans: list[Span]) -> None:
        self._spans: dict[str, list[Span]] = {}
        for span in sorted(spans, key=lambda s: (s.zone, s.local_from)):
            self._spans.setdefault(span.zone, []).append(span)
        self._starts = {zone: [s.local_from for s in found] for zone, found in self._spans.items()}
        self._changes = {zone: _changes(found) for zone, found in self._spans.items()}

    @classmethod
    def load(cls, path: Path | None = None) -> ZoneTable:
        """Reads the CSV that `make zones` writes."""
        with (path or config_file("zones.csv")).open(encoding="utf-8", newline="") as file:
            return cls(
                [
                    Span(
                        row["zone"],
                        datetime.fromisoformat(row["local_from"]),
                        datetime.fromisoformat(row["local_to"]),
                        timedelta(seconds=int(row["utc_offset_seconds"])),
                        Wall(row["kind"]),
                    )
                    for row in csv.DictReader(file)
                ]
            )

    def zones(self) -> frozenset[str]:
        """The zones the table knows."""
        return frozenset(self._spans)

    def resolve(self, zone: str, wall: datetime) -> Resolved:
        """The instant of a naive local time. A fold takes the first occurrence, a gap is shifted forward.

        Raises:
            ContractViolation: the zone is not in the table.
            DataFault: the time lies outside the table's years.
        """
        span = self._span(zone, wall)
        return Resolved((wall - span.utc_offset).replace(tzinfo=UTC), span.kind)

    def local(self, zone: str, instant: datetime) -> datetime:
        """The wall time (naive) that a clock in `zone` shows at `instant`."""
        naive = instant.astimezone(UTC).replace(tzinfo=None)
        self._span(zone, naive)
        starts, offsets = self._changes[zone]
        return naive + offsets[bisect_right(starts, naive)]

    def accounting_day(self, instant: datetime) -> date:
        """The business day (America/Mexico_City) an instant belongs to."""
        return self.local(BUSINESS_ZONE, instant).date()

    def instant_at(self, day: date, clock: str, zone: str = BUSINESS_ZONE) -> datetime:
        """The instant of ``HH:MM`` on `day` in `zone`."""
        hour, minute = (int(part) for part in clock.split(":"))
        return self.resolve(zone, datetime(day.year, day.month, day.day, hour, minute)).instant  # noqa: DTZ001

    def _span(self, zone: str, wall: datetime) -> Span:
        if zone not in self._spans:
            raise ContractViolation(f"zone {zone!r} is not in zones.csv; add it with tools/build_zones.py")
        at = bisect_right(self._starts[zone], wall) - 1
        if at < 0 or wall >= self._spans[zone][at].local_to:
            raise DataFault(f"local time {wall} lies outside the zone table of {zone} (1970 to 2039)")
        return self._spans[zone][at]


def _changes(spans: list[Span]) -> tuple[list[datetime], list[timedelta]]:
    """UTC instants (naive) at which the offset changes, and the offsets before, between and after them.

    Under a gap clocks change when its first minute would start; under a fold when its first pass ends.
    """
    starts = [(s.local_from if s.kind is Wall.GAP else s.local_to) - s.utc_offset for s in spans if s.kind != "normal"]
    return starts, [s.utc_offset for s in spans if s.kind is Wall.NORMAL]


@cache
def zone_table() -> ZoneTable:
    """The project's zone table, read once."""
    return ZoneTable.load()
