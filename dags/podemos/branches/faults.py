"""Pure Spark transforms: why a landed row must wait, by what it shows itself and by whether its parents are there.

Only PySpark and podemos.core are imported: this runs in Glue. `fits` says the same in Python of a value that a person
types.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from podemos.core import raw_text
from podemos.core.table import WAREHOUSE_BYTES, Kind, Table

_TEMPORAL = r"^\d{4}-\d{2}-\d{2}( \d{2}:\d{2}:\d{2}(\.\d{1,6})?)?$"


def with_local_faults(incoming: DataFrame, table: Table, first: str, last: str) -> DataFrame:
    """Adds `motivo` and `detalle` for what a row itself shows: NULL, no text, NUL, too long, or an impossible date.

    Args:
        incoming: raw rows.
        table: their contract.
        first: first wall time of the zone table.
        last: the first wall time beyond it.
    """
    checks: list[tuple[Column, str, str]] = []
    for column in table.columns:
        value = F.col(column.name)
        if not column.nullable:
            checks.append((value.isNull(), "valor_nulo", column.name))
        if column.kind is Kind.TEXT:
            checks.append((value.startswith(raw_text.MARK), "texto_invalido", column.name))
            checks.append((F.instr(value, "\x00") > 0, "texto_con_nul", column.name))
            if not column.unbounded:
                longer = (F.length(value) > column.length) | (F.octet_length(value) > WAREHOUSE_BYTES)
                checks.append((longer, "texto_largo", column.name))
        if column.kind.temporal and not column.lenient:
            wall = value.cast("timestamp_ntz")
            impossible = value.isNotNull() & (~value.rlike(_TEMPORAL) | wall.isNull())
            checks.append((impossible, "fecha_imposible", column.name))
            if column.kind is Kind.DATETIME:
                outside = (wall < _ntz(first)) | (wall >= _ntz(last))
                checks.append((outside, "fecha_fuera_de_tabla", column.name))
    motivo, detalle = F.lit(None).cast("string"), F.lit(None).cast("string")
    for fails, reason, name in reversed(checks):
        motivo = F.when(fails, F.lit(reason)).otherwise(motivo)
        shown = F.concat_ws(" ", F.lit(name), F.substring(F.col(name).cast("string"), 1, 40))
        detalle = F.when(fails, shown).otherwise(detalle)
    return incoming.withColumn("motivo", motivo).withColumn("detalle", F.regexp_replace(detalle, "\x00", "\\\\0"))


def with_orphans(incoming: DataFrame, table: Table, known: Mapping[str, DataFrame]) -> DataFrame:
    """Adds `motivo` to rows whose client or loan the same branch does not have (yet).

    Args:
        incoming: rows with `motivo`.
        table: their contract.
        known: for each parent table, its keys ``(id_sucursal, _clave)``.
    """
    for parent in table.parents:
        keys = known[parent.table].select(
            F.col("id_sucursal").alias("_s"), F.col("_clave").alias("_k"), F.lit(True).alias("_hay")
        )
        own = F.col(parent.column)
        joined = incoming.join(keys, (F.col("id_sucursal") == F.col("_s")) & (own == F.col("_k")), "left")
        orphan = F.col("motivo").isNull() & own.isNotNull() & F.col("_hay").isNull()
        why = F.concat_ws(" ", F.lit(parent.table), own.cast("string"))
        incoming = (
            joined.withColumn("detalle", F.when(orphan, why).otherwise(F.col("detalle")))
            .withColumn("motivo", F.when(orphan, F.lit("padre_desconocido")).otherwise(F.col("motivo")))
            .drop("_s", "_k", "_hay")
        )
    return incoming


def _ntz(text: str) -> Column:
    return F.lit(text).cast("timestamp_ntz")
