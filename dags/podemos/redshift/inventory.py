"""Everything that hangs on a table besides its rows: what a copy loses when nobody looks.

From documented views and SHOW alone. What the user may not see is a note, never taken for absent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from podemos.core.errors import ContractViolation, DataFault
from podemos.warehouse.literals import Names, Typed
from podemos.warehouse.port import Row, Warehouse
from podemos.warehouse.statements import Script

Grant = tuple[str, str, str, bool]
"""Privilege, kind of the identity (user, group, role, public), its name, whether it may pass it on."""
_CATALOG = "redshift/catalog"
_CONSTRAINT = re.compile(
    r"\b((?:PRIMARY KEY|UNIQUE)\s*\([^)]*\)|FOREIGN KEY\s*\([^)]*\)\s*REFERENCES\s+[\w.\"]+\s*\([^)]*\))", re.IGNORECASE
)
_LATE = re.compile(r"WITH\s+NO\s+SCHEMA\s+BINDING", re.IGNORECASE)
_MATERIALIZED = re.compile(r"^\s*CREATE\s+MATERIALIZED\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Column:
    """One column, as PG_TABLE_DEF and SVV_COLUMNS show it."""

    name: str
    type: str
    not_null: bool
    default: str
    comment: str


@dataclass(frozen=True, slots=True)
class View:
    """A view that reads the table. An ordinary one is bound to the table and not to its name.

    Attributes:
        query: what SHOW VIEW says.
        late: bound by name, WITH NO SCHEMA BINDING: it follows a rename by itself.
    """

    schema: str
    name: str
    query: str
    late: bool
    comment: str
    grants: tuple[Grant, ...]


@dataclass(frozen=True, slots=True)
class Inventory:
    """One table's.

    Attributes:
        backup: False for BACKUP NO; None where it cannot be seen.
        column_grants: (column, privilege, kind, name).
        policies: attached row-level policies: (policy, kind, name).
        row_security: whether they are on, and how they are joined: `on AND`.
        masks: attached masking policies: (policy, kind, name, priority, input columns, output columns).
        notes: what cannot be seen, and why.
    """

    owner: str
    comment: str
    columns: tuple[Column, ...]
    constraints: tuple[str, ...]
    backup: bool | None
    grants: tuple[Grant, ...]
    column_grants: tuple[tuple[str, str, str, str], ...]
    policies: tuple[tuple[str, str, str], ...]
    row_security: str
    masks: tuple[tuple[str, str, str, int, str, str], ...]
    views: tuple[View, ...]
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return json.loads(json.dumps(asdict(self)))  # type: ignore[no-any-return]  # tuples become lists

    @property
    def filtered(self) -> bool:
        """Whether rows or values may be kept from a user that is no superuser."""
        return bool(self.policies or self.masks)


def read(warehouse: Warehouse, schema: str, table: str, *, views: bool = True) -> Inventory:
    """The table's inventory.

    Args:
        warehouse: where.
        schema: the table's.
        table: its name, as the catalog has it.
        views: also find the views that read it, which asks for every view's definition.

    Raises:
        ContractViolation: there is no such table, or our user does not see it.
        DataFault: a view of the catalog was refused that everybody may read.
    """
    names: dict[str, str] = {"schema_name": schema, "table_name": table}
    notes: list[str] = []

    def ask(file: str, literals: Mapping[str, Typed] | None = None) -> list[Row]:
        return list(warehouse.fetch(f"{_CATALOG}/{file}", names, literals))

    def ask_if_allowed(file: str, what: str) -> list[Row]:
        try:
            return ask(file)
        except DataFault as error:
            notes.append(f"{what} cannot be seen: {error}")
            return []

    types = {r["column"]: r for r in ask("select_table_types.sql", {"schemas": Names((schema,))})}
    columns = tuple(
        Column(
            r["column_name"],
            types[r["column_name"]]["type"],
            _true(types[r["column_name"]]["is_required"]),
            r["column_default"] or "",
            r["remarks"] or "",
        )
        for r in ask("select_table_columns.sql")
        if r["column_name"] in types
    )
    if not columns:
        raise ContractViolation(f"{schema}.{table}: PG_TABLE_DEF shows no such table; is USAGE on the schema granted?")
    (about,) = ask("select_table_owner.sql")[:1] or [{"table_owner": "", "remarks": None}]
    policies = ask_if_allowed("select_row_policies.sql", "row-level policies")
    backup = ask_if_allowed("select_backup.sql", "BACKUP")
    seen = backup[0]["backed_up"] if backup else None
    return Inventory(
        owner=about["table_owner"] or "",
        comment=about["remarks"] or "",
        columns=columns,
        constraints=tuple(_constraints(_shown(warehouse, "TABLE", schema, table))),
        backup=None if seen is None else bool(int(seen)),
        grants=_grants(ask("select_table_grants.sql")),
        column_grants=tuple(
            sorted(
                (r["column_name"], r["privilege_type"].strip(), r["identity_type"].strip(), r["identity_name"])
                for r in ask("select_column_grants.sql")
            )
        ),
        policies=tuple(sorted((r["polname"], r["granteekind"], r["grantee"]) for r in policies)),
        row_security=f"on {policies[0]['conjunction'].upper()}" if policies and _true(policies[0]["is_rls_on"]) else "",
        masks=tuple(
            sorted(
                (
                    r["policy_name"],
                    r["grantee_type"],
                    r["grantee"],
                    int(r["priority"]),
                    r["input_columns"] or "",
                    r["output_columns"] or "",
                )
                for r in ask_if_allowed("select_masks.sql", "masking policies")
            )
        ),
        views=tuple(_views(warehouse, schema, table)) if views else (),
        notes=tuple(notes),
    )


def grants_of(document: Mapping[str, Any]) -> tuple[Grant, ...]:
    """The grants of an inventory, or of one of its views, that was kept as JSON."""
    return tuple((privilege, kind, who, bool(option)) for privilege, kind, who, option in document["grants"])


def views_of(document: Mapping[str, Any]) -> tuple[View, ...]:
    """The views of an inventory that was kept as JSON."""
    return tuple(View(**(view | {"grants": grants_of(view)})) for view in document["views"])


def differences(before: Inventory, after: Inventory) -> tuple[str, ...]:
    """What hung on the table and does not any more, or the other way round; empty when nothing did."""
    found = []
    for name in ("owner", "comment", "row_security"):
        one, other = getattr(before, name), getattr(after, name)
        if one != other:
            found.append(f"{name}: {one!r}, now {other!r}")
    if None not in (before.backup, after.backup) and before.backup != after.backup:
        found.append(f"backup: {before.backup}, now {after.backup}")
    for name in ("columns", "constraints", "grants", "column_grants", "policies", "masks", "views"):
        one, other = set(getattr(before, name)), set(getattr(after, name))
        found += [f"{name}: lost {item}" for item in sorted(one - other, key=str)]
        found += [f"{name}: new {item}" for item in sorted(other - one, key=str)]
    return tuple(found)


def _views(warehouse: Warehouse, schema: str, table: str) -> Iterator[View]:
    """Views whose definition names the table; one that only mentions it in a text does no harm here."""
    named = re.compile(rf'(?<![\w"]){re.escape(table)}(?!\w)|"{re.escape(table)}"', re.IGNORECASE)
    for row in warehouse.fetch(f"{_CATALOG}/select_views.sql"):
        query = _shown(warehouse, "VIEW", row["table_schema"], row["table_name"])
        if not named.search(query):
            continue
        if _MATERIALIZED.match(query):
            raise ContractViolation(
                f"{row['table_schema']}.{row['table_name']} is a materialized view of {schema}.{table}: a swap would "
                "leave it on the old table. Its owner drops it before the redesign and makes it again afterwards"
            )
        names = {"schema_name": row["table_schema"], "table_name": row["table_name"]}
        grants = _grants(warehouse.fetch(f"{_CATALOG}/select_table_grants.sql", names))
        yield View(
            *(row["table_schema"], row["table_name"], query.strip().rstrip(";")),
            bool(_LATE.search(query)),
            row["remarks"] or "",
            grants,
        )


def _shown(warehouse: Warehouse, kind: str, schema: str, name: str) -> str:
    """What SHOW TABLE or SHOW VIEW says, in one text."""
    script = Script(f"SHOW {kind}", f"SHOW {kind} :schema.:name;\n")
    rows = warehouse.fetch(script, literals={"schema": Names((schema,)), "name": Names((name,))})
    return "\n".join(str(next(iter(row.values()))) for row in rows)


def _constraints(definition: str) -> Iterator[str]:
    for found in _CONSTRAINT.findall(definition):
        yield " ".join(found.split())


def _grants(rows: Any) -> tuple[Grant, ...]:
    text: Callable[[Any], str] = lambda value: str(value).strip()  # noqa: E731 - CHAR columns come back padded
    return tuple(
        sorted(
            (text(r["privilege_type"]), text(r["identity_type"]), text(r["identity_name"]), _true(r["admin_option"]))
            for r in rows
        )
    )


def _true(value: Any) -> bool:
    return str(value).strip().lower() in ("true", "t", "1", "on")
