"""A branch's bandwidth budget: a pull reads no faster than `max_kbps`, so that the till keeps the rest of the link.

Reading is what paces: the client leaves bytes unread, its small socket buffer fills, TCP stops the server. Nothing is
kept meanwhile but the rows of the page. A page is as long as its budget allows within a third of the server's statement
time limit, which counts the time a client makes it wait; a third is also below `net_write_timeout`.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from podemos.branches.chunk import Rows
from podemos.core.table import Kind, Table

_BUFFER = 16_384
"""Bytes; Linux doubles it. Less would starve a fast link."""
_GROWTH = 4
_ROW_OVERHEAD, _OTHER_BYTES = 8, 32


@dataclass(slots=True)
class Pace:
    """One link's bucket: what was taken is paid for in time before more is taken.

    Args:
        kbps: thousand bits a second; None does not limit.
        statement_seconds: time limit of a statement on the server.
    """

    kbps: int | None = None
    statement_seconds: int = 120
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    _paid: float = 0.0
    _widest: dict[str, tuple[float, int]] = field(default_factory=dict)

    @property
    def _rate(self) -> float:
        """Bytes a second."""
        return (self.kbps or 0) * 125.0

    def narrow(self, descriptor: int) -> None:
        """Bounds what the kernel takes from the link ahead of us: about one second of the budget."""
        if self.kbps is None:
            return
        with socket.socket(fileno=os.dup(descriptor)) as link:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, max(_BUFFER, int(self._rate / 2)))

    def page_rows(self, table: Table, limit: int) -> int:
        """Rows of the next page; never so many that the statement could meet its time limit by our waiting alone.

        The first page of a table assumes the longest rows that its contract admits, later ones the longest that came.
        """
        if self.kbps is None:
            return limit
        width, rows = self._widest.get(table.name, (_longest(table), 0))
        room = int(self._rate * self.statement_seconds / 3 / width)
        return max(1, min(limit, room, rows * _GROWTH if rows else room))

    def fetch_rows(self, table: Table | None, limit: int) -> int:
        """Rows to fetch before the next payment: a quarter of a second's worth."""
        if self.kbps is None or table is None:
            return limit
        width, _ = self._widest.get(table.name, (_longest(table), 0))
        return max(1, min(limit, int(self._rate / 4 / width)))

    def fetch_bytes(self, limit: int) -> int:
        """Bytes to read before the next payment: a quarter of a second's worth."""
        return limit if self.kbps is None else max(1, min(limit, int(self._rate / 4)))

    def took(self, table: Table | None, block: Rows) -> None:
        """Waits until the block is paid for."""
        if self.kbps is None:
            return
        size = sum(_ROW_OVERHEAD + sum(len(value) + 1 for value in row if value is not None) for row in block)
        self.paid(table, len(block), size)

    def paid(self, table: Table | None, count: int, size: int) -> None:
        """Waits until so many rows of so many bytes are paid for."""
        if self.kbps is None:
            return
        if table is not None and count:
            width, rows = self._widest.get(table.name, (0.0, 0))
            self._widest[table.name] = (max(width, size / count), max(rows, count))
        now = self.clock()
        self._paid = max(self._paid, now) + size / self._rate
        self.sleep(self._paid - now)


def _longest(table: Table) -> int:
    """Bytes of the longest row that the contract admits."""
    texts = sum(4 * column.length for column in table.columns if column.kind is Kind.TEXT)
    return _ROW_OVERHEAD + _OTHER_BYTES * len(table.columns) + texts
