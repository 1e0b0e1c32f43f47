"""Pure Spark transforms for complete ranges: what a snapshot had not in them is gone, and what they healed is counted.

Only PySpark and podemos.core are imported: this runs in Glue.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from podemos.branches import decided as decided_rows
from podemos.branches.curation import GONE, KEEP, PARK, PUT, RANGE, day_of
from podemos.core.table import Table

NAMED = 20
"""So many keys of one kind, branch and day are named; the rest is counted."""
_SCHEMA = "_b bigint, _d string, _r bigint"


def sound(ranges: Iterable[Mapping[str, Any]], altered: Collection[str]) -> list[tuple[int, str, int]]:
    """(branch, day, latest sequence) of the ranges that can be believed: not one of their chunks was altered."""
    latest: dict[tuple[int, str], int] = {}
    for entry in ranges:
        if not set(entry["chunks"]) & set(altered):
            where = int(entry["branch"]), entry["day"]
            latest[where] = max(entry["seq"], latest.get(where, 0))
    return [(branch, day, seq) for (branch, day), seq in sorted(latest.items())]


def declare_gone(decided: DataFrame, table: Table, ranges: list[tuple[int, str, int]]) -> DataFrame:
    """Marks keys whose newest version lies in a range and was last seen before the range's snapshot.

    A row that is in the range was seen by its snapshot; so was one that moved to another day and was landed from there.
    Neither is older than the range, so neither is gone, whatever day it is on. A corrected row lies on the
    branch's day.

    Args:
        decided: of `curation.decide`; all rows of the ranges' chunks took part in it.
        table: the contract.
        ranges: of `sound`.
    """
    if not ranges:
        return decided
    frame = decided.sparkSession.createDataFrame(ranges, _SCHEMA)
    kept = F.col("accion") == KEEP
    own = kept & ~decided_rows.corrected()
    day = F.when(own, day_of("p", table)).otherwise(decided_rows.source_day(table))
    seen = F.greatest("i.snapshot_seq", "p.snapshot_seq")
    joined = decided.withColumn("_dia", day).join(
        F.broadcast(frame), (F.col("id_sucursal") == F.col("_b")) & (F.col("_dia") == F.col("_d")), "left"
    )
    already = kept & F.col("p.borrado")
    gone = F.col("_r").isNotNull() & (seen < F.col("_r")) & ~already
    return (
        joined.withColumn("ido", F.when(gone, F.col("_r")))
        .withColumn("accion", F.when(gone, F.lit(GONE)).otherwise(F.col("accion")))
        .drop("_dia", "_b", "_d", "_r")
    )


def healed(decided: DataFrame, table: Table, waiting: DataFrame) -> dict[str, dict[str, dict[str, Any]]]:
    """What the ranges put right: day -> branch -> ``edited``, ``late`` or ``deleted`` -> count.

    Beside each count, as ``edited_keys`` and so on, the first `NAMED` keys in order of their text.

    Args:
        decided: after `declare_gone`.
        table: the contract.
        waiting: rows that were in quarantine before; one that is released was known, so it is not late.
    """
    known = waiting.select(*table.key, F.lit(True).alias("_w")).distinct()
    live = F.col("p").isNotNull() & ~F.col("p.borrado")
    swept = F.col(f"i.{RANGE}") & F.col("accion").isin(PUT, PARK)
    kind = (
        F.when(F.col("accion") == GONE, "deleted")
        .when(swept & live, "edited")
        .when(swept & (F.col("accion") == PUT) & F.col("_w").isNull(), "late")
    )
    curated = (F.col("accion") == GONE) & F.col("p").isNotNull()
    day = F.when(curated, day_of("p", table)).otherwise(day_of("i", table))
    rows = (
        decided.join(known, list(table.key), "left")
        .select("id_sucursal", day.alias("dia"), kind.alias("k"), F.concat_ws("/", *table.primary_key).alias("clave"))
        .filter("k IS NOT NULL")
        .groupBy("id_sucursal", "dia", "k")
        .agg(F.count("*").alias("n"), F.slice(F.array_sort(F.collect_list("clave")), 1, NAMED).alias("claves"))
        .collect()
    )
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for row in rows:
        entry = found.setdefault(row["dia"], {}).setdefault(f"{row['id_sucursal']:03d}", {})
        entry |= {row["k"]: row["n"], f"{row['k']}_keys": list(row["claves"])}
    return found
