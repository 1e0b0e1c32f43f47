"""Writes include/config/zones.csv: the zones of Mexico as data, from one pinned tzdata (`make zones`).

`python tools/build_zones.py FOLDER/zones.csv Europe/Prague` writes one with more zones into a configuration folder.

A row holds for local wall times in [local_from, local_to). A fold (a local time that happens twice) takes the first
occurrence; a gap (one that never happens) is read with the offset before the change, i.e. shifted forward.
"""

from __future__ import annotations

import csv
import sys
import zoneinfo
from datetime import UTC, datetime, timedelta
from pathlib import Path

ZONES = (
    "America/Bahia_Banderas", "America/Cancun", "America/Chihuahua", "America/Ciudad_Juarez", "America/Hermosillo",
    "America/Matamoros", "America/Mazatlan", "America/Merida", "America/Mexico_City", "America/Monterrey",
    "America/Ojinaga", "America/Tijuana", "UTC",
)  # fmt: skip
FIRST, LAST = datetime(1970, 1, 1), datetime(2040, 1, 1)  # noqa: DTZ001 - local wall times


def transitions(zone: zoneinfo.ZoneInfo) -> list[tuple[datetime, timedelta, timedelta]]:
    """(utc instant, offset before, offset after) of every change of offset, to the minute."""
    found, at, step = [], FIRST.replace(tzinfo=UTC), timedelta(hours=6)
    while at < LAST.replace(tzinfo=UTC):
        before, after = at.astimezone(zone).utcoffset(), (at + step).astimezone(zone).utcoffset()
        assert before is not None and after is not None  # noqa: S101 - aware by construction
        if before != after:
            low, high = at, at + step
            while high - low > timedelta(minutes=1):
                middle = low + (high - low) / 2
                middle = middle.replace(second=0, microsecond=0)
                low, high = (middle, high) if middle.astimezone(zone).utcoffset() == before else (low, middle)
            found.append((high, before, after))
        at += step
    return found


def spans(name: str) -> list[tuple[str, str, str, int, str]]:
    """Rows of one zone, contiguous in local time."""
    zone, rows = zoneinfo.ZoneInfo(name), []
    start, offset = FIRST, FIRST.replace(tzinfo=UTC).astimezone(zone).utcoffset()
    for instant, before, after in transitions(zone):
        utc = instant.replace(tzinfo=None)
        low, high = sorted((utc + before, utc + after))
        rows.append((start, low, before, "normal"))
        rows.append((low, high, before, "gap" if after > before else "fold"))
        start, offset = high, after
    rows.append((start, LAST, offset, "normal"))
    text = "%Y-%m-%d %H:%M:%S"
    return [(name, a.strftime(text), b.strftime(text), int(o.total_seconds()), kind) for a, b, o, kind in rows]


def main(target: Path, zones: tuple[str, ...]) -> None:
    """Writes the table."""
    zoneinfo.reset_tzpath(())  # only the pinned tzdata package, never the machine's
    with target.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("zone", "local_from", "local_to", "utc_offset_seconds", "kind"))
        for name in zones:
            writer.writerows(spans(name))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "include/config/zones.csv"), (*ZONES, *sys.argv[2:]))
