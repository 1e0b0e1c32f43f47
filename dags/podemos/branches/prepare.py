"""Creates in the warehouse what a table that was added to the configuration needs, once."""

from __future__ import annotations

from podemos.branches import ddl, revisions
from podemos.core import manifest
from podemos.core.store import ObjectStore
from podemos.core.table import Table
from podemos.warehouse.port import Warehouse
from podemos.warehouse.statements import pieces

_LEDGER = "ops.loads"


def prepare_warehouse(revision_key: str, *, lake: ObjectStore, warehouse: Warehouse) -> str:
    """Creates the target, staging and mutex tables that the revision's tables lack; returns the revision's key.

    What exists is left alone: nothing here alters a table.

    Args:
        revision_key: a published revision.
        lake: the lake.
        warehouse: the warehouse.
    """
    plan = manifest.read_ref(lake, revisions.read(lake, revision_key).document["plan"])
    create_missing([Table.from_dict(data) for data in plan["tables"]], warehouse)
    return revision_key


def create_missing(tables: list[Table], warehouse: Warehouse) -> list[str]:
    """Creates what these tables lack; returns the names of the tables it created."""
    known = {f"{row['table_schema']}.{row['table_name']}" for row in warehouse.fetch("branches/ops/select_tables.sql")}
    if _LEDGER not in known:
        warehouse.execute("branches/ops/create_loads.sql")
    created = []
    for table in tables:
        if table.writer not in known:
            warehouse.execute(ddl.script(table, "create_writer"))
        if not {table.warehouse, table.staging} <= known:
            for piece in pieces(ddl.script(table, "create")):
                warehouse.execute(piece)
            created.append(table.warehouse)
    return created
