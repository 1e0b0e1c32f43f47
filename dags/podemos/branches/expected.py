"""What the lake has in a branch's day: which keys, and what proves each row.

A key that a range does not show is gone, or has moved to another day; a row whose proof is not the branch's was
changed. Held in Arrow: the key's text and two numbers, some 40 bytes a row of one branch and day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from podemos.branches import chunk
from podemos.branches.ranged import batches
from podemos.branches.revisions import Revision
from podemos.contracts.row_digests import row_cents, row_digests
from podemos.core.errors import DataFault, NotFound
from podemos.core.store import ObjectStore
from podemos.core.table import Table

Expected = Callable[[Table, str, str], pa.Table]
"""Table, branch and day -> the rows in order of the key: the primary key's columns as text, `DIGEST` and `CENTS`."""
DIGEST, CENTS = "_digest", "_cents"


def nothing(table: Table, branch: str, day: str) -> pa.Table:
    """For who may not look into the lake: no key is expected, and a row that moved is not looked for."""
    return _in_order([], table)


def of_revision(lake: ObjectStore, revision: Revision | None) -> Expected:
    """What a revision has curated in a day, and what waits in its quarantine.

    Raises:
        DataFault: (when asked) a file cannot be read.
    """
    if revision is None:
        return nothing
    document = revision.document

    def expected(table: Table, branch: str, day: str) -> pa.Table:
        curated = document["days"].get(table.name, {}).get(day, {}).get("files", ())
        covered = [column for column in table.columns if column.fingerprint]
        names = {c.name: f"{c.name}_origen" if c.kind.temporal else c.name for c in covered}
        waiting = document["quarantine"].get(table.name, {}).get("files", ())
        raw = {column.name: column.name for column in covered}
        found = [*_read(lake, curated, table, names, branch, day), *_read(lake, waiting, table, raw, branch, day)]
        return _in_order(found, table)

    return expected


def absent(expected: pa.Table, shown: Iterable[pa.Table], table: Table) -> list[tuple[str, ...]]:
    """Expected keys that none of the pages shows."""
    if not expected.num_rows:
        return []
    names = list(table.primary_key)
    schema = pa.schema([pa.field(name, pa.string()) for name in names])
    seen = pa.concat_tables([schema.empty_table(), *shown])
    left = expected.select(names).join(seen, names, join_type="left anti", use_threads=False)
    return list(zip(*(left[name].to_pylist() for name in names), strict=True))


def keys_of(rows: pa.Table, table: Table) -> pa.Table:
    """The key of each row, as text."""
    return pa.table({name: rows[name].cast(pa.string()) for name in table.primary_key})


def _in_order(found: list[pa.Table], table: Table) -> pa.Table:
    """Sorted as numbers, dates and bytes of UTF-8 compare; then the keys as text."""
    types = {column.name: chunk.arrow_type(column) for column in table.columns}
    fields = [pa.field(name, types[name]) for name in table.primary_key]
    schema = pa.schema([*fields, pa.field(DIGEST, pa.int64()), pa.field(CENTS, pa.int64())])
    rows = pa.concat_tables([schema.empty_table(), *found]).combine_chunks()
    rows = rows.sort_by([(name, "ascending") for name in table.primary_key])
    proof = {name: rows[name] for name in (DIGEST, CENTS)}
    return pa.table({name: rows[name].cast(pa.string()) for name in table.primary_key} | proof)


def _read(
    lake: ObjectStore,
    files: Iterable[Mapping[str, Any]],
    table: Table,
    names: Mapping[str, str],
    branch: str,
    day: str,
) -> Iterator[pa.Table]:
    wanted = (*names.values(), "id_sucursal", "borrado")
    for file in files:
        try:
            for batch in batches(lake, file["key"], file.get("size", 0), wanted, int(branch)):
                if (mine := _mine(batch, names.get(table.business_date or ""), branch, day)).num_rows:
                    yield _proven(mine, table, names)
        except (NotFound, pa.ArrowInvalid, OSError) as error:
            raise DataFault(f"{lake.uri(file['key'])}: {error}; restore it from its version history") from None


def _mine(batch: pa.RecordBatch, moment: str | None, branch: str, day: str) -> pa.RecordBatch:
    here = pc.equal(batch["id_sucursal"], int(branch))
    if moment is not None:
        here = pc.and_(here, pc.starts_with(batch[moment], day))
    return batch.filter(pc.and_(here, pc.invert(batch["borrado"])))


def _proven(batch: pa.RecordBatch, table: Table, names: Mapping[str, str]) -> pa.Table:
    """Key and proof of each row, which texts of any length are no part of.

    A column that an older file lacks is NULL, as for the curation.
    """
    columns = {}
    for own, name in names.items():
        kind = chunk.arrow_type(table.column(own))
        here = name in batch.schema.names
        columns[own] = batch[name].cast(kind) if here else pa.nulls(batch.num_rows, kind)
    rows = pa.table(columns)
    proof = {DIGEST: row_digests(rows, table), CENTS: row_cents(rows, table)}
    return pa.table({name: rows[name] for name in table.primary_key} | proof)
