"""Pure Spark transforms: from landed rows and the curated rows of before to one winner per key.

*Raw* rows have the contract's columns (dates and times as source text), then `id_sucursal`, `snapshot_seq`, `borrado`.
*Incoming* rows are raw rows with `motivo`, `detalle` (why they must wait; NULL when they need not), `esperaba`
(whether an earlier curation saw them), `RANGE`, and what an operator decided (`EVENT` and so on). Only PySpark and
podemos.core are imported: this runs in Glue.
"""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql import types as T

from podemos.core.table import Kind, Table

UNDATED = "todo"
NO_DAY = "nulo"
RANGE = "_rango"
"""Whether a row was landed by reading a whole range: a watermark did not see it."""
KEEP, PUT, PARK, GONE = "keep", "put", "park", "gone"
"""What happens to a key: its curated row stays; the incoming row becomes it; the incoming row waits in quarantine; the
row is no longer at the branch, and a curated one is marked."""
EVENT, ACCEPTED, ORIGIN, PRINT = "evento", "_aceptado", "_origen", "huella"
"""Columns of a row that an operator decided about (`decided`): the event, whether it accepts the row, of a corrected
row its columns as the branch has them, and the SHA-256 of its content. NULL where nobody decided."""


def raw_schema(table: Table) -> T.StructType:
    """Raw rows."""
    fields = [T.StructField(column.name, _raw_type(column.kind, column.precision, column.scale))
              for column in table.columns]  # fmt: skip
    own = [T.StructField("id_sucursal", T.LongType()), T.StructField("snapshot_seq", T.LongType())]
    return T.StructType([*fields, *own, T.StructField("borrado", T.BooleanType())])


def incoming_schema(table: Table) -> T.StructType:
    """Incoming rows, and the rows of the quarantine."""
    own = [T.StructField("motivo", T.StringType()), T.StructField("detalle", T.StringType())]
    return T.StructType([*raw_schema(table).fields, *own])


def local_day(table: Table, *, curated: bool = False) -> Column:
    """The branch-local day as text, read off the source text: what ``DATE(col)`` gives on the branch."""
    if table.business_date is None:
        return F.lit(UNDATED)
    column = f"{table.business_date}_origen" if curated else table.business_date
    return F.coalesce(F.substring(F.col(column), 1, 10), F.lit(NO_DAY))


def keep_latest_snapshot(incoming: DataFrame, table: Table) -> DataFrame:
    """One row per key: the one seen by the latest snapshot. Neither arrival order nor the cursor decides.

    All appearances of a key in one snapshot are the same row: a page by the watermark is taken before a range, and
    what was landed before what waits in quarantine.
    """
    order = Window.partitionBy(*table.key).orderBy(F.desc("snapshot_seq"), F.asc("esperaba"), F.asc(RANGE))
    return incoming.withColumn("_n", F.row_number().over(order)).filter("_n = 1").drop("_n")


def decide(incoming: DataFrame, before: DataFrame, table: Table) -> DataFrame:
    """For each key what happens to it: columns `i` (incoming row), `p` (curated row of before), `accion`, `ido`.

    `ido` is the snapshot that no longer had the row: NULL here, `absence.declare_gone` knows.
    An incoming row with the content of the curated one changes nothing: a tail fetched twice rewrites no day. One of an
    older snapshot changes nothing either: a replayed chunk never wins.
    """
    names = [field.name for field in raw_schema(table).fields]
    key = list(table.key)
    judged = (*names, "motivo", "detalle", "esperaba", RANGE, EVENT, ACCEPTED, ORIGIN, PRINT)
    mine = incoming.select(*key, F.struct(*judged).alias("i"))
    theirs = before.select(*key, F.struct(*names).alias("p"))
    both = mine.join(theirs, key, "full")
    same = reduce(lambda a, b: a & b, (F.col(f"p.{c.name}").eqNullSafe(F.col(f"i.{c.name}")) for c in table.columns))
    unchanged = (same & ~F.col("p.borrado")) | (F.col("i.snapshot_seq") < F.col("p.snapshot_seq"))
    action = (
        F.when(F.col("i").isNull() | (F.col("p").isNotNull() & unchanged), KEEP)
        .when(F.col("i.motivo").isNull(), PUT)
        .otherwise(PARK)
    )
    return both.withColumn("accion", action).withColumn("ido", F.lit(None).cast("long"))


def current(decided: DataFrame, table: Table) -> DataFrame:
    """The raw rows that are curated now; of one that is gone, its last version, marked."""
    gone = F.struct(*_marked(table, F.col("ido")))
    row = F.when(F.col("accion") == KEEP, F.col("p")).when(F.col("accion") == GONE, gone).otherwise(_raw_struct(table))
    known = (F.col("accion") != GONE) | F.col("p").isNotNull()
    return decided.filter((F.col("accion") != PARK) & known).select(row.alias("r")).select("r.*")


def delta(decided: DataFrame, table: Table) -> DataFrame:
    """Raw rows the warehouse has to merge: new winners; what was withdrawn into quarantine or is gone, as `borrado`."""
    put = F.col("accion") == PUT
    withdrawn = F.col("accion").isin(PARK, GONE) & ~F.col("p.borrado")
    marked = F.struct(*_marked(table, F.coalesce("ido", "i.snapshot_seq")))
    row = F.when(put, _raw_struct(table)).otherwise(marked)
    return decided.filter(put | withdrawn).select(row.alias("r")).select("r.*")


def day_of(side: str, table: Table) -> Column:
    """The branch-local day of a side (`i` or `p`) of a decision."""
    if table.business_date is None:
        return F.lit(UNDATED)
    return F.coalesce(F.substring(F.col(f"{side}.{table.business_date}"), 1, 10), F.lit(NO_DAY))


def _marked(table: Table, seq: Column) -> list[Column]:
    """The curated row of before as raw columns, deleted as of snapshot `seq`."""
    columns = [F.col(f"p.{column.name}").alias(column.name) for column in table.columns]
    own = [F.col("id_sucursal"), seq.alias("snapshot_seq"), F.lit(True).alias("borrado")]
    return [*columns, *own]


def _raw_struct(table: Table) -> Column:
    return F.struct(*(F.col(f"i.{field.name}").alias(field.name) for field in raw_schema(table).fields))


def _raw_type(kind: Kind, precision: int, scale: int) -> T.DataType:
    if kind is Kind.INTEGER:
        return T.LongType()
    return T.DecimalType(precision, scale) if kind is Kind.DECIMAL else T.StringType()
