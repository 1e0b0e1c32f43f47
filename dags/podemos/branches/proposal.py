"""Proposes a table's contract from its live schema, as YAML with the findings on top.

The proposal is of the table *after* its blocking findings are remedied, so it always loads.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import yaml

from podemos.branches.column_types import carried, lake_name, octets
from podemos.branches.findings import Finding, Roles, Weight, findings
from podemos.branches.inspection import LiveColumn, LiveTable
from podemos.contracts.loading import check
from podemos.contracts.names import suggested
from podemos.contracts.tables import TableContract
from podemos.core.table import WAREHOUSE_BYTES

_CHANGED = re.compile(r"updat|modif|chang|actualiz|cambio|last", re.IGNORECASE)
_DATED = re.compile(r"fecha|date|_on$|_at$|_dt$|dia$|time", re.IGNORECASE)
_PAID = re.compile(r"monto|importe|amount|total|price|precio|payment|pago|saldo|balance|valor|value", re.IGNORECASE)
_FIRST_SEEN = re.compile(r"creat|alta|insert", re.IGNORECASE)
_NO_DAY = re.compile(r"birth|nac|(^|_)(dob|to|until|end|hasta|fin)(_|$)|todate|expir|venc|due|required", re.IGNORECASE)
_READ_WHOLE = 50_000
"""Up to so many rows a table without a cursor is rather read whole when it changed than followed by a counter."""


NONE = "none"
"""The wish that no column does it."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """Columns named by a person instead of guessed; `NONE` for none."""

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
        ContractViolation: a wished column does not exist, or is of a kind that the contract refuses.
    """
    roles = _roles(live, wishes)
    columns = [_entry(column, roles, live) for column in live.columns if carried(column).type]
    known = {entry["name"] for entry in columns}
    columns += [_missing(name) for name in roles.key if name not in known]
    _fit(columns, roles)
    name = suggested(live.name, "tabla")
    contract = {
        "table": name,
        **({"source": live.name} if name != live.name else {}),
        "comment": live.comment if len(live.comment) >= 10 else f"Tabla {live.name} de una sucursal (por describir)",
        "warehouse": f"core.{name}",
        "columns": columns,
        "primary_key": list(roles.key),
        **({"cursor": roles.cursor} if roles.cursor else {}),
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
    for wish in (wishes.cursor, wishes.business_date, wishes.amount):
        if wish not in (None, NONE):
            live.column(wish or "")
    key = _key(live)
    cursor = _chosen(wishes.cursor, _likeliest_cursor(live) or _counter(live, key))
    dated = _chosen(wishes.business_date, _likeliest_date(live, cursor))
    return Roles(key, cursor, dated, _chosen(wishes.amount, _likeliest_amount(live)))


def _chosen(wish: str | None, likeliest: str | None) -> str | None:
    return likeliest if wish is None else None if wish == NONE else wish


def _key(live: LiveTable) -> tuple[str, ...]:
    """The primary key, else a unique index without NULLs, else a column that the table is to be given."""
    for index in sorted(live.indexes, key=lambda index: (index.name != "PRIMARY", len(index.columns), index.name)):
        columns = [live.column(name) for name in index.columns]
        if index.unique and all(carried(column).fingerprint and carried(column).type and not column.nullable
                                for column in columns):  # fmt: skip
            return index.columns
    return (_free(live, "id"),)


def _likeliest_cursor(live: LiveTable) -> str | None:
    found = _plain(live, ("datetime", "timestamp"))
    ranked = sorted(found, key=lambda c: (not c.touched, not _CHANGED.search(c.name), not live.indexed(c.name)))
    usable = [c for c in ranked if c.touched or _CHANGED.search(c.name)]
    return usable[0].name if usable else None


def _counter(live: LiveTable, key: tuple[str, ...]) -> str | None:
    """A number that only grows, of a table too large to be read whole."""
    if live.rows <= _READ_WHOLE or len(key) != 1:
        return None
    return next((c.name for c in live.columns if "auto_increment" in c.extra and c.name == key[0]), None)


def _likeliest_date(live: LiveTable, cursor: str | None) -> str | None:
    found = [c for c in _plain(live, ("date", "datetime", "timestamp")) if c.name != cursor and not c.touched]
    found = [c for c in found if not _NO_DAY.search(c.name)]
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


def _entry(column: LiveColumn, roles: Roles, live: LiveTable) -> dict[str, Any]:
    how, name = carried(column, key=column.name in roles.key), lake_name(column, live.name)
    entry: dict[str, Any] = {"name": column.name}
    if name != column.name.lower():
        entry["as"] = name
    comment = column.comment if len(column.comment) >= 5 else f"Columna {column.name} (por describir)"
    entry |= {"type": how.type, "comment": comment}
    if column.nullable and column.name not in roles.key:
        entry["nullable"] = True
    if not how.fingerprint:
        entry["fingerprint"] = False
    if column.type in ("date", "datetime", "timestamp") and column.name != roles.business_date:
        entry["impossible"] = "keep"
    return entry


def _fit(columns: list[dict[str, Any]], roles: Roles) -> None:
    """Leaves the longest texts out of the fingerprint while it covers more than the warehouse can compare."""
    needed = {*roles.key, roles.cursor, roles.business_date, roles.amount}
    while sum(octets(c["type"]) for c in columns if c.get("fingerprint", True)) > WAREHOUSE_BYTES:
        movable = [c for c in columns if c.get("fingerprint", True) and c["name"] not in needed]
        max(movable, key=lambda c: octets(c["type"]))["fingerprint"] = False


def _missing(name: str) -> dict[str, Any]:
    """A column that a remedy adds."""
    return {"name": name, "type": "INTEGER", "comment": "Falta en la tabla: véase lo que se encontró"}
