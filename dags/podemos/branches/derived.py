"""Pure Spark transforms: what follows from a raw row (instants, local and accounting days), and the way back.

*Curated* rows have the contract's derived columns, in the order that COPY maps by position. Only PySpark and
podemos.core are imported: this runs in Glue.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from podemos.core.table import WAREHOUSE_BYTES, WAREHOUSE_CHARACTERS, Derived, Kind, Read, Table
from podemos.core.table import Column as TableColumn

Changes = list[tuple[str, int]]
"""Offsets of one zone: (naive UTC text, seconds from then on), ascending; the first holds from the beginning."""


def curated_schema(table: Table) -> T.StructType:
    """Curated rows, in the order that COPY maps by position."""
    return T.StructType([T.StructField(found.name, _spark_type(found.type)) for found in table.curated_columns()])


def to_curated(raw: DataFrame, table: Table, spans: DataFrame, places: DataFrame, changes: Changes) -> DataFrame:
    """Raw rows with every derived column, in contract order.

    Args:
        raw: raw rows without faults.
        table: their contract.
        spans: the zone table: `_z`, `_y`, `_from`, `_to`, `_offset` (seconds).
        places: zones of a branch: `_s`, `_local`, `_server`.
        changes: offsets of America/Mexico_City.
    """
    times = [column for column in table.columns if column.kind is Kind.DATETIME]
    if times:
        raw = raw.join(F.broadcast(places), F.col("id_sucursal") == F.col("_s"), "left")
    for column in times:
        raw = _with_instant(raw, column, spans)
    chosen = [_derived(table, found, changes).cast(_spark_type(found.type)).alias(found.name)
              for found in table.curated_columns()]  # fmt: skip
    return raw.select(*chosen)


def from_curated(curated: DataFrame, table: Table) -> DataFrame:
    """The inverse of `to_curated`."""
    own = [F.col(f"{c.name}_origen" if c.kind.temporal else c.name).alias(c.name) for c in table.columns]
    return curated.select(*own, "id_sucursal", "snapshot_seq", "borrado")


def in_warehouse(curated: DataFrame, table: Table) -> DataFrame:
    """Curated rows as the warehouse can hold them: of a text without a limit, the beginning."""
    for column in table.columns:
        if column.unbounded:
            curated = curated.withColumn(column.name, F.substring(F.col(column.name), 1, _characters(column)))
    return curated


def _characters(column: TableColumn) -> int:
    """Hexadecimal digits are one octet each; of other text nobody knows."""
    return WAREHOUSE_BYTES - 1 if column.read is Read.HEX else WAREHOUSE_CHARACTERS


def _with_instant(raw: DataFrame, column: TableColumn, spans: DataFrame) -> DataFrame:
    """Adds `<name>_utc`. The earlier instant of a doubled hour, a skipped hour shifted forward: the table says so.

    NULL for what the zone table does not know.
    """
    zone = "_server" if column.read is Read.INSTANT else "_local"
    joined = raw.withColumn("_wall", F.col(column.name).cast("timestamp_ntz")).join(
        F.broadcast(spans),
        (F.col(zone) == F.col("_z"))
        & (F.year("_wall") == F.col("_y"))
        & (F.col("_wall") >= F.col("_from"))
        & (F.col("_wall") < F.col("_to")),
        "left",
    )
    instant = F.expr("timestampadd(SECOND, -_offset, _wall)")
    return joined.withColumn(f"{column.name}_utc", instant).drop("_wall", "_z", "_y", "_from", "_to", "_offset")


def _derived(table: Table, found: Derived, changes: Changes) -> Column:
    match found.expression:
        case "branch":
            return F.col("id_sucursal")
        case "sequence":
            return F.col("snapshot_seq")
        case "deleted":
            return F.col("borrado")
        case "value":
            return F.col(found.source)
        case "instant":
            return F.col(f"{found.source}_utc")
        case "local_day":
            return F.substring(F.col(found.source), 1, 10)
        case "accounting_day":
            if table.column(found.source).kind is Kind.DATE:
                return F.substring(F.col(found.source), 1, 10)
            return _accounting_day(f"{found.source}_utc", changes)
    raise ValueError(f"derived column {found.name}: unknown expression {found.expression!r}")


def _accounting_day(utc: str, changes: Changes) -> Column:
    """The calendar day in America/Mexico_City of an instant."""
    offset = F.lit(changes[0][1])
    for since, seconds in changes[1:]:
        offset = F.when(F.col(utc) >= _ntz(since), F.lit(seconds)).otherwise(offset)
    return F.to_date(F.timestamp_seconds(F.unix_timestamp(F.col(utc).cast("timestamp")) + offset))


def _ntz(text: str) -> Column:
    return F.lit(text).cast("timestamp_ntz")


def _spark_type(sql: str) -> T.DataType:
    """Spark's type of a warehouse type."""
    word, _, numbers = sql.rstrip(")").partition("(")
    if word == "DECIMAL":
        precision, scale = (int(number) for number in numbers.split(","))
        return T.DecimalType(precision, scale)
    return {
        "BIGINT": T.LongType(),
        "VARCHAR": T.StringType(),
        "DATE": T.DateType(),
        "TIMESTAMP": T.TimestampNTZType(),
        "BOOLEAN": T.BooleanType(),
    }[word]
