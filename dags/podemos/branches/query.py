"""The statements a pull sends to a branch, built from its contract.

Identifiers are checked, values are literals of a checked shape: a text protocol query binds nothing, and a prepared
statement would cost a round trip. Several statements travel in one packet (`pipeline`), so a literal that could end its
own statement could begin another: `literal` lets through digits, hexadecimal digits and times, nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from podemos.branches.state import Position
from podemos.core import fingerprint
from podemos.core import source_text as texts
from podemos.core.errors import DataFault
from podemos.core.table import Column, Kind, Read, Table, branch_identifier

_TEMPORAL = re.compile(r"\d{4}-\d{2}-\d{2}( \d{2}:\d{2}:\d{2}(\.\d{1,6})?)?", re.ASCII)
_HEX = re.compile(r"[0-9A-F]*")
_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)

_IDLE = "'Sleep', 'Daemon', 'Binlog Dump', 'Binlog Dump GTID', 'Slave_IO', 'Slave_SQL', 'Slave_worker'"
_LONGEST_LIST = 1 << 20
_OLDER_BYTES = 32_768
BEGIN = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"


def session(server: str, statement_seconds: int) -> str:
    """Isolation, read-only, statement time limit, character set and longest list of the session, in one round trip."""
    if "MariaDB" in server:
        limits = f"tx_isolation = 'REPEATABLE-READ', tx_read_only = ON, max_statement_time = {statement_seconds}"
    else:
        limits = "transaction_isolation = 'REPEATABLE-READ', transaction_read_only = ON"
        limits += f", max_execution_time = {statement_seconds * 1000}"
    limits += f", group_concat_max_len = {_LONGEST_LIST}"
    names = "character_set_client = utf8mb4, character_set_connection = utf8mb4, character_set_results = utf8mb4"
    return f"SET SESSION {limits}, {names}"


def clock(seconds: int, beside: str = "''") -> str:
    """The wall clock and day in the session's zone, what the clock showed so many seconds ago, and one more value."""
    return f"SELECT NOW(6), CURDATE(), FROM_UNIXTIME(UNIX_TIMESTAMP() - {seconds}), {beside}"


def writers(seconds: int, beside: str = "''") -> str:
    """`clock`, whether it is a replica, statements that may be writing, transactions that wrote, and our own.

    The server evaluates the parts in this order, which `horizon` relies on. Only whether a statement reads is taken
    from its text: that may hold clients' data and stays on the server. `trx_started` is rendered in the OS zone of the
    server, whatever the session's zone.
    """
    age = f"COALESCE(TIMESTAMPDIFF(MICROSECOND, {{}}, {{}}) / 1000000, {seconds})"
    wall = age.format("trx_started", "CONVERT_TZ(UTC_TIMESTAMP(6), '+00:00', 'SYSTEM')")
    utc = age.format("CONVERT_TZ(trx_started, 'SYSTEM', '+00:00')", "UTC_TIMESTAMP(6)")
    return (
        f"SELECT 'clock', NOW(6), CURDATE(), FROM_UNIXTIME(UNIX_TIMESTAMP() - {seconds}), @@read_only, {beside} "  # noqa: S608
        "UNION ALL SELECT 'statement', ID, TIME, TIME, '', '' FROM information_schema.PROCESSLIST "
        f"WHERE ID <> CONNECTION_ID() AND COMMAND NOT IN ({_IDLE}) AND NOT (COMMAND = 'Connect' AND INFO IS NULL) "
        "AND (INFO IS NULL OR INFO NOT REGEXP '^[[:space:](]*(select|show|desc|explain)[^a-z_]') "
        "UNION ALL SELECT IF(trx_mysql_thread_id = CONNECTION_ID(), 'own', 'transaction'), trx_mysql_thread_id, "
        f"{wall}, {utc}, '', '' FROM information_schema.INNODB_TRX "
        "WHERE trx_rows_modified > 0 OR trx_mysql_thread_id = CONNECTION_ID()"
    )


def page(table: Table, after: Position | None, limit: int, within: str = "") -> str:
    """Rows after `after` in order of (cursor, key); in order of the key where there is no cursor.

    Written as ``a >= x AND (a > x OR b > y)``: an index range, where ``(a, b) > (x, y)`` is none in MariaDB. Two rows
    of the same microsecond can never be lost between two pages.
    Rows whose cursor is NULL come first, at the beginning only: later ones are found by the fingerprint.
    """
    cursor = table.column(table.cursor) if table.cursor else None
    order = ", ".join(texts.ordered(table.column(name)) for name in table.order)
    conditions = [within] if within else []
    if after and (cursor or after.key):
        conditions.append(_after(table, cursor, after))
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT {_columns(table)} FROM {_source(table)}{where} ORDER BY {order} LIMIT {limit}"  # noqa: S608


def below(table: Table, cursor: str) -> str:
    """The condition of rows whose cursor is less."""
    column = table.column(table.cursor or "")
    return f"{texts.ordered(column)} < {literal(column, cursor)}"


def whole(table: Table, after: Position | None, limit: int, within: str = "") -> str:
    """All rows in order of the key, after a position in that order; `within` is of `key_ranges`."""
    return page(replace(table, cursor=None), after, limit, within)


def day(table: Table, day: str, after: Position | None, limit: int, within: str = "") -> str:
    """Rows of one branch-local day in order of (business date, key), after a position in that order.

    A range on the date's index, which holds the primary key too: no page sorts the day again.
    """
    name = texts.ordered(column := table.column(table.business_date or ""))
    order = ", ".join(dict.fromkeys([name, *(texts.ordered(table.column(key)) for key in table.primary_key)]))
    conditions = [_of_day(name, day), *([within] if within else []), *([_after(table, column, after)] if after else [])]
    where = " AND ".join(conditions)
    return f"SELECT {_columns(table)} FROM {_source(table)} WHERE {where} ORDER BY {order} LIMIT {limit}"  # noqa: S608


def range_totals(table: Table, day: str, number: str) -> str:
    """Control totals per key range of a branch-local day, or of a table without one.

    Args:
        table: the contract.
        day: the day; of no meaning for a table without a business date.
        number: the expression of a row's range; see `key_ranges`.
    """
    where = ""
    if table.business_date is not None:
        where = f" WHERE {_of_day(texts.ordered(table.column(table.business_date)), day)}"
    return f"SELECT {number}, {fingerprint.mysql(table)} FROM {_source(table)}{where} GROUP BY 1"  # noqa: S608


def keyed(table: Table, wanted: Sequence[tuple[str, ...]]) -> str:
    """The rows of these keys, each the text of the primary key's columns: as many lookups in the primary key."""
    columns = [table.column(name) for name in table.primary_key]
    rows = (
        [f"{texts.ordered(c)} = {literal(c, text)}" for c, text in zip(columns, key, strict=True)] for key in wanted
    )
    where = " OR ".join(f"({' AND '.join(row)})" for row in rows)
    order = ", ".join(texts.ordered(column) for column in columns)
    return f"SELECT {_columns(table)} FROM {_source(table)} WHERE {where} ORDER BY {order} LIMIT {len(wanted)}"  # noqa: S608


def fingerprints(table: Table, since: date, older: Sequence[tuple[str, str]] = (), until: date | None = None) -> str:
    """Control totals per branch-local day since `since`; of the whole table when it has no business date.

    Each of the older days' spans is a SELECT of its own in a UNION ALL, so each is a range on the date's index. As
    conditions of one SELECT many spans made a server scan the table, and compare each row with each of them. Where they
    are so many that the statement would be long, a few share a SELECT.

    Args:
        table: the contract.
        since: the first day of the window.
        older: further days, as spans `[first, first after)`, apart from each other and from the window.
        until: the first day after the window; None is no end.
    """
    if table.business_date is None:
        return total(table)
    day = branch_identifier(table.column(table.business_date).at_branch)
    select = f"SELECT CAST(DATE({day}) AS CHAR), {fingerprint.mysql(table)} FROM {_source(table)} WHERE"  # noqa: S608
    ranges = [f"{day} >= '{first}' AND {day} < '{after}'" for first, after in older]
    selects = min(len(ranges), max(1, _OLDER_BYTES // (len(select) + 100)))
    shared = [" OR ".join(f"({one})" for one in ranges[first::selects]) for first in range(selects)]
    end = f" AND {day} < '{until.isoformat()}'" if until else ""
    wanted = [f"{day} >= '{since.isoformat()}'{end}", *shared]
    return " UNION ALL ".join(f"{select} {where} GROUP BY DATE({day})" for where in wanted)


def total(table: Table) -> str:
    """Control totals of the whole table."""
    return f"SELECT '', {fingerprint.mysql(table)} FROM {_source(table)}"  # noqa: S608


def content(table: Table) -> str:
    """Control totals over every column, also those that no certificate covers: has anything changed at the branch?"""
    return total(replace(table, columns=tuple(replace(column, fingerprint=True) for column in table.columns)))


def _of_day(name: str, day: str) -> str:
    first = date.fromisoformat(day)
    return f"{name} >= '{first}' AND {name} < '{first + timedelta(days=1)}'"


def _columns(table: Table) -> str:
    return ", ".join(texts.selected(column) for column in table.columns)


def _source(table: Table) -> str:
    return branch_identifier(table.at_branch)


def _after(table: Table, cursor: Column | None, after: Position) -> str:
    beyond = ""
    for column_name, key in reversed(list(zip(table.primary_key, after.key, strict=True) if after.key else [])):
        column, wanted = texts.ordered(table.column(column_name)), literal(table.column(column_name), key)
        beyond = f"{column} > {wanted}" + (f" OR ({column} = {wanted} AND ({beyond}))" if beyond else "")
    if cursor is None:
        return _leading(table, after) + beyond + ")"
    name = texts.ordered(cursor)
    if cursor.nullable and beyond and not after.cursor:
        return f"({name} IS NOT NULL OR {beyond})"
    value = literal(cursor, after.cursor)
    if not after.key:
        return f"{name} >= {value}"
    return f"{name} >= {value} AND ({name} > {value} OR {beyond})"


def _leading(table: Table, after: Position) -> str:
    """Where the key's first column starts, which makes the rest a range of the primary key."""
    first = table.column(table.primary_key[0])
    return f"{texts.ordered(first)} >= {literal(first, after.key[0])} AND ("


def literal(column: Column, text: str) -> str:
    """A value of a cursor or key column as an SQL literal. No character of it can end a literal or a statement.

    Raises:
        DataFault: the text is no value of that kind.
    """
    if column.read is Read.HEX:
        if not _HEX.fullmatch(text):
            raise _no_value(column, text)
        return f"0x{text}" if text else "''"
    if column.kind is Kind.TEXT:
        return texts.literal_text(text)
    if column.kind.temporal and _TEMPORAL.fullmatch(text):
        return f"'{text}'"
    if not column.kind.temporal and _NUMBER.fullmatch(text):
        return text
    raise _no_value(column, text)


def _no_value(column: Column, text: str) -> DataFault:
    return DataFault(
        f"column {column.name}: {text!r} is no value of kind {column.kind}; delete the branch-table's state item"
    )
