"""Pure Spark transforms for what was read again: what a snapshot had not is gone, and what it healed is counted.

A complete range says it of all keys in it; a narrowed one names the keys that the branch was asked for.

Only PySpark and podemos.core are imported: this runs in Glue.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from podemos.branches import decided as decided_rows
from podemos.branches.curation import GONE, KEEP, PARK, PUT, RANGE, day_of
from podemos.core.table import Cursor, Table

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


def declare_gone(
    decided: DataFrame, table: Table, ranges: list[tuple[int, str, int]], gone: Iterable[Mapping[str, Any]] = ()
) -> DataFrame:
    """Marks keys whose newest version lies in a range, or is named as gone, and was last seen before that snapshot.

    A row that is in the range was seen by its snapshot; so was one that moved to another day and was landed from there.
    Neither is older than the range, so neither is gone, whatever day it is on. A corrected row lies on the
    branch's day.

    Args:
        decided: of `curation.decide`; all rows of the ranges' chunks took part in it.
        table: the contract.
        ranges: of `sound`.
        gone: `branch`, `seq` and `keys` of what a snapshot was asked for and had not; each key as text.
    """
    named = list(gone)
    if not ranges and not named:
        return decided
    kept = F.col("accion") == KEEP
    own = kept & ~decided_rows.corrected()
    day = F.when(own, day_of("p", table)).otherwise(decided_rows.source_day(table))
    joined = _with_range(decided.withColumn("_dia", day), ranges)
    joined = _with_name(joined, table, named)
    seen = F.greatest("i.snapshot_seq", "p.snapshot_seq")
    later = F.greatest(*(F.when(seen < F.col(name), F.col(name)) for name in ("_r", "_g")))
    already = kept & F.col("p.borrado")
    absent = later.isNotNull() & ~already
    return (
        joined.withColumn("ido", F.when(absent, later))
        .withColumn("accion", F.when(absent, F.lit(GONE)).otherwise(F.col("accion")))
        .drop("_dia", "_r", "_g")
    )


def _with_range(decided: DataFrame, ranges: list[tuple[int, str, int]]) -> DataFrame:
    """Adds `_r`, the sequence of the complete range that a key's newest version (of `_dia`) lies in."""
    if not ranges:
        return decided.withColumn("_r", F.lit(None).cast("long"))
    frame = F.broadcast(decided.sparkSession.createDataFrame(ranges, _SCHEMA))
    here = (F.col("id_sucursal") == F.col("_b")) & (F.col("_dia") == F.col("_d"))
    return decided.join(frame, here, "left").drop("_b", "_d")


def _with_name(decided: DataFrame, table: Table, gone: list[Mapping[str, Any]]) -> DataFrame:
    """Adds `_g`, the latest sequence that named a key as gone."""
    latest: dict[tuple[Any, ...], int] = {}
    for entry in gone:
        for key in entry["keys"]:
            where = int(entry["branch"]), *key
            latest[where] = max(entry["seq"], latest.get(where, 0))
    if not latest:
        return decided.withColumn("_g", F.lit(None).cast("long"))
    names = [f"_k{at}" for at in range(len(table.primary_key))]
    schema = f"_b bigint, {', '.join(f'{name} string' for name in names)}, _g bigint"
    rows = [(*where, seq) for where, seq in latest.items()]
    frame = F.broadcast(decided.sparkSession.createDataFrame(rows, schema))
    here = F.col("id_sucursal") == F.col("_b")
    for name, column in zip(names, table.primary_key, strict=True):
        here &= F.col(column) == F.col(name).cast(decided.schema[column].dataType)
    return decided.join(frame, here, "left").drop("_b", *names)


def healed(
    decided: DataFrame, table: Table, waiting: DataFrame, windows: Mapping[str, tuple[str, str]] | None = None
) -> dict[str, dict[str, dict[str, Any]]]:
    """What the ranges put right: day -> branch -> ``edited``, ``late`` or ``deleted`` -> count.

    Beside each count, as ``edited_keys`` and so on, the first `NAMED` keys in order of their text; and as ``late_from``
    the oldest new cursor that lies in the branch's window.

    Args:
        decided: after `declare_gone`.
        table: the contract.
        waiting: rows that were in quarantine before; one that is released was known, so it is not late.
        windows: by branch, cursors that came late: from the first on, below the second; see `look_back`.
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
    clave = F.concat_ws("/", *table.primary_key).alias("clave")
    named = F.slice(F.array_sort(F.collect_list("clave")), 1, NAMED).alias("claves")
    rows = (
        _with_late(decided.join(known, list(table.key), "left"), table, swept, windows or {})
        .select("id_sucursal", day.alias("dia"), kind.alias("k"), clave, "_late")
        .filter("k IS NOT NULL")
        .groupBy("id_sucursal", "dia", "k")
        .agg(F.count("*").alias("n"), named, F.min("_late").alias("desde"))
        .collect()
    )
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for row in rows:
        entry = found.setdefault(row["dia"], {}).setdefault(f"{row['id_sucursal']:03d}", {})
        entry |= {row["k"]: row["n"], f"{row['k']}_keys": list(row["claves"])}
        if row["desde"]:
            entry["late_from"] = min(row["desde"], entry.get("late_from", row["desde"]))
    return found


def _with_late(decided: DataFrame, table: Table, swept: Column, windows: Mapping[str, tuple[str, str]]) -> DataFrame:
    """Adds `_late`: the cursor of a healed row's new version, if it lies in the branch's window."""
    if table.cursor_form is not Cursor.CHANGES or not windows:
        return decided.withColumn("_late", F.lit(None).cast("string"))
    rows = [(int(branch), first, end) for branch, (first, end) in windows.items()]
    frame = F.broadcast(decided.sparkSession.createDataFrame(rows, "_b bigint, _first string, _end string"))
    cursor, before = F.col(f"i.{table.cursor}"), F.col(f"p.{table.cursor}")
    new = F.col("_w").isNull() & (before.isNull() | (cursor > before))
    late = swept & new & (cursor >= F.col("_first")) & (cursor < F.col("_end"))
    joined = decided.join(frame, F.col("id_sucursal") == F.col("_b"), "left")
    return joined.withColumn("_late", F.when(late, cursor)).drop("_b", "_first", "_end")
