"""One card per table of the warehouse: the contracts' tables with their staging and mutex, and the listed ones."""

from __future__ import annotations

from podemos.contracts.branches import branches
from podemos.contracts.governance import Card, warehouse_tables
from podemos.contracts.tables import contract
from podemos.core.errors import ContractViolation


def cards() -> dict[str, Card]:
    """Cards by `schema.table`.

    Raises:
        ContractViolation: a table is listed although a contract generates it.
    """
    found: dict[str, Card] = {}
    for name in branches().extraction.tables:
        terms, source = contract(name), f"tables/{name}.yaml"
        table = terms.compiled()
        for target in (table.warehouse, table.staging):
            found[target] = Card(target, source, terms, table.sensitivities())
        found[table.writer] = Card(table.writer, source, terms, {"candado": 0})
    for listed in warehouse_tables().tables:
        if listed.table in found:
            raise ContractViolation(
                f"warehouse_tables.yaml: {listed.table} follows from {found[listed.table].source}; delete the entry"
            )
        found[listed.table] = Card(listed.table, "warehouse_tables.yaml", listed, dict(listed.columns))
    return found
