"""The zone table as Spark joins it."""

from __future__ import annotations

import csv
import io
import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta

from pyspark.sql import DataFrame, SparkSession

from podemos.branches.curation import Changes
from podemos.core.zones import BUSINESS_ZONE


@dataclass(frozen=True, slots=True)
class ZoneFrames:
    """`spans` per branch (`_s`, `_from`, `_to`, `_offset`), offsets of Mexico City, and the years covered."""

    spans: DataFrame
    changes: Changes
    first: str
    last: str


def zone_frames(spark: SparkSession, text: str, branches: dict[str, str]) -> ZoneFrames:
    """Parses the zone table's CSV for the zones of `branches` (id -> zone)."""
    rows = list(csv.DictReader(io.StringIO(text)))
    of_zone: dict[str, list[tuple[str, str, int]]] = {}
    for row in rows:
        of_zone.setdefault(row["zone"], []).append((row["local_from"], row["local_to"], int(row["utc_offset_seconds"])))
    flat = [(int(branch), *span) for branch, zone in branches.items() for span in of_zone[zone]]
    spans = spark.createDataFrame(flat, "_s bigint, _f string, _t string, _offset int").selectExpr(
        "_s", "cast(_f as timestamp_ntz) _from", "cast(_t as timestamp_ntz) _to", "_offset"
    )
    return ZoneFrames(
        spans,
        _changes([row for row in rows if row["zone"] == BUSINESS_ZONE]),
        min(row["local_from"] for row in rows),
        max(row["local_to"] for row in rows),
    )


def _changes(rows: list[dict[str, str]]) -> Changes:
    """UTC instants at which the business zone's offset changes.

    Under a gap clocks change when its first minute would start, under a fold when its first pass ends: either way the
    next normal span's offset holds from there.
    """
    ordered = sorted(rows, key=lambda row: row["local_from"])
    changes: Changes = [("0001-01-01 00:00:00", int(ordered[0]["utc_offset_seconds"]))]
    for row, following in itertools.pairwise(ordered):
        if row["kind"] != "normal":
            edge = datetime.fromisoformat(row["local_from"] if row["kind"] == "gap" else row["local_to"])
            instant = edge - timedelta(seconds=int(row["utc_offset_seconds"]))
            changes.append((instant.isoformat(sep=" "), int(following["utc_offset_seconds"])))
    return changes
