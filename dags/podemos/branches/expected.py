"""Keys that the lake has in a branch's day: a row that a range does not show is gone, or has moved to another day.

Only keys are held, as text in Arrow: some 20 bytes a row of one branch and day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from podemos.branches.revisions import Revision
from podemos.core.errors import DataFault, NotFound
from podemos.core.store import ObjectStore
from podemos.core.table import Table

Expected = Callable[[Table, str, str], pa.Table]
"""Table, branch and day -> the keys: the columns of the primary key, as text."""


def nothing(table: Table, branch: str, day: str) -> pa.Table:
    """For who may not look into the lake: no key is expected, and a row that moved is not looked for."""
    return _keys(table, ())


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
        names = {c.name: f"{c.name}_origen" if c.kind.temporal else c.name for c in table.columns}
        waiting = document["quarantine"].get(table.name, {}).get("files", ())
        raw = {column.name: column.name for column in table.columns}
        found = [*_read(lake, curated, table, names, branch, day), *_read(lake, waiting, table, raw, branch, day)]
        return _keys(table, found)

    return expected


def absent(expected: pa.Table, shown: Iterable[pa.Table], table: Table) -> list[tuple[str, ...]]:
    """Expected keys that none of the pages shows."""
    if not expected.num_rows:
        return []
    names = list(table.primary_key)
    left = expected.join(_keys(table, shown), names, join_type="left anti", use_threads=False)
    return list(zip(*(left[name].to_pylist() for name in names), strict=True))


def keys_of(rows: pa.Table, table: Table) -> pa.Table:
    """The key of each row, as text."""
    return pa.table({name: rows[name].cast(pa.string()) for name in table.primary_key})


def _keys(table: Table, found: Iterable[pa.Table]) -> pa.Table:
    schema = pa.schema([pa.field(name, pa.string()) for name in table.primary_key])
    return pa.concat_tables([schema.empty_table(), *found])


def _read(
    lake: ObjectStore,
    files: Iterable[Mapping[str, Any]],
    table: Table,
    names: Mapping[str, str],
    branch: str,
    day: str,
) -> Iterator[pa.Table]:
    moment = names[table.business_date or ""]
    columns = [*dict.fromkeys([*(names[name] for name in table.primary_key), moment, "id_sucursal", "borrado"])]
    for file in files:
        try:
            source = pq.ParquetFile(pa.BufferReader(lake.get(file["key"])))
            batches = [_mine(batch, moment, branch, day) for batch in source.iter_batches(columns=columns)]
        except (NotFound, pa.ArrowInvalid, OSError) as error:
            raise DataFault(f"{lake.uri(file['key'])}: {error}; restore it from its version history") from None
        rows = pa.Table.from_batches(batches, source.schema_arrow.empty_table().select(columns).schema)
        yield pa.table({name: rows[names[name]].cast(pa.string()) for name in table.primary_key})


def _mine(batch: pa.RecordBatch, moment: str, branch: str, day: str) -> pa.RecordBatch:
    here = pc.and_(pc.equal(batch["id_sucursal"], int(branch)), pc.starts_with(batch[moment], day))
    return batch.filter(pc.and_(here, pc.invert(batch["borrado"])))
