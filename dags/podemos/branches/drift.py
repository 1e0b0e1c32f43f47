"""How a branch's tables differ from their contracts, told on the round trip that asks for its clock.

A column that the contract does not know is landed beside the others, as text, in the chunks alone: curation leaves it
out, certificates and `status` name it, and once a contract names it, its history is in the landing. A column that holds
less than agreed is drift, as a missing one is: it stops that table at that branch. A fault of type is seen in the
result's own description (`link`), a missing column by the statement that asks for it.

A text in utf8mb3 is read as its own bytes: converting it the server would replace what is no UTF-8, and say nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from podemos.core.errors import ContractViolation
from podemos.core.source_text import literal_text
from podemos.core.table import Column, Kind, Read, Table, branch_identifier

NEW = "nueva:"
"""What the name of a column that no contract knows begins with, in a chunk: no contract's name has a colon."""
_TOO_BIG = {"mediumtext", "longtext", "json", "blob", "mediumblob", "longblob", "geometry"}
"""Types of documents and pictures: reported and left at the branch, whose link they could fill."""
_BINARY = {"binary", "varbinary", "tinyblob"}
_REAL = {"float", "double"}
_UTF8MB3 = {"utf8", "utf8mb3"}
_TELLS = ("DATA_TYPE", "CHARACTER_SET_NAME", "CHARACTER_MAXIMUM_LENGTH", "NUMERIC_PRECISION", "DATETIME_PRECISION")


@dataclass(frozen=True, slots=True)
class Live:
    """A column at the branch: its bare type, and what it has of character set, length, digits, fractional digits."""

    name: str
    type: str
    charset: str
    length: int | None
    digits: int | None
    fraction: int | None

    def __str__(self) -> str:
        size = self.length if self.length is not None else self.digits
        return f"{self.name} {self.type}" + (f"({size})" if size is not None else "")


Shapes = Mapping[str, tuple[Live, ...]]
"""By table name at the branch; empty where the server told nothing."""


def asked(tables: Sequence[Table]) -> str:
    """An expression for all columns of the tables: a line each, of which `told` makes `Shapes`.

    One equality for each table, for which the server opens that table alone.
    """
    values = ", ".join(f"COALESCE({name}, '')" for name in _TELLS)
    each = " UNION ALL ".join(
        f"SELECT {at} AS at, ORDINAL_POSITION AS place, CONCAT_WS(' ', {at}, HEX(COLUMN_NAME), {values}) AS line "  # noqa: S608
        f"FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = {name}"
        for at, name in enumerate(literal_text(table.at_branch) for table in tables)
    )
    return f"COALESCE((SELECT GROUP_CONCAT(line ORDER BY at, place SEPARATOR '|') FROM ({each}) AS t), '')"  # noqa: S608


def told(answer: str, tables: Sequence[Table]) -> Shapes:
    """What the server answered to `asked`."""
    found: dict[str, list[Live]] = {}
    for line in answer.split("|") if answer else ():
        at, name, kind, charset, *numbers = line.split(" ")
        length, digits, fraction = (int(text) if text else None for text in numbers)
        live = Live(bytes.fromhex(name).decode(), kind.lower(), charset.lower(), length, digits, fraction)
        found.setdefault(tables[int(at)].at_branch, []).append(live)
    return {name: tuple(columns) for name, columns in found.items()}


def fitted(table: Table, shapes: Shapes) -> Table:
    """The contract as this branch is read: with its new columns, so that a pull lands them, and utf8mb3 as bytes.

    Raises:
        ContractViolation: a column holds less than the contract says; the message names both.
    """
    shape = shapes.get(table.at_branch, ())
    at_branch = {live.name.lower(): live for live in shape}
    for column in table.columns:
        if live := at_branch.get(column.at_branch.lower()):
            _refuse_narrowed(table, column, live)
    more = tuple(landed for live in new(table, shapes) if (landed := _landed(live)))
    own = tuple(_read(table, column, at_branch.get(column.at_branch.lower())) for column in table.columns)
    return table if own == table.columns and not more else replace(table, columns=(*own, *more))


def agreed(table: Table) -> Table:
    """The inverse of `fitted`: the contract."""
    own = tuple(
        replace(column, read=Read.PLAIN) if column.read in (Read.BYTES, Read.UTF8) else column
        for column in table.columns
        if not column.name.startswith(NEW)
    )
    return table if own == table.columns else replace(table, columns=own)


def new(table: Table, shapes: Shapes) -> list[Live]:
    """The branch's columns that the contract does not know."""
    known = {column.at_branch.lower() for column in table.columns}
    return [live for live in shapes.get(table.at_branch, ()) if live.name.lower() not in known]


def said(table: Table, shapes: Shapes) -> tuple[str, ...]:
    """The new columns in words, and whether their values are landed."""
    return tuple(f"{live}" + ("" if _landed(live) else ", not landed") for live in new(table, shapes))


def _read(table: Table, column: Column, live: Live | None) -> Column:
    """As bytes only what is free to be no text: pages are ordered by keys and cursors as the server compares them."""
    if live is None or column.kind is not Kind.TEXT or column.read is not Read.PLAIN:
        return column
    if live.charset == "utf8mb4":
        return replace(column, read=Read.UTF8)
    free = column.name not in table.order
    return replace(column, read=Read.BYTES) if free and live.charset in _UTF8MB3 else column


def _landed(live: Live) -> Column | None:
    """How a new column travels: as text that no fingerprint covers; None when it may be too big, or cannot be named."""
    try:
        branch_identifier(live.name)
    except ContractViolation:
        return None
    if live.type in _TOO_BIG:
        return None
    read = Read.HEX if live.type in _BINARY else Read.REAL if live.type in _REAL else Read.ENUM
    read = Read.BITS if live.type == "bit" else read
    return Column(
        NEW + live.name, Kind.TEXT, "", length=live.length or 0, fingerprint=False, source=live.name, read=read
    )


def _refuse_narrowed(table: Table, column: Column, live: Live) -> None:
    here, wanted = None, 0
    if column.kind is Kind.TEXT and column.read is Read.PLAIN and live.type in ("char", "varchar"):
        here, wanted = live.length, 0 if column.unbounded else column.length
    elif column.kind is Kind.DECIMAL and live.type == "decimal":
        here, wanted = live.digits, column.precision
    elif column.kind is Kind.DATETIME and live.type in ("datetime", "timestamp"):
        here, wanted = live.fraction, column.precision
    if here is not None and here < wanted:
        raise ContractViolation(
            f"table {table.name}, column {column.at_branch}: narrowed at the branch, {live.type} holds {here} "
            f"of the {wanted} agreed"
        )
