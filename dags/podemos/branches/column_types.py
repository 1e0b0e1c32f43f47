"""Which contract type carries a column's values exactly, or why none does."""

from __future__ import annotations

from dataclasses import dataclass

from podemos.branches.inspection import LiveColumn
from podemos.core.errors import ContractViolation
from podemos.core.table import identifier

_LONGEST = 16_383
"""Characters: four bytes each in the warehouse's 65,535."""
_UNCARRIED = {
    "float": "binary fractions are not exact; ALTER it to DECIMAL(18,2)",
    "double": "binary fractions are not exact; ALTER it to DECIMAL(18,2)",
    "bit": "its value is raw bytes; add a generated column CAST(… AS UNSIGNED)",
    "json": "its text is not canonical; add generated columns of what is needed",
}
_TEXTS = {"char", "varchar", "enum", "set", "tinytext", "text", "uuid", "inet4", "inet6"}
_INTEGERS = {"tinyint", "smallint", "mediumint", "int", "bigint"}


@dataclass(frozen=True, slots=True)
class Carried:
    """The contract type, empty when there is none; `why` is what a person should know, `remedy` what to do about it."""

    type: str
    why: str = ""
    remedy: str = ""


def carried(column: LiveColumn) -> Carried:
    """How the values of a column travel."""
    try:
        identifier(column.name)
    except ContractViolation:
        return Carried("", "its name is no plain identifier", "rename it, or add a generated column with a plain name")
    if "zerofill" in column.full:
        return Carried(f"VARCHAR({max(column.digits, 20)})", "ZEROFILL: the padded text is carried, not the number",
                       "drop ZEROFILL if the number is meant")  # fmt: skip
    if column.type in _INTEGERS:
        return Carried("DECIMAL(20,0)" if column.type == "bigint" and column.unsigned else "INTEGER")
    if column.type == "decimal":
        return _decimal(column)
    if column.type in ("date", "datetime", "timestamp"):
        return _temporal(column)
    if column.type == "time":
        return Carried("VARCHAR(17)")
    if column.type == "year":
        return Carried("VARCHAR(4)")
    if column.type in _TEXTS:
        return _text(column)
    why, _, remedy = _UNCARRIED.get(column.type, f"{column.type} is not carried; leave it in the branch").partition(
        "; "
    )
    return Carried("", why, f"{remedy}, or leave it out as proposed")


def _decimal(column: LiveColumn) -> Carried:
    if column.digits <= 38 and column.scale <= 6:
        return Carried(f"DECIMAL({column.digits},{column.scale})")
    return Carried(
        f"VARCHAR({column.digits + 3})",
        f"DECIMAL({column.digits},{column.scale}) is beyond (38,6), which not every engine holds: its text is carried",
        "nothing, if nobody sums it; else ALTER it to DECIMAL(38,6) or less",
    )


def _temporal(column: LiveColumn) -> Carried:
    if column.type == "date":
        return Carried("DATE")
    kind = f"DATETIME({column.fraction})"
    if column.type == "datetime":
        return Carried(kind)
    return Carried(kind, "TIMESTAMP is shown in the session's time zone",
                   "see that the branch's sessions are in its own zone (default_time_zone)")  # fmt: skip


def _text(column: LiveColumn) -> Carried:
    length = column.length or 45
    if length <= _LONGEST:
        return Carried(f"VARCHAR({max(1, length)})")
    return Carried(f"VARCHAR({_LONGEST})", f"a value of over {_LONGEST} characters is quarantined by curation",
                   "shorten the column if it never holds as much")  # fmt: skip
