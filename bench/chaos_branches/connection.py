"""A MySQLdb connection to the model: raw bytes, the driver's errors, a link that breaks after so many bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import MySQLdb

from bench.chaos_branches import statements
from bench.chaos_branches.source import TABLES, Content, Source
from podemos.branches import pipeline, query
from podemos.core.table import Kind

_CODES = {Kind.INTEGER: 8, Kind.DECIMAL: 246, Kind.DATE: 10, Kind.DATETIME: 12, Kind.TEXT: 253}
Seen = Callable[[str, str, Content], None]
"""Told of each page and fingerprint: (what, table, the content it was read from)."""


def lost() -> MySQLdb.Error:
    """What the driver says of a cut link."""
    return MySQLdb.OperationalError(2013, "Lost connection to MySQL server during query")


def refused() -> MySQLdb.Error:
    """What the driver says of a branch that is off."""
    return MySQLdb.OperationalError(2003, "Can't connect to MySQL server")


class Connection:
    """What `link.Link` needs of a connection. Every statement takes `step` seconds of the branch's time.

    Args:
        source: the server.
        step: seconds per statement.
        seen: see `Seen`.
        budget: the link breaks after so many bytes; None never.
    """

    def __init__(self, source: Source, step: float, seen: Seen, budget: int | None = None) -> None:
        self.converter: dict[Any, Any] = {}
        self.delivered: list[tuple[str, tuple[bytes | None, ...]]] = []
        self._source, self._step, self._seen, self._budget = source, step, seen, budget
        self._snapshot: Content | None = None
        self._answer: statements.Answer = []
        self._described: tuple[Any, ...] = ()
        self._page = ""
        self._packet: list[str] = []
        self._proven: set[str] = set()  # what follows the control totals is no page by the watermark any more

    @property
    def snapshot(self) -> Content:
        """What this session sees."""
        return self._snapshot if self._snapshot is not None else self._source.snapshot()

    def get_server_info(self) -> str:
        """As MariaDB answers."""
        return "10.11.6-MariaDB"

    def send_query(self, packet: bytes) -> None:
        """Takes a packet of statements; each runs when the answer to the one before is done with."""
        self._spend(len(packet))
        self._packet = packet.decode().split(pipeline.SEPARATOR)

    def read_query_result(self) -> None:
        """Runs the first statement."""
        self._run(self._packet.pop(0))

    def next_result(self) -> int:
        """Runs the next statement; -1 when there is none."""
        if not self._packet:
            return -1
        self._run(self._packet.pop(0))
        return 0

    def _run(self, sql: str) -> None:
        self._source.advance(self._source.now + self._step)
        self._answer, self._described, self._page = [], (), ""
        if sql == query.BEGIN:
            self._snapshot = self._source.snapshot()
        elif not sql.startswith("SET SESSION "):
            self._select(sql)

    def _select(self, sql: str) -> None:
        answer = statements.clock(self._source, sql) or statements.writers(self._source, sql, self._pause)
        if answer is not None:
            self._answer = answer
            return
        content = self.snapshot
        if (found := statements.rows(content, sql)) is not None:
            table, columns, self._answer = found
            key = table not in self._proven and f"ORDER BY `{TABLES[table].primary_key[0]}`" in sql
            self._page = table if key or f"ORDER BY `{TABLES[table].cursor}`" in sql else ""
            self._check(table)
            self._described = tuple(self._description(table, name) for name in columns)
            self._seen("page", table, content)
        elif (found := statements.fingerprints(content, sql)) is not None:
            table, columns, self._answer = found
            self._check(table)
            if not statements.is_piece(sql):
                self._proven.add(table)
            self._seen("fingerprint", table, content)
        else:
            raise MySQLdb.ProgrammingError(1064, f"not understood by the model: {sql}")

    def _pause(self) -> None:
        self._source.advance(self._source.now + self._step / 3)

    def _check(self, table: str) -> None:
        match self._source.drift.get(table):
            case "missing":
                raise MySQLdb.OperationalError(1054, "Unknown column in 'field list'")
            case "gone":
                raise MySQLdb.ProgrammingError(1146, f"Table '{table}' doesn't exist")

    def _description(self, table: str, name: str) -> tuple[Any, ...]:
        column = TABLES[table].column(name)
        code = _CODES[column.kind]
        if self._source.drift.get(table) == "narrowed" and column.kind in (Kind.DECIMAL, Kind.DATE):
            code = 5  # DOUBLE
        return (name, code, None, None, column.precision, column.scale, column.nullable)

    def use_result(self) -> Connection:
        """The result of the last statement is the connection itself."""
        return self

    def describe(self) -> tuple[Any, ...]:
        """Name, type code, …, precision, scale."""
        return self._described

    def fetch_row(self, rows: int, how: int) -> statements.Answer:
        """The next rows; the link may break in the middle of any."""
        block, self._answer = self._answer[:rows], self._answer[rows:]
        for row in block:
            self._spend(sum(1 + len(value or b"") for value in row))
            if self._page:
                self.delivered.append((self._page, row))
        return block

    def _spend(self, size: int) -> None:
        if self._budget is not None:
            self._budget -= size
            if self._budget < 0:
                raise lost()

    def close(self) -> None:
        """Ends the session."""

    def fileno(self) -> int:
        """There is no socket."""
        raise MySQLdb.OperationalError(2006, "no socket")
