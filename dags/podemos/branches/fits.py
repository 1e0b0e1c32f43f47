"""Whether a value fits its column, for a person who types one: the rules that `faults` applies in Spark, in words."""

from __future__ import annotations

import re
from datetime import date, datetime

from podemos.core import raw_text
from podemos.core.errors import ContractViolation, DataFault
from podemos.core.table import WAREHOUSE_BYTES, Column, Kind, Read, Table
from podemos.core.zones import BUSINESS_ZONE, zone_table

_INTEGER = re.compile(r"-?\d{1,19}")
_DECIMAL = re.compile(r"(-?)0*(\d*)(?:\.(\d+))?")
_HEX = re.compile(r"([0-9A-F]{2})*")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(\.\d{1,6})?")


def as_carried(table: Table, name: str, value: str | None) -> str | None:
    """A typed value in the form in which the column's values travel: ``8`` as ``8.00`` for a DECIMAL(18,2).

    Raises:
        DataFault: there is no such column, it is part of the key, or the value does not fit it.
    """
    try:
        column = table.column(name)
    except ContractViolation as error:
        names = ", ".join(c.name for c in table.columns if c.name not in table.primary_key)
        raise DataFault(f"{error}; there are {names}") from None
    if name in table.primary_key:
        raise DataFault(
            f"column {name} is part of the key of {table.name}: with another key it would be another row; have the "
            "branch enter it anew"
        )
    fault_found = fault(table, name, value)
    if fault_found:
        raise DataFault(f"column {name} {fault_found}; it is {_wanted(column)}")
    if value is None:
        return None
    if column.kind is Kind.INTEGER:
        return str(int(value))
    if column.kind is Kind.DECIMAL:
        found = _DECIMAL.fullmatch(value)
        assert found is not None  # noqa: S101 - `fault` saw to it
        sign, whole, part = found.groups()
        digits = (part or "").rstrip("0").ljust(column.scale, "0")
        zero = not (whole + digits).strip("0")
        return ("" if zero else sign) + (whole or "0") + (f".{digits}" if column.scale else "")
    if column.kind is Kind.DATETIME:
        moment, _, part = value.partition(".")
        return moment + (f".{part.ljust(column.precision, '0')[: column.precision]}" if column.precision else "")
    return value


def fault(table: Table, name: str, value: str | None) -> str:
    """Why a value has no place in a column; empty when it has one."""
    column = table.column(name)
    if value is None:
        return "" if column.nullable else "may not be NULL"
    match column.kind:
        case Kind.INTEGER:
            fine = _INTEGER.fullmatch(value) and -(2**63) <= int(value) < 2**63
            return "" if fine else f"holds no {value!r}"
        case Kind.DECIMAL:
            return "" if _exact(column, value) else f"holds no {value!r}"
        case Kind.TEXT:
            return _text_fault(column, value)
    return "" if column.lenient else _moment_fault(column, value)


def _exact(column: Column, value: str) -> bool:
    found = _DECIMAL.fullmatch(value)
    if not found or not (found[2] or found[3] or value.strip("-")):
        return False
    return len((found[3] or "").rstrip("0")) <= column.scale and len(found[2]) <= column.precision - column.scale


def _text_fault(column: Column, value: str) -> str:
    if value.startswith(raw_text.MARK):
        return "holds bytes that are no text"
    if "\x00" in value:
        return "holds a NUL"
    if column.read is Read.HEX and not _HEX.fullmatch(value):
        return f"holds hexadecimal digits, not {value[:40]!r}"
    if column.unbounded or (len(value) <= column.length and len(value.encode()) <= WAREHOUSE_BYTES):
        return ""
    return f"holds {column.length} characters, not {len(value)}"


def _moment_fault(column: Column, value: str) -> str:
    try:
        if column.kind is Kind.DATE:
            date.fromisoformat(value)
            return "" if len(value) == len("2026-11-19") else f"holds no {value!r}"
        if not _MOMENT.fullmatch(value):
            return f"holds no {value!r}"
        zone_table().resolve(BUSINESS_ZONE, datetime.fromisoformat(value))
    except ValueError:
        return f"holds no {value!r}"
    except DataFault as error:
        return f"cannot be placed: {error}"
    return ""


def _wanted(column: Column) -> str:
    match column.kind:
        case Kind.INTEGER:
            return "a whole number"
        case Kind.DECIMAL:
            return f"a number with up to {column.precision - column.scale} digits and {column.scale} decimals"
        case Kind.TEXT:
            return f"a text of up to {column.length} characters" if column.length else "a text"
        case Kind.DATE:
            return "a date, YYYY-MM-DD"
    return "a date and time, YYYY-MM-DD hh:mm:ss"
