"""The exact index: every id that was ever compacted, with the digest of what it said, by bucket.

It is the authority for exactly once. A row of it also says where the event is kept and where it came from.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from podemos.core.store import ObjectStore
from podemos.mobile import files
from podemos.mobile.partition import File, Partition

SORT = ("event_id", "contenido")
SCHEMA = pa.schema(
    [
        pa.field("event_id", pa.string(), nullable=False),
        pa.field("contenido", pa.string(), nullable=False),
        pa.field("vigente", pa.bool_(), nullable=False),
        pa.field("tabla", pa.string(), nullable=False),
        pa.field("parte", pa.string(), nullable=False),
        pa.field("objeto", pa.string(), nullable=False),
        pa.field("linea", pa.int32(), nullable=False),
        pa.field("revision", pa.int64(), nullable=False),
    ]
)
"""One row per id and content: the standing one (`vigente`), and each other one that was quarantined."""


def known(lake: ObjectStore, partition: Partition, ids: pa.Array) -> dict[str, list[str]]:
    """Contents by id, the standing one first, of those ids that the bucket has.

    Args:
        lake: the lake.
        partition: of the index.
        ids: to be looked for.
    """
    found: dict[str, list[str]] = {}
    for file in partition.files:
        for row in _matching(lake, file, ids, ("event_id", "contenido", "vigente")):
            contents = found.setdefault(row["event_id"], [])
            contents.insert(0 if row["vigente"] else len(contents), row["contenido"])
    return found


def rows(lake: ObjectStore, partition: Partition, event_id: str) -> list[dict[str, Any]]:
    """The index rows of one id, the standing one first."""
    wanted = pa.array([event_id])
    found = [row for file in partition.files for row in _matching(lake, file, wanted, None)]
    return sorted(found, key=lambda row: not row["vigente"])


def _matching(lake: ObjectStore, file: File, ids: pa.Array, columns: Sequence[str] | None) -> Iterable[dict[str, Any]]:
    table = files.read(lake, file, columns)
    hits = table.filter(pc.is_in(table["event_id"], value_set=ids))
    matching: list[dict[str, Any]] = hits.to_pylist()
    return matching
