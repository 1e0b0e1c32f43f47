"""The control totals of a curation: each term of a branch's day, from what was judged and from what was written."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from podemos.branches import curation, decided
from podemos.core import fingerprint
from podemos.core.fingerprint import Fingerprint
from podemos.core.table import Table

Terms = dict[str, dict[str, dict[str, dict[str, Any]]]]
"""day -> branch -> term (winners, curated, quarantined; of corrected rows: corrected, original) -> fingerprint."""


def totals(
    judged: DataFrame,
    table: Table,
    rewritten: Collection[str],
    written: DataFrame,
    waiting: DataFrame,
    kept: DataFrame | None,
) -> Terms:
    """Terms of all days that take part.

    Winners come from memory, as the branch has them: of a corrected row the branch's own values. Curated, quarantined
    and the originals of corrected rows come from what was written, read back.

    Args:
        judged: what happens to each key.
        table: the contract.
        rewritten: days whose files were written.
        written: curated rows of these files.
        waiting: the quarantine's file.
        kept: the rows that are curated by a decision, from their file; None when there are none.
    """
    names = [found.name for found in curation.raw_schema(table).fields]
    alive = curation.current(judged, table).filter("NOT borrado").select(*names)
    theirs = alive if kept is None else decided.winners(judged, table)
    parts = [("winners", theirs), ("winners", decided.parked(judged, table))]
    parts += [("curated", curation.from_curated(written, table).filter("NOT borrado")), ("quarantined", waiting)]
    parts += [("curated", alive.filter(~curation.local_day(table).isin(list(rewritten))) if rewritten else alive)]
    if kept is not None:
        parts += [("corrected", decided.as_curated(judged, table)), ("original", kept.filter("corregido"))]
    frames = [rows.select(*names, F.lit(term).alias("_term")) for term, rows in parts]
    everything = frames[0]
    for frame in frames[1:]:
        everything = everything.unionByName(frame)
    select = fingerprint.spark(table, curated=False)
    grouped = everything.groupBy("id_sucursal", curation.local_day(table).alias("dia"), "_term").agg(
        F.expr(select.count).alias("n"), F.expr(select.cents).alias("c"), F.expr(select.digest).alias("d")
    )
    terms: Terms = {}
    for row in grouped.collect():
        value = Fingerprint(int(row["n"]), int(row["c"]), int(row["d"])).to_dict()
        terms.setdefault(row["dia"], {}).setdefault(f"{row['id_sucursal']:03d}", {})[row["_term"]] = value
    return terms
