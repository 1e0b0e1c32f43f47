"""Decides what of some read rows is new: against the index, and against each other.

Vectorised where nothing is in doubt: an id that stands once among the rows and never in the index is new. The others,
few in an ordinary run, go through `merge` one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from podemos.mobile import places
from podemos.mobile.merge import Merged, Seen, merge

_INT = pa.int64()


@dataclass(slots=True)
class Fates:
    """What became of rows, as row numbers of their tables.

    Attributes:
        new: by table.
        conflicts: of rows that say something else than what stands: (table, row, id).
        stands: table and row of the standing version of a conflict, where it is a new row itself.
        repeated: rows, by table.
    """

    new: dict[str, list[pa.Array]] = field(default_factory=dict)
    conflicts: list[tuple[str, int, str]] = field(default_factory=list)
    stands: dict[str, tuple[str, int]] = field(default_factory=dict)
    repeated: dict[str, int] = field(default_factory=dict)

    def rows(self, table: str) -> pa.Array:
        """Numbers of a table's new rows."""
        return pa.concat_arrays(self.new.get(table, [pa.array([], _INT)]))


def id_of(table: str) -> str:
    """The column that identifies a table's rows."""
    return "id" if table == places.QUARANTINE else "event_id"


def content_of(table: str) -> str:
    """The column that two rows of one id are compared by: a refused line's id is its digest."""
    return "id" if table == places.QUARANTINE else "contenido"


def by_bucket(tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """All rows by index bucket: id, content, what orders them, and which row of which table they are."""
    seen = pa.concat_tables(_seen(name, rows) for name, rows in sorted(tables.items()))
    buckets = sorted(pc.unique(seen["cubeta"]).to_pylist())
    if len(buckets) == 1:
        return {buckets[0]: seen}
    ordered = seen.take(pc.sort_indices(seen["cubeta"]))
    counts = {row["values"]: row["counts"] for row in pc.value_counts(seen["cubeta"]).to_pylist()}
    found, at = {}, 0
    for name in buckets:
        found[name] = ordered.slice(at, counts[name])
        at += counts[name]
    return found


def _seen(name: str, rows: pa.Table) -> pa.Table:
    count = rows.num_rows
    return pa.table(
        {
            "id": rows[id_of(name)],
            "contenido": rows[content_of(name)],
            "cubeta": rows["cubeta"],
            "recibido_en": rows["recibido_en"],
            "objeto": rows["objeto"],
            "linea": rows["linea"],
            "tabla": pa.repeat(pa.scalar(name), count),
            "fila": pa.array(range(count), _INT),
        }
    )


Known = Callable[[pa.Array], Mapping[str, list[str]]]
"""Contents by id, the standing one first, of those ids that a bucket of the index has."""


def decide(fates: Fates, seen: pa.Table, known: Known) -> None:
    """Adds what becomes of the rows of one bucket."""
    ids = seen["id"].combine_chunks()
    before = known(ids)
    counts = pc.value_counts(ids)
    twice = counts.field("values").filter(pc.greater(counts.field("counts"), 1))
    doubtful = pa.concat_arrays([twice, pa.array(before, pa.string())]) if before else twice
    if not len(doubtful):
        _keep(fates, seen)
        return
    mask = pc.is_in(ids, value_set=doubtful)
    _keep(fates, seen.filter(pc.invert(mask)))
    _one_by_one(fates, seen.filter(mask).to_pylist(), before)


def _keep(fates: Fates, seen: pa.Table) -> None:
    for name in pc.unique(seen["tabla"]).to_pylist():
        rows = seen.filter(pc.equal(seen["tabla"], name))["fila"].combine_chunks()
        fates.new.setdefault(name, []).append(rows)


def _one_by_one(fates: Fates, rows: list[dict[str, Any]], before: Mapping[str, list[str]]) -> None:
    arrived = (
        Seen(row["id"], row["contenido"], (row["recibido_en"], row["objeto"], row["linea"]), at)
        for at, row in enumerate(rows)
    )
    found: Merged = merge(arrived, before)
    new: dict[str, list[int]] = {}
    for at in found.new:
        new.setdefault(rows[at]["tabla"], []).append(rows[at]["fila"])
    for name, numbers in new.items():
        fates.new.setdefault(name, []).append(pa.array(numbers, _INT))
    decided = {*found.new, *found.conflicts}
    for at, row in enumerate(rows):
        if at not in decided:
            fates.repeated[row["tabla"]] = fates.repeated.get(row["tabla"], 0) + 1
    for at in found.conflicts:
        row = rows[at]
        fates.conflicts.append((row["tabla"], row["fila"], row["id"]))
        if row["id"] in found.stands:
            standing = rows[found.stands[row["id"]]]
            fates.stands[row["id"]] = (standing["tabla"], standing["fila"])
