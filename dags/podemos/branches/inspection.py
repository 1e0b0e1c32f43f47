"""What a branch's server says of one table and of itself, read from information_schema."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import MySQLdb

from podemos.core.errors import ContractViolation

_COLUMNS = """
SELECT COLUMN_NAME, LOWER(DATA_TYPE), LOWER(COLUMN_TYPE), IS_NULLABLE = 'YES', CHARACTER_MAXIMUM_LENGTH,
       NUMERIC_PRECISION, NUMERIC_SCALE, DATETIME_PRECISION, LOWER(EXTRA), COLUMN_COMMENT
  FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s ORDER BY ORDINAL_POSITION
"""
_INDEXES = """
SELECT INDEX_NAME, NON_UNIQUE, COLUMN_NAME, SUB_PART IS NULL
  FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s
 ORDER BY INDEX_NAME, SEQ_IN_INDEX
"""
_TABLE = """
SELECT TABLE_TYPE, ENGINE, TABLE_COMMENT, TABLE_ROWS
  FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s
"""
_BASE_TABLES = """
SELECT TABLE_NAME FROM information_schema.TABLES
 WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE' ORDER BY TABLE_NAME
"""
_PARENTS = """
SELECT COLUMN_NAME, REFERENCED_TABLE_NAME FROM information_schema.KEY_COLUMN_USAGE
 WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s AND REFERENCED_TABLE_SCHEMA = DATABASE()
 ORDER BY CONSTRAINT_NAME, ORDINAL_POSITION
"""


@dataclass(frozen=True, slots=True)
class LiveColumn:
    """A column as the server describes it. `type` is the bare type, `full` with its parentheses and attributes."""

    name: str
    type: str
    full: str
    nullable: bool
    length: int
    digits: int
    scale: int
    fraction: int
    extra: str
    comment: str

    @property
    def unsigned(self) -> bool:
        """Whether the type is unsigned."""
        return "unsigned" in self.full

    @property
    def touched(self) -> bool:
        """Whether every change of the row changes it."""
        return "on update" in self.extra


@dataclass(frozen=True, slots=True)
class LiveIndex:
    """An index: its columns in order, each whole (no prefix)."""

    name: str
    unique: bool
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LiveTable:
    """A table, and what its server lets us see.

    Attributes:
        view: it is no base table.
        rows: the server's estimate.
        parents: (column, referenced table) of its foreign keys.
        replica: the server is read-only or replicates from another.
        process: the user has the PROCESS privilege.
        offset: how far the clock of its sessions is ahead of UTC, in minutes.
    """

    name: str
    view: bool
    engine: str
    comment: str
    rows: int
    columns: tuple[LiveColumn, ...]
    indexes: tuple[LiveIndex, ...]
    parents: tuple[tuple[str, str], ...]
    replica: bool
    process: bool
    offset: int = 0

    def column(self, name: str) -> LiveColumn:
        """The column of that name.

        Raises:
            ContractViolation: there is none.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise ContractViolation(
            f"table {self.name}: no column {name!r}; it has {', '.join(c.name for c in self.columns)}"
        )

    def indexed(self, *names: str) -> bool:
        """Whether an index begins with these columns."""
        return any(index.columns[: len(names)] == names for index in self.indexes)


def look(connection: Any, table: str) -> LiveTable:
    """Reads what is needed to propose a contract.

    Args:
        connection: a MySQLdb connection whose schema holds the table.
        table: its name.

    Raises:
        ContractViolation: no such table, or the user may not see it.
        MySQLdb.Error: the link broke.
    """
    found = _rows(connection, _TABLE, table)
    if not found:
        raise ContractViolation(f"table {table!r}: not in this schema, or the user may not SELECT it")
    ((kind, engine, comment, rows),) = found
    return LiveTable(
        name=table,
        view=kind != "BASE TABLE",
        engine=engine or "",
        comment=comment or "",
        rows=int(rows or 0),
        columns=tuple(_column(row) for row in _rows(connection, _COLUMNS, table)),
        indexes=_indexes(_rows(connection, _INDEXES, table)),
        parents=tuple((str(column), str(parent)) for column, parent in _rows(connection, _PARENTS, table)),
        replica=_replica(connection),
        process=_allowed(connection, "SELECT COUNT(*) FROM information_schema.INNODB_TRX"),
        offset=int(_rows(connection, "SELECT TIMESTAMPDIFF(MINUTE, UTC_TIMESTAMP(), NOW())")[0][0]),
    )


def base_tables(connection: Any) -> list[str]:
    """The tables of the connection's schema."""
    return [str(name) for (name,) in _rows(connection, _BASE_TABLES)]


def _column(row: tuple[Any, ...]) -> LiveColumn:
    name, bare, full, nullable, *numbers, extra, comment = row
    length, digits, scale, fraction = (int(number or 0) for number in numbers)
    return LiveColumn(name, bare, full, bool(nullable), length, digits, scale, fraction, extra, comment)


def _indexes(rows: list[tuple[Any, ...]]) -> tuple[LiveIndex, ...]:
    """A prefix or an expression ends what an index is good for."""
    found: dict[str, tuple[bool, list[str], bool]] = {}
    for name, other, column, whole in rows:
        unique, columns, usable = found.get(name, (not other, [], True))
        usable = usable and bool(whole) and column is not None
        found[name] = (unique and usable, [*columns, column] if usable else columns, usable)
    return tuple(LiveIndex(name, unique, tuple(columns)) for name, (unique, columns, _) in found.items())


def _replica(connection: Any) -> bool:
    ((read_only,),) = _rows(connection, "SELECT @@read_only")
    if str(read_only) not in ("0", "OFF"):
        return True
    for statement in ("SHOW REPLICA STATUS", "SHOW SLAVE STATUS"):
        try:
            return bool(_rows(connection, statement))
        except MySQLdb.Error:  # without the privilege, or under the other name: read_only has to do
            continue
    return False


def _allowed(connection: Any, statement: str) -> bool:
    try:
        _rows(connection, statement)
    except MySQLdb.OperationalError as error:
        if error.args[0] == 1227:
            return False
        raise
    return True


def _rows(connection: Any, statement: str, *values: str) -> list[tuple[Any, ...]]:
    cursor = connection.cursor()
    cursor.execute(statement, values or None)
    found = [tuple(_said(value) for value in row) for row in cursor.fetchall()]
    cursor.close()
    return found


def _said(value: Any) -> Any:
    """MySQL 8 keeps descriptions in LONGTEXT, which a driver may hand over as bytes."""
    return value.decode() if isinstance(value, bytes) else value
