"""COMMENT and ALTER TABLE: what later statements change about the tables that files declare."""

from __future__ import annotations

import re
from dataclasses import replace

from podemos.redshift.ddl_tables import CONSTRAINTS, Tables, column_of, key_clause
from podemos.redshift.facts import Table
from podemos.redshift.sql_statements import Kind, Statement

_KEPT = {"TYPE", "OWNER", "SET", "ENCODE", "APPEND"}
"""ALTER TABLE actions that leave keys and comments as they are."""


def comment(tables: Tables, statement: Statement) -> None:
    """Takes in a COMMENT ON TABLE or COLUMN.

    Raises:
        ContractViolation: it cannot be read, or the table has no such column.
    """
    statement.take()
    if not statement.accept("ON"):
        raise statement.unreadable("COMMENT without ON")
    kind = statement.take().text.upper()
    if kind not in ("TABLE", "COLUMN"):
        return
    parts = statement.name()
    if not statement.accept("IS"):
        raise statement.unreadable("COMMENT without IS")
    token = statement.take()
    text = token.text if token.kind is Kind.STRING else None
    name = statement.table(parts[:-1] if kind == "COLUMN" else parts)
    table = tables.get(name)
    if table is None:
        return  # a view, or a table that other files make
    if kind == "TABLE":
        tables[name] = replace(table, comment=text)
        return
    if table.columns_seen and parts[-1] not in [column.name for column in table.columns]:
        raise statement.unreadable(f"{table.title} has no column {parts[-1]}")
    columns = tuple(replace(c, comment=text) if c.name == parts[-1] else c for c in table.columns)
    tables[name] = replace(table, columns=columns)


def alter(tables: Tables, statement: Statement) -> None:
    """Takes in an ALTER TABLE.

    Raises:
        ContractViolation: it cannot be read.
    """
    statement.take()
    if not statement.accept("TABLE"):
        return
    name = statement.table(statement.name())
    table = tables.get(name)
    if table is None:
        return
    if statement.accept("RENAME", "TO"):
        new = (name[0], statement.take().text.lower())
        tables[new] = replace(tables.pop(name), name=new)
    elif statement.accept("RENAME"):
        statement.accept("COLUMN")
        old, _, new_name = statement.take().text.lower(), statement.take(), statement.take().text.lower()
        columns = tuple(replace(c, name=new_name) if c.name == old else c for c in table.columns)
        tables[name] = replace(table, columns=columns)
    elif statement.accept("ADD"):
        statement.accept("COLUMN")
        if statement.word() not in CONSTRAINTS:
            column, _, _ = column_of(statement)
            tables[name] = replace(table, columns=(*table.columns, column))
    elif statement.accept("DROP"):
        if statement.word() not in CONSTRAINTS:
            statement.accept("COLUMN")
            gone = statement.take().text.lower()
            tables[name] = replace(table, columns=tuple(c for c in table.columns if c.name != gone))
    elif statement.accept("ALTER"):
        tables[name] = _altered(table, statement)
    elif statement.word() not in _KEPT:
        raise statement.unreadable(f"ALTER TABLE .. {statement.word()}")


def _altered(table: Table, statement: Statement) -> Table:
    """ALTER TABLE .. ALTER: keys, or a column's encoding and length."""
    if statement.accept("ENCODE"):
        statement.take()
        return replace(table, columns=tuple(replace(c, encoding="auto") for c in table.columns))
    if not statement.accept("COLUMN"):
        while statement.at < len(statement.tokens):
            statement.accept("ALTER")
            table = key_clause(table, statement)
        return table
    name = statement.take().text.lower()
    rest = " ".join(token.text for token in statement.tokens[statement.at :])
    encode, length = re.search(r"ENCODE (\w+)", rest, re.IGNORECASE), re.search(r"\( (\d+) \)", rest)
    columns = []
    for column in table.columns:
        if column.name == name and encode:
            word = encode[1].lower()
            column = replace(column, encoding="none" if word == "raw" else word)
        if column.name == name and length and column.octets is not None:
            column = replace(column, octets=int(length[1]))
        columns.append(column)
    return replace(table, columns=tuple(columns))
