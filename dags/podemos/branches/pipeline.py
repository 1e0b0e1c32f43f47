"""Several statements in one round trip: sent in one packet, run one after the other, each answer read when it is asked.

The server runs a packet's statements in their order, as if each had been sent alone, and stops at the first that fails.
So what must be done in an order can be sent together, and what a statement of a packet finds is what it would have
found. The server goes on while we work on an answer; what it has sent waits in the socket.

The statements are those of `query`: identifiers are checked and literals are of a checked shape, none of which can hold
the separator. Any connection of this driver accepts packets; the session is read-only before the first of them runs.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import MySQLdb

SEPARATOR = ";\n"


class Pipeline:
    """What was sent on a connection and not answered yet.

    Args:
        connection: a driver's connection.
        opening: sent before the first statement, in its packet.
    """

    def __init__(self, connection: Any, opening: str) -> None:
        self._connection, self._opening = connection, opening
        self._sent: deque[str] = deque()
        self._opened = self._unread = False
        self._refused: MySQLdb.Error | None = None  # no statement runs without what was to be set before it

    def send(self, *statements: str) -> None:
        """Sends statements in one packet and does not wait, unless they are under way already, to be answered next.

        Answers that nobody has asked for are dropped.

        Raises:
            MySQLdb.Error: the link broke.
        """
        if statements == tuple(self._sent)[: len(statements)]:
            return
        self._settle()
        if self._refused is not None:
            raise self._refused
        packet = statements if self._opened else (self._opening, *statements)
        self._connection.send_query(SEPARATOR.join(packet).encode())
        self._sent, self._unread = deque(packet), True

    def ask(self, sql: str) -> None:
        """Goes to a statement's answer; sends it if it was not sent.

        Raises:
            MySQLdb.Error: the server refused this statement or the session, or the link broke.
        """
        if not self._reach(sql):
            self.send(sql)
            if not self._reach(sql):
                raise MySQLdb.InterfaceError("the server did not answer all statements of a packet")

    def unread(self, sql: str) -> int | None:
        """Leaves a statement's answer, the last under way, to be read from the socket by another; sends it if need be.

        Returns:
            How many answers are to be read before it, none of which has rows. None when the driver is to be asked: it
            has read some of the packet, or there are rows before.

        Raises:
            MySQLdb.Error: the link broke.
        """
        if sql not in self._sent:
            self.send(sql)
        *before, last = self._sent
        if not self._opened or not self._unread or last != sql or any(map(_has_rows, before)):
            return None
        self._sent.clear()
        return len(before)

    def _reach(self, sql: str) -> bool:
        """Goes on to the answer of a statement; False when none is under way."""
        while sql in self._sent:
            found = self._sent.popleft()
            if found == sql:
                return self._next()
            if not self._skip(found):
                return False
        return False

    def _settle(self) -> None:
        while self._sent:
            self._skip(self._sent.popleft())

    def _skip(self, found: str) -> bool:
        """Passes over an answer; False when its statement failed, so that those after it were not run."""
        try:
            if not self._next():
                return False
        except MySQLdb.Error as error:
            if not _has_rows(found):
                self._refused = error
            if self._refused is not None or not _is_servers(error):
                raise
            return False
        self._connection.use_result()  # let go of at once: the driver reads it to its end and keeps nothing
        return True

    def _next(self) -> bool:
        """Goes to the next answer; False when there is none, for a statement failed while its rows were read."""
        try:
            if self._unread:
                self._unread = False
                self._connection.read_query_result()
            elif self._connection.next_result() == -1:
                self._sent.clear()
                return False
        except MySQLdb.Error:
            self._sent.clear()
            raise
        self._opened = True
        return True


def _has_rows(statement: str) -> bool:
    """What has none changes the session: that it failed concerns all that follows."""
    return statement.startswith("SELECT")


def _is_servers(error: MySQLdb.Error) -> bool:
    """Whether a server refused a statement. The driver's own errors have no number, or one from 2000 to 2999."""
    code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    return code >= 1000 and code // 1000 != 2
