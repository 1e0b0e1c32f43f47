"""Proposes a table's contract from its live schema, as YAML with the findings on top.

The proposal is of the table *after* its blocking findings are remedied, so it always loads.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import yaml

from podemos.branches.column_types import carried
from podemos.branches.findings import Finding, Roles, Weight, findings
from podemos.branches.inspection import LiveColumn, LiveTable
from podemos.contracts.loading import check
from podemos.contracts.tables import TableContract
from podemos.core.table import identifier

_CHANGED = re.compile(r"updat|modif|chang|actualiz|cambio|last", re.IGNORECASE)
_DATED = re.compile(r"fecha|date|_on$|_at$|_dt$|dia$|time", re.IGNORECASE)
_PAID = re.compile(r"monto|importe|amount|total|price|precio|payment|pago|saldo|balance|valor|value", re.IGNORECASE)
_FIRST_SEEN = re.compile(r"creat|alta|insert", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wishes:
    """Columns named by a person instead of guessed."""

    cursor: str | None = None
    business_date: str | None = None
    amount: str | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A contract that loads, and what is wrong with the table."""

    contract: dict[str, Any]
    findings: list[Finding]

    @property
    def blocked(self) -> bool:
        """Whether the table cannot be ingested as it is."""
        return any(finding.weight is Weight.BLOCKS for finding in self.findings)

    def text(self) -> str:
        """The content of ``include/config/tables/<table>.yaml``, findings as comments."""
        lines = [f"# {finding}" for finding in self.findings] or ["# nothing is wrong with it"]
        body = yaml.safe_dump(self.contract, allow_unicode=True, sort_keys=False, width=120, default_flow_style=None)
        return "\n".join([*lines, body])


def propose(live: LiveTable, wishes: Wishes) -> Proposal:
    """The likeliest contract.

    Raises:
        ContractViolation: the table's name is no plain identifier, a wished column does not exist, or is of a kind
            that the contract refuses.
    """
    identifier(live.name)
    roles = _roles(live, wishes)
    columns = [_entry(column, roles) for column in live.columns if carried(column).type]
    known = {entry["name"] for entry in columns}
    columns += [_missing(name, roles) for name in (*roles.key, roles.cursor) if name not in known]
    contract = {
        "table": live.name,
        "comment": live.comment if len(live.comment) >= 10 else f"Tabla {live.name} de una sucursal (por describir)",
        "warehouse": f"core.{re.sub('[^a-z_]', '_', live.name.lower())}",
        "columns": columns,
        "primary_key": list(roles.key),
        "cursor": roles.cursor,
        **({"business_date": roles.business_date} if roles.business_date else {}),
        **({"amount": roles.amount} if roles.amount else {}),
        "owner": "data-platform",
        "steward": "por-definir",
        "product": "sucursales",
        "criticality": "tier-3",
        "retention": "por definir",
        "consumers": ["analitica"],
    }
    check(TableContract, contract, f"proposal for {live.name}")
    found = findings(live, roles)
    for column, parent in live.parents:
        what, remedy = (
            f"refers to {parent}",
            f"if {parent} is ingested too, add parents: [{{table: {parent}, column: {column}}}]",
        )
        found.append(Finding(Weight.NOTE, column, what, remedy))
    return Proposal(contract, found)


def _roles(live: LiveTable, wishes: Wishes) -> Roles:
    cursor = wishes.cursor or _likeliest_cursor(live) or _free(live, "updated_at")
    if wishes.cursor:
        live.column(wishes.cursor)
    dated = wishes.business_date or _likeliest_date(live, cursor)
    if wishes.business_date:
        live.column(wishes.business_date)
    return Roles(_key(live), cursor, dated, wishes.amount or _likeliest_amount(live))


def _key(live: LiveTable) -> tuple[str, ...]:
    """The primary key, else a unique index without NULLs, else a column that the table is to be given."""
    for index in sorted(live.indexes, key=lambda index: (index.name != "PRIMARY", len(index.columns), index.name)):
        columns = [live.column(name) for name in index.columns]
        if index.unique and all(carried(column).type and not column.nullable for column in columns):
            return index.columns
    return (_free(live, "id"),)


def _likeliest_cursor(live: LiveTable) -> str | None:
    found = _plain(live, ("datetime", "timestamp"))
    ranked = sorted(found, key=lambda c: (not c.touched, not _CHANGED.search(c.name), not live.indexed(c.name)))
    usable = [c for c in ranked if c.touched or _CHANGED.search(c.name)]
    return usable[0].name if usable else None


def _likeliest_date(live: LiveTable, cursor: str) -> str | None:
    found = [c for c in _plain(live, ("date", "datetime", "timestamp")) if c.name != cursor and not c.touched]
    ranked = sorted(found, key=lambda c: (c.nullable, bool(_FIRST_SEEN.search(c.name)), not _DATED.search(c.name),
                                          not live.indexed(c.name)))  # fmt: skip
    return ranked[0].name if ranked and not ranked[0].nullable else None


def _likeliest_amount(live: LiveTable) -> str | None:
    found = [c for c in _plain(live, ("decimal",)) if c.scale == 2 and carried(c).type.startswith("DECIMAL")]
    named = [c for c in found if _PAID.search(c.name)]
    chosen = named or (found if len(found) == 1 else [])
    return chosen[0].name if chosen else None


def _plain(live: LiveTable, types: Iterable[str]) -> list[LiveColumn]:
    return [column for column in live.columns if column.type in types and carried(column).type]


def _free(live: LiveTable, name: str) -> str:
    taken = {column.name.lower() for column in live.columns}
    return name if name not in taken else f"{name}_podemos"


def _entry(column: LiveColumn, roles: Roles) -> dict[str, Any]:
    comment = column.comment if len(column.comment) >= 5 else f"Columna {column.name} (por describir)"
    entry: dict[str, Any] = {"name": column.name, "type": carried(column).type, "comment": comment}
    if column.nullable and column.name != roles.cursor and column.name not in roles.key:
        entry["nullable"] = True
    return entry


def _missing(name: str, roles: Roles) -> dict[str, Any]:
    """A column that a remedy adds."""
    kind = "DATETIME(6)" if name == roles.cursor else "INTEGER"
    return {"name": name, "type": kind, "comment": "Falta en la tabla: véase lo que se encontró"}
