"""One session on a branch's server: raw bytes in, errors told apart, and a way to cut it from outside."""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

import MySQLdb

from podemos.branches import query, reply
from podemos.branches.chunk import Columns, Rows, columns_of
from podemos.branches.pace import Pace
from podemos.branches.pipeline import Pipeline
from podemos.core.errors import ContractViolation
from podemos.core.table import Kind, Read, Table

FETCH_ROWS = 2048
_GRACE_SECONDS = 1
"""A server that still answers reports its own time limit first."""


class Trouble(StrEnum):
    """What keeps a branch from being pulled: a recorded state, never an exception of the task."""

    OFFLINE = "offline"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    DRIFT = "drift"
    LEASED = "leased"
    BEHIND = "behind"
    FAULTY = "faulty"


REMEDY = {
    Trouble.OFFLINE: "nothing to do now: the next run continues where this one stopped; call the branch if it lasts",
    Trouble.REFUSED: "check user, password and grants of the branch's connection; with tls_ca its certificate, too",
    Trouble.TIMEOUT: "the next run continues; if it lasts, look at the branch's link and load",
    Trouble.DRIFT: "bring the table and its contract in include/config/tables/ together; only this branch waits",
    Trouble.LEASED: "nothing to do: another worker is pulling it",
    Trouble.BEHIND: "nothing to do: its newest days are landed, and each run goes on with the gap",
    Trouble.FAULTY: "correct the data named in the message",
}

_TIMEOUT = {1205, 1969, 3024, 1317, 2026}
_NOT_CONNECTED = {2002, 2003, 2013}
_TLS = 2026
_UNTRUSTED = re.compile(r"certificate|not support|required", re.IGNORECASE)
_NO_ANSWER = re.compile(r"\b110\b|timed out")
"""ETIMEDOUT in the driver's words for a connection that nobody answers."""
_REFUSED = {1044, 1045, 1142, 1143, 1227, 1698, 3118, 4151, 1130, 1040, 1129}
_DRIFT = {1054, 1146, 1049, 1064}
_TIMESTAMP = 7
_INTEGERS = {1, 2, 3, 8, 9}
_CODES = {
    Kind.INTEGER: _INTEGERS,
    Kind.DECIMAL: {0, 246, *_INTEGERS},  # BIGINT UNSIGNED is a DECIMAL(20,0)
    Kind.DATE: {10, 14},
    Kind.DATETIME: {7, 12},
    # Texts, and what is carried as the server's text: YEAR, TIME, a DECIMAL beyond (38,6), ZEROFILL.
    Kind.TEXT: {0, 11, 13, 15, 245, 246, 247, 248, 249, 250, 251, 252, 253, 254, *_INTEGERS},
}


class Hang(MySQLdb.OperationalError):  # type: ignore[misc]  # the driver has no types
    """A link that is open and silent. The driver's own error is that of a link that was cut."""


def trouble_of(error: Exception) -> Trouble:
    """The state that a driver's error stands for."""
    code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    if code == _TLS and _UNTRUSTED.search(str(error.args[-1])):
        return Trouble.REFUSED
    silent = code in _NOT_CONNECTED and _NO_ANSWER.search(str(error.args[-1]))
    if code in _TIMEOUT or silent or isinstance(error, Hang):
        return Trouble.TIMEOUT
    if code in _REFUSED:
        return Trouble.REFUSED
    return Trouble.DRIFT if code in _DRIFT else Trouble.OFFLINE


class Link:
    """A read-only session with a statement time limit: both are set in the packet of the first statement, before it.

    Args:
        connection: a MySQLdb connection; its converters are removed: a value arrives as the server's own bytes.
        statement_seconds: no statement runs longer on the branch's server.
        pace: the branch's bandwidth budget.
    """

    def __init__(self, connection: Any, statement_seconds: int, pace: Pace | None = None) -> None:
        connection.converter = {}
        self._connection = connection
        self._patience = statement_seconds
        self.pace = pace or Pace()
        if self.pace.kbps is not None:
            self.pace.narrow(connection.fileno())
        self._pipeline = Pipeline(connection, query.session(connection.get_server_info(), statement_seconds))

    def open_snapshot(self, *then: str) -> None:
        """Opens a consistent read-only snapshot; an older one ends. `then` is sent with it: see `ahead`."""
        self.ahead(query.BEGIN, *then)
        if not then:
            with self._answered():
                self._pipeline.ask(query.BEGIN)

    def ahead(self, *statements: str) -> None:
        """Sends what will be asked for next, in this order, and does not wait: `rows` finds the answers under way.

        A statement that is asked for after all the others, or never, costs the branch nothing else than its work.

        Raises:
            MySQLdb.Error: the link broke.
        """
        with self._answered():
            self._pipeline.send(*statements)

    def rows(self, sql: str, table: Table | None = None) -> Iterator[Rows]:
        """The result in blocks of raw values; `table` has its column types checked first.

        Raises:
            ContractViolation: a column's type is not the contract's.
            MySQLdb.Error: the server refused, or the link broke.
        """
        with self._answered():
            self._pipeline.ask(sql)
            result = self._connection.use_result()
        fault = _drift(table, result.describe()) if table else ""
        while True:
            with self._answered():
                block = result.fetch_row(self.pace.fetch_rows(table, FETCH_ROWS), 0)
            if not block:
                break
            if not fault:
                yield block
            self.pace.took(table, block)
        if fault:
            raise ContractViolation(fault)

    def columns(self, sql: str, table: Table) -> Iterator[Columns]:
        """As `rows`, column by column: read from the socket's own bytes, or through the driver where they are veiled.

        Raises:
            ContractViolation: a column's type is not the contract's.
            MySQLdb.Error: the server refused, or the link broke.
        """
        with self._answered():
            before = self._pipeline.unread(sql) if reply.readable(self._connection) else None
        if before is None:
            yield from map(columns_of, self.rows(sql, table))
            return
        try:
            with reply.Reply(self._connection, self._patience + _GRACE_SECONDS) as answer:
                fault = _drift(table, answer.described(before))
                while block := answer.block(self.pace.fetch_bytes(reply.BLOCK)):
                    if not fault:
                        yield block.columns
                    self.pace.paid(table, block.rows, block.size)
        except TimeoutError as silence:
            raise Hang(2013, f"{silence}: the link hangs") from silence
        if fault:
            raise ContractViolation(fault)

    def sever(self) -> None:
        """Cuts the link from another thread: a blocked read returns with an error at once."""
        try:
            copy = socket.socket(fileno=os.dup(self._connection.fileno()))
        except (MySQLdb.Error, OSError):
            return
        with copy:
            try:
                copy.shutdown(socket.SHUT_RDWR)
            except OSError:
                return

    def close(self) -> None:
        """Ends the session; a broken one is already gone."""
        try:
            self._connection.close()
        except MySQLdb.Error:
            return

    @contextmanager
    def _answered(self) -> Iterator[None]:
        """Tells a link that was silent for a statement's whole time from one that was cut."""
        asked = time.monotonic()
        try:
            yield
        except MySQLdb.Error as error:
            silent = time.monotonic() - asked
            if trouble_of(error) is Trouble.OFFLINE and silent >= self._patience:
                raise Hang(error.args[0], f"no answer for {silent:.0f} s: the link hangs") from error
            raise


def _drift(table: Table, described: tuple[Any, ...]) -> str:
    """Empty, or how the table differs from its contract."""
    for column, field in zip(table.columns, described, strict=True):
        kind, scale = field[1], field[5]
        instant = column.read is Read.INSTANT
        if kind not in _CODES[column.kind] or (instant and kind != _TIMESTAMP):
            wanted = "timestamp" if instant else column.kind
            return (
                f"table {table.name}, column {column.at_branch}: the branch's type (MySQL code {kind}) is no {wanted}"
            )
        if column.kind is Kind.DECIMAL and scale != column.scale:
            return f"table {table.name}, column {column.name}: {scale} decimals at the branch, {column.scale} agreed"
    return ""
