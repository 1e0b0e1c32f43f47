"""CREATE TABLE, token by token: columns, encodings and keys, wherever Redshift lets them stand."""

from __future__ import annotations

from dataclasses import replace

from podemos.redshift.facts import Column, Table
from podemos.redshift.sql_statements import Statement

Tables = dict[tuple[str, str], Table]
CONSTRAINTS = {"PRIMARY", "UNIQUE", "FOREIGN", "CONSTRAINT"}
_TEXTS = {"VARCHAR", "CHAR", "CHARACTER", "NVARCHAR", "NCHAR", "TEXT", "BPCHAR"}
_DEFAULT_OCTETS = {"VARCHAR": 256, "NVARCHAR": 256, "TEXT": 256, "BPCHAR": 256}
_MAX_OCTETS = 65_535


def create(tables: Tables, statement: Statement) -> None:
    """Takes in a CREATE TABLE; views, temporary and external tables are none of the gate's.

    Raises:
        ContractViolation: it cannot be read.
    """
    where = statement.where()
    statement.take()
    if statement.accept("LOCAL") or statement.word() in ("TEMP", "TEMPORARY"):
        return
    if statement.accept("EXTERNAL", "TABLE"):
        return  # its data and keys are not the warehouse's
    if not statement.accept("TABLE"):
        return
    statement.accept("IF", "NOT", "EXISTS")
    name = statement.table(statement.name())
    if name[-1].startswith("#"):
        return
    table = Table(name, where)
    if statement.word() == "(" and statement.word(1) != "LIKE":
        table = _elements(table, statement)
    elif statement.word() == "(":
        table = _like(tables, table, statement)
    else:
        table = replace(table, columns_seen=False)
    tables[name] = _attributes(table, statement)


def _elements(table: Table, statement: Statement) -> Table:
    columns: list[Column] = []
    for element in statement.elements():
        inner = Statement(statement.file, element)
        if inner.word() in CONSTRAINTS:
            continue
        if inner.word() == "LIKE":
            raise inner.unreadable("LIKE beside columns; write the columns")
        column, distkey, sortkey = column_of(inner)
        columns.append(column)
        if distkey:
            table = replace(table, diststyle=f"KEY({column.name})")
        if sortkey:
            table = replace(table, sort=(column.name,))
    # CREATE TABLE t (a, b) AS SELECT … states names without types.
    return replace(table, columns=tuple(columns), columns_seen=all(column.type for column in columns))


def column_of(element: Statement) -> tuple[Column, bool, bool]:
    """The column, and whether it says DISTKEY or SORTKEY of itself."""
    where, name = element.where(), element.take().text.lower()
    kind, octets = element.word(), None
    if kind in _TEXTS:
        octets = _DEFAULT_OCTETS.get(kind, 1)
    encoding, distkey, sortkey = None, False, False
    text = kind
    if element.at < len(element.tokens):
        element.take()
    if kind == "CHARACTER" and element.accept("VARYING"):
        octets = _DEFAULT_OCTETS["VARCHAR"]
    if element.word() == "(":
        sizes = ["".join(token.text for token in size) for size in element.elements()]
        text = f"{kind}({', '.join(sizes)})"
        if octets is not None:
            octets = _MAX_OCTETS if sizes[0].upper() == "MAX" else int(sizes[0]) if sizes[0].isdigit() else octets
    while element.at < len(element.tokens):
        if element.word() == "(":
            element.elements()
        elif element.accept("ENCODE"):
            encoding = element.take().text.lower()
        else:
            word = element.word()
            distkey |= word == "DISTKEY"
            sortkey |= word == "SORTKEY"
            element.take()
    return Column(name, text, octets, "none" if encoding == "raw" else encoding, where=where), distkey, sortkey


def _like(tables: Tables, table: Table, statement: Statement) -> Table:
    """CREATE TABLE (LIKE t): columns, encodings and keys are copied, comments are not."""
    (element,) = statement.elements()
    inner = Statement(statement.file, element)
    inner.take()
    source = tables.get(inner.table(inner.name()))
    if source is None:
        return replace(table, columns_seen=False)
    columns = tuple(replace(column, comment=None, where=table.where) for column in source.columns)
    return replace(
        table, columns=columns, diststyle=source.diststyle, sort=source.sort, columns_seen=source.columns_seen
    )


def _attributes(table: Table, statement: Statement) -> Table:
    """DISTSTYLE, DISTKEY, SORTKEY, BACKUP and ENCODE AUTO, in any order, up to AS."""
    while statement.at < len(statement.tokens):
        if statement.accept("AS"):
            return table
        if statement.accept("BACKUP"):
            statement.take()
        elif statement.accept("ENCODE", "AUTO"):
            columns = tuple(replace(c, encoding=c.encoding or "auto") for c in table.columns)
            table = replace(table, columns=columns)
        else:
            table = key_clause(table, statement)
    return table


def key_clause(table: Table, statement: Statement) -> Table:
    """One clause about keys, of CREATE TABLE or of ALTER TABLE.

    Raises:
        ContractViolation: it is about something else.
    """
    if statement.accept("DISTSTYLE"):
        style = statement.take().text.upper()
        return table if style == "KEY" else replace(table, diststyle=None if style == "AUTO" else style)
    if statement.accept("DISTKEY"):
        names = statement.names() if statement.word() == "(" else (statement.take().text.lower(),)
        return replace(table, diststyle=f"KEY({names[0]})")
    if statement.word() in ("COMPOUND", "INTERLEAVED") and statement.word(1) == "SORTKEY":
        statement.take()
    if statement.accept("SORTKEY"):
        return replace(table, sort=() if statement.accept("AUTO") or statement.accept("NONE") else statement.names())
    raise statement.unreadable(f"{statement.take().text!r} is not known here")
