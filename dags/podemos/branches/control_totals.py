"""The control totals of a curation: each term of a branch's day, from what was judged and from what was written.

Winners come from memory, as the branch has them: of a corrected row the branch's own values. Curated, quarantined and
the originals of corrected rows come from what was written, read back; a day that was not written is curated as it is in
memory. Control totals add up, so each row is digested once for each place that it is in.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from functools import reduce
from typing import Any

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

from podemos.branches.curation import local_day
from podemos.core import fingerprint
from podemos.core.fingerprint import Fingerprint
from podemos.core.table import Table


class Place(StrEnum):
    """Where rows were found: judged, in memory; or written, and read back.

    In memory the rows `ALIVE` are curated as the branch has them, those `CORRECTED` are not and are `AT_BRANCH` beside
    it, and those `PARKED` wait. In files rows are `WRITTEN` into days, `QUARANTINED`, or the `ORIGINAL` of corrected
    ones.
    """

    ALIVE = "alive"
    CORRECTED = "corrected"
    AT_BRANCH = "at branch"
    PARKED = "parked"
    WRITTEN = "written"
    QUARANTINED = "quarantined"
    ORIGINAL = "original"


Totals = dict[tuple[Place, str, int], Fingerprint]
"""By place, branch-local day and branch."""
Terms = dict[str, dict[str, dict[str, dict[str, Any]]]]
"""day -> branch -> term (winners, curated, quarantined; of corrected rows: corrected, original) -> fingerprint."""


def aggregates(table: Table) -> list[Column]:
    """Rows, cents and digest (`_n`, `_c`, `_d`) of a group of raw rows."""
    select = fingerprint.spark(table, curated=False)
    return [F.expr(select.count).alias("_n"), F.expr(select.cents).alias("_c"), F.expr(select.digest).alias("_d")]


def of_row(totals: Totals, place: Place, row: Row) -> None:
    """Adds a row of `aggregates` with `_dia` and `id_sucursal`."""
    where = place, row["_dia"], int(row["id_sucursal"])
    totals[where] = totals.get(where, Fingerprint()) + Fingerprint(int(row["_n"]), int(row["_c"]), int(row["_d"]))


def read_back(places: Mapping[Place, DataFrame], table: Table) -> Totals:
    """Totals of raw rows, in one aggregate."""
    totals: Totals = {}
    if not places:
        return totals
    names = [column.name for column in table.columns]
    found = [rows.select("id_sucursal", *names, F.lit(place.value).alias("_lugar")) for place, rows in places.items()]
    rows = reduce(DataFrame.unionByName, found)
    for row in rows.groupBy("id_sucursal", local_day(table).alias("_dia"), "_lugar").agg(*aggregates(table)).collect():
        of_row(totals, Place(row["_lugar"]), row)
    return totals


def terms(totals: Totals, written: Collection[str]) -> Terms:
    """The terms of all days that take part.

    Args:
        totals: of all places.
        written: the days whose files were written.
    """
    sums: dict[tuple[str, str, str], Fingerprint] = {}
    for (place, day, branch), value in totals.items():
        for term in _terms(place, written=day in written):
            where = day, f"{branch:03d}", term
            sums[where] = sums.get(where, Fingerprint()) + value
    found: Terms = {}
    for (day, name, term), value in sums.items():
        found.setdefault(day, {}).setdefault(name, {})[term] = value.to_dict()
    return found


def _terms(place: Place, *, written: bool) -> tuple[str, ...]:
    """What rows of a place count for."""
    match place:
        case Place.ALIVE:
            return ("winners",) if written else ("winners", "curated")
        case Place.CORRECTED:
            return ("corrected",) if written else ("corrected", "curated")
        case Place.AT_BRANCH | Place.PARKED:
            return ("winners",)
        case Place.WRITTEN:
            return ("curated",)
        case Place.QUARANTINED:
            return ("quarantined",)
        case Place.ORIGINAL:
            return ("original",)
