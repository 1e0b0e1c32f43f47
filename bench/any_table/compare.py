"""Compares the warehouse with the branches, row by row and column by column, without any of the platform's own code."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from bench.any_table.world import Terminal
from local.branches.server import MariaDB

WAREHOUSE_CHARACTERS = 16_383
_INSTANT = "timestamp"
Row = dict[str, str | None]


@dataclass
class Difference:
    """What differs of one table, over all branches."""

    rows: int = 0
    cents: int = 0
    faults: list[str] = field(default_factory=list)


def compare(
    server: MariaDB, schemas: dict[int, str], contract: dict[str, Any], at: Terminal, parked: int
) -> Difference:
    """Every row of every branch, by key.

    Args:
        server: the branches' server.
        schemas: by branch number.
        contract: the YAML of the table's contract.
        at: where the warehouse is.
        parked: so many rows may be missing, which wait in quarantine.
    """
    found = Difference()
    names = {c["name"]: (c.get("as") or c["name"]).lower() for c in contract["columns"]}
    types = {names[c["name"]]: c["type"] for c in contract["columns"]}
    key = [names[name] for name in contract["primary_key"]]
    theirs: dict[int, dict[tuple[Any, ...], Row]] = {}
    for row in at.rows(f"SELECT * FROM {contract['warehouse']} WHERE NOT borrado"):
        values = {name: _carried(row, name) for name in names.values()}
        values |= {f"{name}@utc": str(row[f"{name}_utc"]) for name in names.values() if row.get(f"{name}_utc")}
        theirs.setdefault(int(row["id_sucursal"]), {})[tuple(values[name] for name in key)] = values
    missing = 0
    for branch, schema in schemas.items():
        mine = _rows(server, schema, contract, names)
        loaded = theirs.pop(branch, {})
        for where, row in mine.items():
            at_key = tuple(row[name] for name in key)
            other = loaded.pop(at_key, None)
            if other is None:
                missing += 1
                continue
            differing = [name for name, value in row.items() if not _same(value, other.get(name), types.get(name, ""))]
            if differing:
                name = differing[0]
                found.faults.append(f"{schema} {where}: {name} {str(row[name])[:60]!r}, {str(other.get(name))[:60]!r}")
            found.rows += 1
            found.cents += int(Decimal(row[names[contract["amount"]]] or 0) * 100) if contract.get("amount") else 0
        found.faults += [f"{schema}: {where} is in the warehouse only" for where in loaded]
    if missing != parked:
        found.faults.append(f"{missing} rows are missing in the warehouse, {parked} may be")
    return found


def _rows(server: MariaDB, schema: str, contract: dict[str, Any], names: dict[str, str]) -> dict[Any, Row]:
    types = {c["name"]: c["type"] for c in contract["columns"]}
    with closing(server.connect(schema)) as root:
        cursor = root.cursor()
        chosen = ", ".join(_asked(name, types[name]) for name in names)
        instants = [name for name in names if types[name].lower().startswith(_INSTANT)]
        more = "".join(f", FROM_UNIXTIME(UNIX_TIMESTAMP(`{name}`))" for name in instants)
        cursor.execute("SET time_zone = '+00:00'")
        cursor.execute(f"SELECT {chosen}{more} FROM `{contract.get('source') or contract['table']}`")
        found = {}
        for row in cursor.fetchall():
            values = {lake: _text(value, types[name]) for (name, lake), value in zip(names.items(), row, strict=False)}
            for name, instant in zip(instants, row[len(names) :], strict=True):
                if instant is not None:
                    values[f"{names[name]}@utc"] = str(instant)
            found[tuple(values[names[name]] for name in contract["primary_key"])] = values
        return found


def _asked(name: str, type_: str) -> str:
    """Numbers as numbers, times as text, the rest as bytes: what a client would do who knows MySQL."""
    word = type_.partition("(")[0]
    if word in ("FLOAT", "DOUBLE"):
        return f"`{name}` + 0e0"
    if word == "BIT":
        return f"`{name}` + 0"
    if word in ("BINARY", "BLOB"):
        return f"CAST(`{name}` AS BINARY)"
    return f"CAST(`{name}` AS CHAR CHARACTER SET utf8mb4)"


def _text(value: Any, type_: str) -> str | None:
    if value is None:
        return None
    word = type_.partition("(")[0]
    if word == "BLOB" and isinstance(value, bytes):
        return value.hex().upper()[: 4 * WAREHOUSE_CHARACTERS + 2]
    if isinstance(value, bytes) and word == "BINARY":
        return value.hex().upper()
    if word in ("TEXT", "JSON"):
        return str(value)[:WAREHOUSE_CHARACTERS]
    return str(float(value)) if word in ("FLOAT", "DOUBLE") else str(value)


def _carried(row: dict[str, Any], name: str) -> str | None:
    value = row.get(f"{name}_origen", row.get(name))
    return None if value is None else str(value)


def _same(mine: str | None, theirs: str | None, type_: str) -> bool:
    if mine is None or theirs is None or type_ not in ("FLOAT", "DOUBLE"):
        return mine == theirs
    return float(mine) == float(theirs)
