"""Local times that a branch's clock showed twice, or never: counted and listed per branch and day.

Where clocks are set back an hour passes twice, and the first pass is taken; where they are set forward an hour is
skipped, and what claims to lie in it is shifted forward (`podemos.core.zones`). Either way the instant is a rule, not
knowledge, and a day's certificate says of how many rows. It concerns the business date, from which the accounting day
follows. Only PySpark and podemos.core are imported: this runs in Glue.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from podemos.branches.curation import local_day
from podemos.branches.zone_frames import ZoneFrames
from podemos.core.table import Kind, Read, Table

NAMED = 20
"""So many keys of one kind, branch and day are named; the rest is counted."""
Doubtful = dict[str, dict[str, dict[str, Any]]]
"""day -> branch -> ``fold`` or ``gap`` -> rows; beside each, as ``fold_keys``, the first `NAMED` keys."""
_SPAN = "_b bigint, _f string, _t string, _kind string"


def doubtful(rows: DataFrame, table: Table, zones: ZoneFrames, days: Collection[str]) -> Doubtful:
    """Rows in a doubled or skipped hour. Costs nothing on days on which no clock was set, which are nearly all.

    Args:
        rows: raw rows, alive.
        table: their contract.
        zones: the zone table.
        days: days to look at.
    """
    if table.business_date is None or table.column(table.business_date).kind is not Kind.DATETIME:
        return {}
    at_server = table.column(table.business_date).read is Read.INSTANT
    wanted = set(days)
    spans = [
        (branch, first, last, kind)
        for branch, local, server in zones.homes
        for first, last, kind in zones.odd.get(server if at_server else local, ())
        if {first[:10], last[:10]} & wanted
    ]
    if not spans:
        return {}
    frame = rows.sparkSession.createDataFrame(spans, _SPAN).selectExpr(
        "_b", "cast(_f as timestamp_ntz) _from", "cast(_t as timestamp_ntz) _to", "_kind"
    )
    touched = sorted({text[:10] for span in spans for text in span[1:3]} & wanted)
    wall = F.col(table.business_date).cast("timestamp_ntz")
    within = (F.col("id_sucursal") == F.col("_b")) & (wall >= F.col("_from")) & (wall < F.col("_to"))
    found = (
        rows.filter(local_day(table).isin(touched))
        .join(F.broadcast(frame), within)
        .select("id_sucursal", local_day(table).alias("dia"), "_kind", F.concat_ws("/", *table.primary_key).alias("k"))
        .groupBy("id_sucursal", "dia", "_kind")
        .agg(F.count("*").alias("n"), F.slice(F.array_sort(F.collect_list("k")), 1, NAMED).alias("claves"))
    )
    days_found: Doubtful = {}
    for row in found.collect():
        entry = days_found.setdefault(row["dia"], {}).setdefault(f"{row['id_sucursal']:03d}", {})
        entry |= {row["_kind"]: row["n"], f"{row['_kind']}_keys": list(row["claves"])}
    return days_found
