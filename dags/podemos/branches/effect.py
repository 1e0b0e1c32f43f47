"""What a judgement changes, found in one look: so that nothing is written, read or counted that has no rows.

Only PySpark and podemos.core are imported: this runs in Glue.
"""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from podemos.branches import decided as decided_rows
from podemos.branches.control_totals import Place, Totals, aggregates, of_row
from podemos.branches.curation import GONE, KEEP, PARK, PUT, day_of, local_day
from podemos.core.table import Table


@dataclass(frozen=True, slots=True)
class Effect:
    """What has to be written, and the control totals of what was judged.

    Attributes:
        days: whose curated rows differ from before.
        waits: rows in quarantine now.
        loads: rows that the warehouse has to merge.
        totals: of the rows in memory, each digested once.
    """

    days: list[str]
    waits: int
    loads: int
    totals: Totals


def effect_of(fates: DataFrame, table: Table, *, decisions: bool) -> Effect:
    """One aggregate over everything that was judged; a row per branch, day and action comes to the driver.

    Args:
        fates: of `curation.decide` and `absence.declare_gone`.
        table: the contract.
        decisions: whether operators decided about any row of the table.
    """
    action = F.col("accion")
    gone = (action == GONE) | ((action == KEEP) & F.col("p.borrado"))
    place = F.when(gone, F.lit(None)).when(action == PARK, Place.PARKED.value)
    mine, theirs = (F.struct(*(F.col(f"{side}.{c.name}").alias(c.name) for c in table.columns)) for side in "ip")
    values = F.when(action == KEEP, theirs)
    if decisions:
        place = place.when(decided_rows.corrected(), Place.CORRECTED.value)
        values = values.when(action == PARK, F.struct(*decided_rows.values_at_branch(table)))
    rows = fates.select(
        "id_sucursal",
        action.alias("_accion"),
        place.otherwise(Place.ALIVE.value).alias("_lugar"),
        F.when((action != KEEP) & F.col("p").isNotNull(), day_of("p", table)).alias("_deja"),
        ((action == PUT) | (action.isin(PARK, GONE) & ~F.col("p.borrado"))).cast("int").alias("_carga"),
        values.otherwise(mine).alias("r"),
    ).select("id_sucursal", "_accion", "_lugar", "_deja", "_carga", "r.*")
    if decisions:
        own = [F.lit(None).cast("string").alias(name) for name in ("_accion", "_deja")]
        own += [F.lit(Place.AT_BRANCH.value).alias("_lugar"), F.lit(0).alias("_carga")]
        at_branch = fates.filter(decided_rows.corrected())
        rows = rows.unionByName(at_branch.select("id_sucursal", *own, *decided_rows.values_at_branch(table)))
    found = (
        rows.groupBy("id_sucursal", local_day(table).alias("_dia"), "_accion", "_lugar", "_deja")
        .agg(*aggregates(table), F.sum("_carga").alias("_carga"))
        .collect()
    )
    days = {row["_dia"] for row in found if row["_accion"] == PUT} | {row["_deja"] for row in found}
    totals: Totals = {}
    for row in found:
        if row["_lugar"] is not None:
            of_row(totals, Place(row["_lugar"]), row)
    return Effect(
        sorted(days - {None}),
        sum(row["_n"] for row in found if row["_accion"] == PARK),
        sum(row["_carga"] or 0 for row in found),
        totals,
    )
