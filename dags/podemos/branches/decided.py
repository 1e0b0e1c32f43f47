"""Pure Spark transforms for rows that an operator decided about (`decisions`): accepted as they are, or corrected.

A corrected row is curated with the given values. What the branch has stays beside it: in `ORIGIN` while a curation
judges, and in the table's file of decided rows, from which later curations judge it again. Only PySpark and
podemos.core are imported: this runs in Glue.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from podemos.branches.curation import (
    ACCEPTED,
    EVENT,
    KEEP,
    NO_DAY,
    ORIGIN,
    PARK,
    PRINT,
    PUT,
    day_of,
    raw_schema,
)
from podemos.core import fingerprint
from podemos.core.table import Table

_ENTRY = "_b bigint, _h string, _ev string, _acepta boolean, _valores map<string,string>"
_UNKNOWN_PARENT = "padre_desconocido"
Entries = Sequence[Mapping[str, Any]]


def schema(table: Table) -> T.StructType:
    """Decided rows as they are kept: as the branch has them, then the event, and where they are curated."""
    own = [T.StructField(name, T.StringType()) for name in (EVENT, PRINT, "clave", "dia", "dia_origen")]
    return T.StructType([*raw_schema(table).fields, *own, T.StructField("corregido", T.BooleanType())])


def undecided(incoming: DataFrame, table: Table) -> DataFrame:
    """Incoming rows with the columns of a decision, all empty; a row that was decided before keeps its `PRINT`."""
    own = T.StructType([field for field in raw_schema(table).fields if field.name in _names(table)])
    stored = F.col(PRINT) if PRINT in incoming.columns else F.lit(None).cast("string")
    return incoming.withColumns({
        EVENT: F.lit(None).cast("string"),
        ACCEPTED: F.lit(None).cast("boolean"),
        ORIGIN: F.lit(None).cast(own),
        PRINT: stored,
    })  # fmt: skip


def apply(incoming: DataFrame, table: Table, entries: Entries) -> DataFrame:
    """Incoming rows with what was decided about them: a corrected row has its new values, the branch's are in `ORIGIN`.

    Args:
        incoming: raw rows, with `PRINT` of those that a decision was matched with before.
        table: their contract.
        entries: the table's decisions, of the plan.
    """
    rows = [(int(e["branch"]), e["row"], e["event"], e["action"] == "accept", dict(e["set"])) for e in entries]
    frame = F.broadcast(incoming.sparkSession.createDataFrame(rows, _ENTRY))
    # The content is hashed for the keys that anything was decided about alone.
    mine = F.concat_ws("/", "id_sucursal", *table.primary_key)
    wanted = mine.isin(sorted({f"{int(e['branch'])}/{e['key']}" for e in entries}))
    row = F.sha2(F.expr(fingerprint.spark_row(table)), 256)
    known = incoming.withColumn(PRINT, F.coalesce(F.col(PRINT), F.when(wanted, row)))
    joined = known.join(frame, (F.col("id_sucursal") == F.col("_b")) & (F.col(PRINT) == F.col("_h")), "left")
    corrected = F.col("_ev").isNotNull() & ~F.col("_acepta")
    found = joined.withColumns({
        EVENT: F.col("_ev"),
        ACCEPTED: F.col("_acepta"),
        ORIGIN: F.when(corrected, F.struct(*_names(table))),
    })  # fmt: skip
    types = {field.name: field.dataType for field in raw_schema(table).fields}
    for name in sorted({name for entry in entries for name in entry["set"]} & types.keys()):
        given = F.map_contains_key("_valores", name)
        found = found.withColumn(name, F.when(given, F.col("_valores")[name].cast(types[name])).otherwise(F.col(name)))
    return found.drop("_b", "_h", "_ev", "_acepta", "_valores")


def accepted(judged: DataFrame) -> DataFrame:
    """Rows whose parent is unknown, and that were accepted so, need not wait.

    Where the parent is there, or the row has another fault, the acceptance says nothing.
    """
    alone = F.col(ACCEPTED) & (F.col("motivo") == _UNKNOWN_PARENT)
    needless = F.coalesce(F.col(ACCEPTED), F.lit(False)) & ~F.coalesce(alone, F.lit(False))
    return judged.withColumns({
        EVENT: F.when(~needless, F.col(EVENT)),
        "motivo": F.when(~F.coalesce(alone, F.lit(False)), F.col("motivo")),
    })  # fmt: skip


def stands() -> Column:
    """Whether a decision holds for the row that is curated under a key."""
    older = F.coalesce(F.col("i.snapshot_seq") < F.col("p.snapshot_seq"), F.lit(False))
    return F.col(f"i.{EVENT}").isNotNull() & F.col("accion").isin(KEEP, PUT) & ~older


def corrected() -> Column:
    """Whether the row that is curated under a key has other values than at the branch."""
    return stands() & F.col(f"i.{ORIGIN}").isNotNull()


def source_day(table: Table) -> Column:
    """The day on which the branch has an incoming row."""
    if table.business_date is None:
        return day_of("i", table)
    theirs = F.coalesce(F.substring(F.col(f"i.{ORIGIN}.{table.business_date}"), 1, 10), F.lit(NO_DAY))
    return F.when(F.col(f"i.{ORIGIN}").isNotNull(), theirs).otherwise(day_of("i", table))


def origin_day(table: Table) -> Column:
    """The day on which the branch has a corrected row under judgement, as `dia`."""
    return F.coalesce(F.substring(F.col(f"{ORIGIN}.{table.business_date}"), 1, 10), F.lit(NO_DAY)).alias("dia")


def values_at_branch(table: Table) -> list[Column]:
    """The values of an incoming row as the branch has them."""
    origin = F.col(f"i.{ORIGIN}")
    return [
        F.when(origin.isNotNull(), F.col(f"i.{ORIGIN}.{name}")).otherwise(F.col(f"i.{name}")).alias(name)
        for name in _names(table)
    ]


def as_at_branch(table: Table) -> list[Column]:
    """An incoming row's columns as the branch has them."""
    own = [F.col("id_sucursal"), F.col("i.snapshot_seq").alias("snapshot_seq"), F.lit(False).alias("borrado")]
    return [*values_at_branch(table), *own]


def kept(judged: DataFrame, table: Table) -> DataFrame:
    """The rows for which a decision stands, of `schema`."""
    more = [F.col(f"i.{EVENT}").alias(EVENT), F.col(f"i.{PRINT}").alias(PRINT),
            F.concat_ws("/", *table.primary_key).alias("clave"), day_of("i", table).alias("dia"),
            source_day(table).alias("dia_origen"), corrected().alias("corregido")]  # fmt: skip
    return judged.filter(stands()).select(*as_at_branch(table), *more)


def parked(judged: DataFrame, table: Table) -> DataFrame:
    """The rows that wait in quarantine now, as the branch has them: also one whose correction was not enough."""
    why = [F.col("i.motivo").alias("motivo"), F.col("i.detalle").alias("detalle")]
    return judged.filter(F.col("accion") == PARK).select(*as_at_branch(table), *why)


def closure(days: Collection[str], pairs: Collection[Sequence[str]]) -> list[str]:
    """The days, and those that a corrected row ties to them: it counts on the branch's day and on the curated one.

    Args:
        days: some.
        pairs: (curated day, branch's day) of the rows that are decided.
    """
    found, more = set(days), True
    while more:
        tied = {day for pair in pairs if found & set(pair) for day in pair}
        found, more = found | tied, bool(tied - found)
    return sorted(found)


def touching(days: Collection[str]) -> Column:
    """Whether a kept row counts on one of the days."""
    return F.col("dia").isin(list(days)) | F.col("dia_origen").isin(list(days))


def _names(table: Table) -> list[str]:
    return [column.name for column in table.columns]
