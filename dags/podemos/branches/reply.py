"""The answer to a SELECT read from the connection's socket: the driver sends the statement and sees nothing of it."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import sys
from dataclasses import dataclass
from typing import Any, Self

import MySQLdb
import numpy as np
from MySQLdb.constants import CLIENT

from podemos.branches import packets
from podemos.branches.chunk import Columns
from podemos.branches.packets import HEADER, LONGEST, Described, Positions

BLOCK = 1 << 20
"""Bytes of rows decoded at once: they stay in the processor's cache, and thousands of rows pay for a call of numpy."""
_UNREADABLE = CLIENT.SSL | CLIENT.COMPRESS | 1 << 26  # the last is zstd compression
_INFILE, _EOF_SIZE = 0xFB, 5
_LOST, _MALFORMED = 2013, 2027


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows of a reply, and the bytes that they took on the link."""

    columns: Columns
    rows: int
    size: int


def readable(connection: Any) -> bool:
    """Whether the packets are on the socket as they are: not encrypted, not compressed, and there is a socket."""
    flags = getattr(connection, "client_flag", None)
    return sys.byteorder == "little" and flags is not None and not flags & _UNREADABLE


class Reply:
    """The reply to one statement. To leave it reads what is left of it, so that the session can be asked again.

    Args:
        connection: an open MySQLdb connection that is `readable`.
        patience: seconds of silence that are a hang.
    """

    def __init__(self, connection: Any, patience: float) -> None:
        self._connection, self._patience = connection, patience
        self._buffer = bytearray(2 * BLOCK)
        self._at = self._end = 0
        self._sequence, self._columns, self._over = 1, 0, True

    def __enter__(self) -> Self:
        self._socket = socket.socket(fileno=os.dup(self._connection.fileno()))
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)
        return self

    def __exit__(self, *_: object) -> None:
        with self._socket, contextlib.suppress(MySQLdb.Error, TimeoutError):  # the next statement tells
            if not self._columns and not self._over:
                self._broken(_LOST, "")
            while not self._over:
                self._starts(BLOCK)
                if self._long():
                    self._long_row()
                self._compact()

    def described(self, before: int) -> tuple[Described, ...]:
        """Reads what columns the answer has, after so many answers of the same packet that have none.

        Raises:
            MySQLdb.Error: the server refused, or the link broke.
            TimeoutError: the link hangs.
        """
        self._over = False
        try:
            for _ in range(before):
                self._packet()
        except MySQLdb.Error as refusal:  # what was to follow must not run without it
            raise self._broken(_LOST, f"the session was refused: {refusal}") from refusal
        first = self._packet()
        if first[0] in (0, _INFILE):  # no result, or another one than of a SELECT
            raise self._broken(_MALFORMED, "the statement's answer has no rows")
        count = int.from_bytes(first[1:3], "little") if first[0] == 252 else first[0]
        described = tuple(packets.described(self._packet(packets.FIXED)) for _ in range(count))
        self._want(HEADER + 1)
        if self._buffer[self._at + HEADER] == packets.EOF and self._length(self._at) == _EOF_SIZE:
            self._packet()
        self._columns = count
        self._compact()
        return described

    def block(self, most: int = BLOCK) -> Block | None:
        """The next rows, at least one and about `most` bytes; None when there are no more.

        Raises:
            MySQLdb.Error: the server ended the statement, or the link broke.
            TimeoutError: the link hangs.
        """
        starts = self._starts(min(most, BLOCK))
        if starts.size:
            ends = np.append(starts[1:] - HEADER, np.int32(self._last))
            self._check_sequence(starts)
            data, size = self._buffer, self._last - int(starts[0]) + HEADER
        elif self._over:
            return None
        else:
            data = self._long_row()
            starts, ends, size = np.zeros(1, np.int32), np.array([len(data)], np.int32), len(data)
        try:
            columns = packets.columns(data, starts, ends, self._columns)
        except (IndexError, OverflowError):
            raise self._broken(_MALFORMED, "Malformed packet") from None
        self._compact()
        return Block(columns, len(starts), size)

    def _starts(self, most: int) -> Positions:
        """Where the payloads of the complete packets begin, up to about `most` bytes of them; `_last` is their end.

        Empty at the end of the reply, and before a packet that goes on in the next one.
        """
        found, known = [packets.NO_ROWS], False
        while not self._over:
            more, self._at = packets.split(self._buffer, self._at, self._end)
            self._last = self._at
            if more.size and self._is_last(int(more[-1])):
                self._last, more = int(more[-1]) - HEADER, more[:-1]
                self._finish(bytes(self._buffer[self._last + HEADER : self._at]))
            known |= more.size > 0
            found.append(more)
            if self._over or self._long() or (known and (self._at >= most or self._end == len(self._buffer))):
                break
            room = self._at + most - self._end
            self._fill(min(most, room) if room > 0 else most)
        return np.concatenate(found)

    def _long(self) -> bool:
        """Whether the next packet goes on in another one."""
        return self._end - self._at >= HEADER and self._length(self._at) == LONGEST

    def _is_last(self, start: int) -> bool:
        """Whether the packet ends the reply. A row's first value can have that first byte only in a longest packet."""
        return start < self._at < start + LONGEST and self._buffer[start] >= packets.EOF

    def _finish(self, payload: bytes) -> None:
        self._over = True
        if payload[0] == packets.ERR:
            raise packets.refusal(payload)

    def _long_row(self) -> bytearray:
        """The payload of a row that is longer than a packet."""
        payload = bytearray()
        while True:
            size = self._whole_packet()
            with memoryview(self._buffer) as data:
                payload += data[self._at - size : self._at]
            if size < LONGEST:
                return payload
            self._compact()

    def _packet(self, least: int = 1) -> bytes:
        """The payload of the next packet, which is no row and has `least` bytes.

        Raises:
            MySQLdb.Error: it is the server's refusal.
        """
        while True:
            size = self._whole_packet()
            payload = bytes(self._buffer[self._at - size : self._at])
            if payload[:1] == bytes([packets.ERR]):
                if int.from_bytes(payload[1:3], "little") != packets.PROGRESS:
                    self._finish(payload)
            elif len(payload) < least:
                raise self._broken(_MALFORMED, "Malformed packet")
            else:
                return payload

    def _whole_packet(self) -> int:
        """Reads a packet to its end and goes behind it; its size."""
        self._want(HEADER)
        size = self._length(self._at)
        self._want(HEADER + size)
        self._check_sequence(np.array([self._at + HEADER], np.int32))
        self._at += HEADER + size
        return size

    def _length(self, at: int) -> int:
        return int.from_bytes(self._buffer[at : at + 3], "little")

    def _check_sequence(self, starts: Positions) -> None:
        seen = np.frombuffer(self._buffer, np.uint8)[starts - 1]
        if not np.array_equal(seen, (np.arange(len(starts)) + self._sequence).astype(np.uint8)):
            raise self._broken(_MALFORMED, "Packets out of order")
        self._sequence = (self._sequence + len(starts)) % 256

    def _compact(self) -> None:
        """Moves what is not decoded yet to the beginning of the buffer."""
        rest = self._end - self._at
        self._buffer[:rest] = self._buffer[self._at : self._end]
        self._at, self._end = 0, rest

    def _want(self, size: int) -> None:
        while self._end - self._at < size:
            self._fill(BLOCK)

    def _fill(self, most: int) -> None:
        """Receives what is there, a byte at least and so many at most. The socket's flags are the driver's business."""
        if self._end == len(self._buffer):
            self._buffer = self._buffer + bytearray(self._end)
        until = min(len(self._buffer), self._end + most)
        with memoryview(self._buffer) as free:
            got: int | None = self._wait(free[self._end : until])
            while got:
                self._end += got
                got = self._receive(free[self._end : until]) if self._end < until else 0

    def _wait(self, free: memoryview) -> int:
        """Receives at least one byte."""
        while (got := self._receive(free)) is None:
            if not self._poll.poll(self._patience * 1000):
                self._broken(_LOST, "")
                raise TimeoutError(f"no answer for {self._patience:.0f} s")
        if not got:
            raise self._broken(_LOST, "Lost connection to server during query")
        return got

    def _receive(self, free: memoryview) -> int | None:
        """How many bytes were there; 0 at the link's end, None when there is nothing yet."""
        try:
            return self._socket.recv_into(free, 0, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return None
        except OSError as error:
            raise self._broken(_LOST, f"Lost connection to server during query ({error})") from None

    def _broken(self, code: int, message: str) -> MySQLdb.Error:
        """Cuts the link: nobody knows any more where in the reply it is."""
        self._over = True
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        return MySQLdb.OperationalError(code, message)
