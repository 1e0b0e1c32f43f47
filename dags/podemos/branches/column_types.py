"""Which contract type carries a column's values exactly, or why none does."""

from __future__ import annotations

from dataclasses import dataclass

from podemos.branches.inspection import LiveColumn
from podemos.contracts.names import suggested
from podemos.core.errors import ContractViolation
from podemos.core.table import WAREHOUSE_BYTES, WAREHOUSE_CHARACTERS, branch_identifier

_TEXTS = {"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "uuid", "inet4", "inet6"}
_INTEGERS = {"tinyint", "smallint", "mediumint", "int", "bigint"}
_OCTETS = {"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"}
_UNCOVERED = "so no certificate covers it: a change of it alone is seen by the cursor only"


@dataclass(frozen=True, slots=True)
class Carried:
    """The contract type, empty when there is none; `why` is what a person should know, `remedy` what to do about it."""

    type: str
    why: str = ""
    remedy: str = ""
    fingerprint: bool = True


def carried(column: LiveColumn, *, key: bool = False) -> Carried:
    """How the values of a column travel; `key` if it is part of the key."""
    try:
        branch_identifier(column.name)
    except ContractViolation as error:
        return Carried("", str(error), "rename it, or add a generated column with another name")
    if "zerofill" in column.full:
        return Carried(f"VARCHAR({max(column.digits, 20)})", "ZEROFILL: the padded text is carried, not the number",
                       "drop ZEROFILL if the number is meant")  # fmt: skip
    if column.type in _INTEGERS:
        return Carried("DECIMAL(20,0)" if column.type == "bigint" and column.unsigned else "INTEGER")
    match column.type:
        case "decimal":
            return _decimal(column)
        case "date" | "datetime" | "timestamp":
            return _temporal(column)
        case "time":
            return Carried("VARCHAR(17)")
        case "year":
            return Carried("VARCHAR(4)")
        case "bit":
            return Carried(f"BIT({column.digits or 1})")
        case "float" | "double":
            why = f"{column.type.upper()} has no exact decimals: its shortest text is carried, {_UNCOVERED}"
            return Carried(column.type.upper(), why, "ALTER it to DECIMAL(18,2) if it is money", fingerprint=False)
        case "enum" | "set":
            return Carried(f"{'ENUM' if key else 'VARCHAR'}({max(1, column.length)})")
        case "json":
            return _uncovered("JSON", column)
    if column.type in _OCTETS:
        return _binary(column)
    if column.type in _TEXTS:
        return _text(column)
    return Carried("", f"{column.type} is not carried",
                   "add a generated column of a type that is, or leave it out as proposed")  # fmt: skip


def lake_name(column: LiveColumn, table: str) -> str:
    """What lake and warehouse can call it."""
    return suggested(column.name, table)


def octets(type_: str) -> int:
    """The most that a covered column's text takes, by its contract type."""
    word, _, rest = type_.partition("(")
    if word in ("VARCHAR", "ENUM"):
        return 4 * int(rest.rstrip(")"))
    return 2 * int(rest.rstrip(")")) if word == "BINARY" else 40


def _decimal(column: LiveColumn) -> Carried:
    if column.digits <= 38 and column.scale <= 6:
        return Carried(f"DECIMAL({column.digits},{column.scale})")
    return Carried(
        f"VARCHAR({column.digits + 3})",
        f"DECIMAL({column.digits},{column.scale}) is beyond (38,6), which not every engine holds: its text is carried",
        "nothing, if nobody sums it; else ALTER it to DECIMAL(38,6) or less",
    )


def _temporal(column: LiveColumn) -> Carried:
    return Carried("DATE" if column.type == "date" else f"{column.type.upper()}({column.fraction})")


def _text(column: LiveColumn) -> Carried:
    length = column.length or 45
    if length > WAREHOUSE_CHARACTERS:
        return _uncovered("TEXT", column)
    return Carried(f"VARCHAR({max(1, length)})")


def _binary(column: LiveColumn) -> Carried:
    if 2 * column.length > WAREHOUSE_BYTES:
        return _uncovered("BLOB", column)
    return Carried(f"BINARY({max(1, column.length)})")


def _uncovered(type_: str, column: LiveColumn) -> Carried:
    why = f"{column.type.upper()} may exceed a VARCHAR of the warehouse, which gets its beginning, {_UNCOVERED}"
    return Carried(type_, why, "shorten the column if it never holds as much", fingerprint=False)
