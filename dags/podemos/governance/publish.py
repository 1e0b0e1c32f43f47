"""Writes what the contracts say of their tables to the Glue Data Catalog, from which DataZone imports."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from podemos.branches import catalog
from podemos.contracts.tables import TableContract
from podemos.core.store import ObjectStore


def publish(client: Any, database: str, lake: ObjectStore, contracts: Iterable[TableContract]) -> list[str]:
    """Brings every contract's table to what the contract says; returns the names of those that changed.

    The same tables as `podemos.branches.catalog` registers at each publication, by the same functions: a table that no
    night has registered yet is created, partitions are left alone. Safe to repeat.

    Args:
        client: a boto3 `glue` client.
        database: created when it is missing.
        lake: gives the locations.
        contracts: what is published.
    """
    catalog.ensure_database(client, database)
    return [
        contract.table for contract in contracts if catalog.ensure_table(client, database, table_input(contract, lake))
    ]


def table_input(contract: TableContract, lake: ObjectStore) -> dict[str, Any]:
    """The table with owner, steward, product, criticality, retention, consumers and its highest sensitivity.

    Comments and sensitivity of the columns are what registering writes, too.
    """
    table = contract.compiled()
    described = catalog.table_input(table, lake)
    described["Owner"] = contract.owner
    described["Parameters"] |= {
        "owner": contract.owner,
        "steward": contract.steward,
        "product": contract.product,
        "criticality": contract.criticality,
        "retention": contract.retention,
        "consumers": ",".join(contract.consumers),
        "sensitivity": str(max(table.sensitivities().values())),
        "contract": f"include/config/tables/{contract.table}.yaml",
    }
    return described
