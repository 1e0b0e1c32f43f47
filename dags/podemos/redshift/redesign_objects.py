"""What a table is made of, as statements: the table itself, comments, owner, grants, policies, views."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from itertools import groupby

from podemos.core.errors import ContractViolation
from podemos.redshift.facts import Column as Declared
from podemos.redshift.facts import Table
from podemos.redshift.inventory import Grant, Inventory, View
from podemos.redshift.redesign_script import Statements
from podemos.redshift.redesign_target import Design, Order

_TYPE = re.compile(r"[a-z][a-z ]*(\(\d+(, ?\d+)?\))?")
_DEFAULT = re.compile(
    r"(-?\d+(\.\d+)?|'([^';]|'')*'|true|false|null|getdate\(\)|sysdate)(::[a-z ]+(\(\d+(, ?\d+)?\))?)?", re.IGNORECASE
)
_CONSTRAINT = re.compile(r"[\w\s(),.\"]+")
_ENCODING = re.compile(r"[a-z0-9]+")
_PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE", "REFERENCES", "DROP", "ALTER", "TRUNCATE")
_WRITING = ("INSERT", "UPDATE", "DELETE")
_UNCOMPARED = ("super", "geometry", "geography", "varbyte", "binary varying", "hllsketch", "interval")
_CREATE_VIEW = re.compile(r"^\s*CREATE\s+(OR\s+REPLACE\s+)?VIEW\s+[\w.\"]+\s+AS\s+", re.IGNORECASE)


def checked(inventory: Inventory, order: Order) -> None:
    """Refuses what a copy would silently lose or could not prove.

    Raises:
        ContractViolation: it names the column or the object, and who can help.
    """
    columns = {c.name: c for c in inventory.columns}
    for name in (order.date_column, *order.design.sortkey, *order.design.encodings):
        if name not in columns:
            raise ContractViolation(f"{order.table} has no column {name}")
    if not columns[order.date_column].type.startswith(("date", "timestamp")):
        raise ContractViolation(f"{order.date_column} is {columns[order.date_column].type}; months need a date")
    if order.amount and not re.fullmatch(r"numeric\(\d+, ?2\)", columns[order.amount].type):
        raise ContractViolation(f"{order.amount} is {columns[order.amount].type}; cents are those of a DECIMAL(p,2)")
    for column in inventory.columns:
        if column.type.startswith(_UNCOMPARED) or not _TYPE.fullmatch(column.type):
            raise ContractViolation(f"{order.table}.{column.name}: values of type {column.type} cannot be compared")
        if "identity" in column.default.lower():
            raise ContractViolation(f"{order.table}.{column.name} is IDENTITY: a copy would be numbered anew")
        if column.default and not _DEFAULT.fullmatch(column.default):
            raise ContractViolation(f"{order.table}.{column.name}: default {column.default!r} is more than a constant")
    if inventory.filtered and not order.unfiltered:
        raise ContractViolation(
            f"{order.table} has row-level or masking policies: a user whom they filter would copy a part, or masked "
            "values, and find it equal. Run as superuser or with IGNORE RLS and say so (unfiltered)"
        )


def encoding(name: str, kind: str, design: Design) -> str:
    """A column's encoding: as designed, RAW for the first sort column, AZ64 or ZSTD by its type."""
    if name in design.encodings:
        return design.encodings[name].lower()
    if name == design.sortkey[0]:
        return "raw"
    return "zstd" if kind.startswith(("character", "boolean", "real", "double")) else "az64"


def declared(inventory: Inventory, order: Order) -> Table:
    """The new table as the gate's rules see it, under the name that it will have."""
    design = order.design
    columns = []
    for column in inventory.columns:
        size = re.search(r"\((\d+)\)", column.type)
        octets = int(size[1]) if size and column.type.startswith("character") else None
        code = encoding(column.name, column.type, design)
        columns.append(Declared(column.name, column.type, octets, "none" if code == "raw" else code, column.comment))
    style = f"KEY({design.distkey})" if design.diststyle == "KEY" else design.diststyle
    return Table((order.schema, order.name), "plan", style, design.sortkey, tuple(columns), inventory.comment)


def create(into: Statements, inventory: Inventory, order: Order, name: str) -> None:
    """CREATE TABLE: the columns and constraints of the old one, the keys and encodings of the design."""
    parts = []
    for column in inventory.columns:
        code = encoding(column.name, column.type, order.design)
        if not _ENCODING.fullmatch(code):
            raise ContractViolation(f"encoding {code!r} of {column.name}")
        default = f" DEFAULT {column.default}" if column.default else ""
        null = " NOT NULL" if column.not_null else ""
        parts.append(f"{into.names(column.name)} {column.type}{default}{null} ENCODE {code}")
    for constraint in inventory.constraints:
        if not _CONSTRAINT.fullmatch(constraint):
            raise ContractViolation(f"constraint {constraint!r}")
        parts.append(constraint)
    backup = " BACKUP NO" if inventory.backup is False else ""
    style = f"DISTSTYLE {order.design.diststyle}"
    style += f" DISTKEY ({into.names(order.design.distkey)})" if order.design.distkey else ""
    body = ",\n    ".join(parts)
    into.add(
        f"CREATE TABLE {into.table(order.schema, name)} (\n    {body}\n)\n"
        f"{backup} {style} COMPOUND SORTKEY ({into.names(*order.design.sortkey)})"
    )


def dress(into: Statements, inventory: Inventory, schema: str, name: str, has: Inventory) -> None:
    """What is missing of comments, policies, grants and owner, in the order in which it may be given.

    Args:
        into: where the statements go; all of them can be repeated.
        inventory: as it shall be.
        schema: of the table.
        name: the table that gets it.
        has: as it is.
    """
    table = into.table(schema, name)
    if inventory.comment and has.comment != inventory.comment:
        into.add(f"COMMENT ON TABLE {table} IS {into.text(inventory.comment)}")
    known = {c.name: c.comment for c in has.columns}
    for column in inventory.columns:
        if column.comment and known.get(column.name) != column.comment:
            into.add(f"COMMENT ON COLUMN {table}.{into.names(column.name)} IS {into.text(column.comment)}")
    for policy, kind, who in sorted(set(inventory.policies) - set(has.policies)):
        into.add(f"ATTACH RLS POLICY {into.names(policy)} ON {table} TO {_identity(into, kind, who)}")
    if inventory.row_security and inventory.row_security != has.row_security:
        joined = inventory.row_security.removeprefix("on ")
        if joined not in ("AND", "OR"):
            raise ContractViolation(f"row-level policies joined by {joined!r}")
        into.add(f"ALTER TABLE {table} ROW LEVEL SECURITY ON CONJUNCTION TYPE {joined}")
    for policy, kind, who, priority, inputs, outputs in sorted(set(inventory.masks) - set(has.masks)):
        using = f" USING ({into.names(*json.loads(inputs))})" if inputs and inputs != outputs else ""
        into.add(
            f"ATTACH MASKING POLICY {into.names(policy)} ON {table} ({into.names(*json.loads(outputs))}){using} "
            f"TO {_identity(into, kind, who)} PRIORITY {into.number(priority)}"
        )
    grants(into, table, set(inventory.grants) - set(has.grants))
    wanted = sorted(set(inventory.column_grants) - set(has.column_grants))
    for column_name, privilege, kind, who in wanted:
        if privilege not in ("SELECT", "UPDATE"):
            raise ContractViolation(f"{privilege} on a column cannot be granted here")
        into.add(f"GRANT {privilege} ({into.names(column_name)}) ON {table} TO {_identity(into, kind, who)}")
    if inventory.owner and has.owner != inventory.owner:
        into.add(f"ALTER TABLE {table} OWNER TO {into.names(inventory.owner)}")


def undress(into: Statements, inventory: Inventory, schema: str, name: str, has: Inventory) -> None:
    """Takes grants back that the other table does not have any more."""
    table = into.table(schema, name)
    for privilege, kind, who, _ in sorted(set(has.grants) - set(inventory.grants)):
        if (privilege, kind, who) not in {grant[:3] for grant in inventory.grants}:
            into.add(f"REVOKE {_privilege(privilege)} ON {table} FROM {_identity(into, kind, who)}")


def close(into: Statements, inventory: Inventory, schema: str, name: str) -> None:
    """Nobody may write the parked table any more.

    A writer that waits for the lock has found the table already, and would write into it under its new name; refused,
    it tries again and finds the new one. Owners and superusers are not stopped by this.
    """
    writers = sorted({(kind, who) for privilege, kind, who, _ in inventory.grants if privilege in _WRITING})
    if writers:
        whom = ", ".join(_identity(into, kind, who) for kind, who in writers)
        into.add(f"REVOKE {', '.join(_WRITING)} ON {into.table(schema, name)} FROM {whom}")


def grants(into: Statements, relation: str, wanted: Iterable[Grant]) -> None:
    """GRANT, one statement per identity."""
    ordered = sorted(wanted, key=lambda grant: grant[1:])
    for (kind, who, option), group in groupby(ordered, key=lambda grant: grant[1:]):
        privileges = ", ".join(_privilege(grant[0]) for grant in group)
        passing = " WITH GRANT OPTION" if option else ""
        into.add(f"GRANT {privileges} ON {relation} TO {_identity(into, kind, who)}{passing}")


def view(into: Statements, found: View) -> None:
    """An ordinary view anew, over the name as it is now; OR REPLACE keeps what is granted on it.

    Raises:
        ContractViolation: its text holds a semicolon, which would end the statement.
    """
    if found.late:
        return
    query = _CREATE_VIEW.sub("", found.query)
    if ";" in query:
        raise ContractViolation(
            f"{found.schema}.{found.name}: a view with a semicolon in its text; make it anew by hand"
        )
    into.add(f"CREATE OR REPLACE VIEW {into.table(found.schema, found.name)} AS {query}")


def _privilege(name: str) -> str:
    if name.upper() not in _PRIVILEGES:
        raise ContractViolation(f"privilege {name!r} is not known here; grant it by hand and take it out of the table")
    return name.upper()


def _identity(into: Statements, kind: str, name: str) -> str:
    if kind.lower() == "public":
        return "PUBLIC"
    prefix = {"user": "", "group": "GROUP ", "role": "ROLE "}.get(kind.lower())
    if prefix is None:
        raise ContractViolation(f"identity of kind {kind!r}")
    return prefix + into.names(name)
