"""Transforms of columns that the house's own tables have not: instants of another zone, no dates, texts without end."""

from __future__ import annotations

from datetime import datetime

from pyspark.sql import SparkSession

from podemos.branches import curation, derived, faults
from podemos.branches.zone_frames import zone_frames
from podemos.contracts.columns import ColumnContract
from podemos.core.paths import include
from podemos.core.table import Table


def column(name: str, type_: str, **more: object) -> ColumnContract:
    return ColumnContract.model_validate({"name": name, "type": type_, "comment": "de prueba", **more})


COLUMNS = (
    column("id", "INTEGER"),
    column("local", "DATETIME(0)"),
    column("instante", "TIMESTAMP(0)", nullable=True),
    column("nunca", "DATETIME(0)", impossible="keep"),
    column("largo", "TEXT", fingerprint=False),
    column("octetos", "BLOB", fingerprint=False),
)
TABLE = Table(
    name="x", columns=tuple(c.compiled() for c in COLUMNS), primary_key=("id",), cursor=None, business_date="local",
    amount=None, parents=(), warehouse="core.x", comment="",
)  # fmt: skip
WALL = "2026-07-01 22:30:00"
ROWS = [
    (1, WALL, WALL, "0000-00-00 00:00:00", "ñ" * 40_000, "FF" * 40_000, 1, 7, False),
    (2, "1985-01-01 00:00:00", None, "9999-12-31 23:59:59", "", "", 2, 7, False),
]


def test_instants_of_the_servers_zone_dates_that_are_none_and_texts_without_end(spark: SparkSession) -> None:
    text = (include() / "config" / "zones.csv").read_text(encoding="utf-8")
    frames = zone_frames(spark, text, {"001": "America/Tijuana", "002": "America/Mexico_City"}, {"001": "UTC"})
    raw = spark.createDataFrame(ROWS, curation.raw_schema(TABLE))
    judged = faults.with_local_faults(
        raw.selectExpr("*", "false AS esperaba"), TABLE, frames.first, frames.last
    )  # fmt: skip
    assert [row["motivo"] for row in judged.collect()] == [None, None]
    curated = derived.to_curated(raw, TABLE, frames.spans, frames.places, frames.changes)
    assert curated.columns == [found.name for found in TABLE.curated_columns()]
    one, two = curated.orderBy("id").collect()
    assert (one["local_utc"], one["instante_utc"]) == (datetime(2026, 7, 2, 5, 30), datetime(2026, 7, 1, 22, 30))
    assert two["local_utc"] == datetime(1985, 1, 1, 6), "the zone table reaches back"
    assert (one["nunca_utc"], two["nunca_utc"], one["nunca_origen"]) == (None, None, "0000-00-00 00:00:00")
    assert len(one["largo"]) == 40_000, "the lake holds it whole"
    loaded = derived.in_warehouse(curated, TABLE).orderBy("id").first()
    assert loaded is not None
    assert (len(loaded["largo"].encode()), len(loaded["octetos"])) == (2 * 16_383, 65_534)
