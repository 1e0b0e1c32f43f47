"""What the warehouse has not seen yet: the payments of every revision since the last one it holds."""

from __future__ import annotations

from typing import Any

from podemos.core import manifest
from podemos.core.errors import NotNeeded
from podemos.core.store import ObjectStore
from podemos.mobile import places, revisions
from podemos.mobile.envelope import EventType
from podemos.warehouse.port import Warehouse

TABLE = "pagos_moviles"
"""Its name in the ledger `ops.loads`."""


def prepare_warehouse(revision_key: str, *, lake: ObjectStore, warehouse: Warehouse) -> str:
    """Creates the warehouse's tables where they are missing, and gathers what is to be loaded.

    Payments of a revision whose load died are carried by the next one: the ledger says where it ended.

    Args:
        revision_key: a verified revision.
        lake: the lake.
        warehouse: the warehouse.

    Returns:
        The key of what is to be loaded.

    Raises:
        NotNeeded: the warehouse has it all.
    """
    _create(warehouse)
    revision = revisions.read(lake, revision_key)
    loaded = {row["tabla"]: row["revision"] for row in warehouse.fetch("branches/ops/select_loads.sql")}.get(TABLE, 0)
    if loaded >= revision.number:
        raise NotNeeded(f"the warehouse holds revision {loaded}")
    waiting = []
    at = revision
    while at.number > loaded:
        waiting.append(at.document["delta"][EventType.PAGO.value])
        at = revisions.before(lake, at)
    document = {
        "kind": "mobile.load",
        "first": loaded + 1,
        "revision": revision.number,
        "revision_key": revision_key,
        "rows": sum(found["rows"] for found in waiting),
        "cents": sum(found["cents"] for found in waiting),
        "copy": _copy(lake, loaded + 1, revision.number, [file for found in waiting for file in found["files"]]),
    }
    return manifest.commit(lake, places.load(loaded + 1, revision.number), document).key


def _create(warehouse: Warehouse) -> None:
    known = {f"{row['table_schema']}.{row['table_name']}" for row in warehouse.fetch("branches/ops/select_tables.sql")}
    if "ops.loads" not in known:
        warehouse.execute("branches/ops/create_loads.sql")
    if not {"core.pagos_moviles", "staging.pagos_moviles", "ops.writer_pagos_moviles"} <= known:
        warehouse.execute("mobile/create_pagos_moviles.sql")
        warehouse.execute("mobile/comment_pagos_moviles.sql")
        warehouse.execute("mobile/comment_staging_pagos_moviles.sql")


def _copy(lake: ObjectStore, first: int, last: int, files: list[dict[str, Any]]) -> str | None:
    """The list of files that COPY takes; None without any, since COPY refuses an empty one."""
    if not files:
        return None
    entries = [
        {"url": lake.uri(file["key"]), "mandatory": True, "meta": {"content_length": file["bytes"]}} for file in files
    ]
    key = places.copy_manifest(EventType.PAGO, first, last)
    manifest.commit(lake, key, {"entries": entries})
    return key
