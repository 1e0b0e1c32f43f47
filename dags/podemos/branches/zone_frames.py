"""The zone table as Spark joins it."""

from __future__ import annotations

import csv
import io
import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pyspark.sql import DataFrame, SparkSession

from podemos.branches.derived import Changes
from podemos.core.zones import BUSINESS_ZONE


@dataclass(frozen=True, slots=True)
class ZoneFrames:
    """The zone table, where each branch is in it, offsets of Mexico City, and the years covered.

    Attributes:
        spans: `_z` (zone), `_y` (year), `_from`, `_to`, `_offset`: a row for each year that a span touches, so that a
            wall time meets a handful of rows however long the table is.
        places: `_s` (branch), `_local` (its zone), `_server` (the zone of its server's sessions).
        homes: the same as values.
        odd: of these zones, (from, to, ``fold`` or ``gap``) of each doubled or skipped hour.
    """

    spans: DataFrame
    places: DataFrame
    changes: Changes
    first: str
    last: str
    homes: list[tuple[int, str, str]] = field(default_factory=list)
    odd: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)


def zone_frames(
    spark: SparkSession, text: str, branches: dict[str, str], servers: dict[str, str] | None = None
) -> ZoneFrames:
    """Parses the zone table's CSV.

    Args:
        spark: the session.
        text: the CSV.
        branches: id -> zone.
        servers: id -> zone of the server's sessions, where that is another one.
    """
    rows = list(csv.DictReader(io.StringIO(text)))
    places = [(int(branch), zone, (servers or {}).get(branch, zone)) for branch, zone in branches.items()]
    used = {zone for place in places for zone in place[1:]}
    flat = [
        (row["zone"], year, row["local_from"], row["local_to"], int(row["utc_offset_seconds"]))
        for row in rows
        if row["zone"] in used
        for year in range(int(row["local_from"][:4]), int(row["local_to"][:4]) + 1)
    ]
    spans = spark.createDataFrame(flat, "_z string, _y int, _f string, _t string, _offset int").selectExpr(
        "_z", "_y", "cast(_f as timestamp_ntz) _from", "cast(_t as timestamp_ntz) _to", "_offset"
    )
    return ZoneFrames(
        spans,
        spark.createDataFrame(places, "_s bigint, _local string, _server string"),
        _changes([row for row in rows if row["zone"] == BUSINESS_ZONE]),
        min(row["local_from"] for row in rows),
        max(row["local_to"] for row in rows),
        places,
        {
            zone: [
                (row["local_from"], row["local_to"], row["kind"])
                for row in rows
                if row["zone"] == zone and row["kind"] != "normal"
            ]
            for zone in used
        },
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
