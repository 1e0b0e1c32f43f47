"""Packets of the text protocol as columns: no Python object per value.

The text protocol (MySQL's "Client/Server Protocol", pages COM_QUERY Response, Text Resultset, OK, EOF and ERR packets;
MariaDB's "Result Set Packets") is a sequence of packets, each of three bytes of length, one of sequence, and a payload:

- the number of columns, then a definition of each; its last twelve bytes are fixed, whatever extension is agreed;
- an EOF packet, unless the client has agreed to do without (CLIENT_DEPRECATE_EOF): the reply itself tells;
- a row each, its values one after the other: a length and as many bytes. A length is one byte below 251; 251 is NULL;
  252, 253 and 254 say that it is in the next two, three or eight bytes;
- an EOF packet, or an OK packet under EOF's header, or an ERR packet in the middle of the rows.

A payload of 2^24 - 1 bytes goes on in the next packet. The server says nothing after the last packet, so only the last
packet received can be the end. A light loop finds where rows begin, numpy where each value of a column does, and Arrow
gathers the values. That every row's values end where its packet does, and that the sequence has no gap, is checked.
"""

from __future__ import annotations

import MySQLdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from podemos.branches.chunk import Columns

HEADER, LONGEST = 4, 0xFFFFFF
EOF, ERR, PROGRESS = 0xFE, 0xFF, 0xFFFF
_NULL = 0xFB
FIXED = 12
"""Bytes at the end of a column's definition: charset, length, type, flags, decimals, filler."""
_WIDTHS = {252: 2, 253: 3, 254: 4}  # of the eight bytes of 254 the upper four are zero: a packet has 2^30 at most
_CLASSES: tuple[tuple[type[MySQLdb.Error], frozenset[int]], ...] = (
    (MySQLdb.ProgrammingError, frozenset({1007, 1064, 1102, 1103, 1110, 1111, 1112, 1113, 1146, 1149, 1179})),
    (MySQLdb.DataError, frozenset({1171, 1230, 1264, 1265, 1406, 1441})),
    (MySQLdb.IntegrityError, frozenset({1048, 1062, 1169, 1215, 1216, 1217, 1364, 1451, 1452})),
    (MySQLdb.NotSupportedError, frozenset({1196, 1235, 1286, 1289})),
)
"""Which class the driver raises for a server's code; OperationalError for any other."""

Positions = NDArray[np.int32]
NO_ROWS: Positions = np.zeros(0, np.int32)
_WORTH_GUESSING = 32_768
Described = tuple[str, int, None, None, None, int, None]
"""As the driver describes a column, of which we know type code and decimals."""


def split(data: bytearray, at: int, end: int) -> tuple[Positions, int]:
    """Where the payloads of the complete packets from `at` to `end` begin, and where the last one ends."""
    heads, at = _likely(data, at, end) if end - at >= _WORTH_GUESSING else (NO_ROWS, at)
    starts: list[int] = []
    add, last = starts.append, end - HEADER
    while at <= last:
        after = at + HEADER + (data[at] | data[at + 1] << 8 | data[at + 2] << 16)
        if after > end:
            break
        add(at + HEADER)
        at = after
    return np.concatenate((heads + HEADER, np.array(starts, np.int32))), at


def _likely(data: bytearray, at: int, end: int) -> tuple[Positions, int]:
    """Where packets shorter than 256 bytes begin, as far as each begins where the one before ends, and where that is.

    Such a header is two zeros behind the length, which in text is nowhere else: a guess that proves itself, at a
    quarter of the time of going from one to the next. Behind a sequence of zero the same zeros are seen again.
    """
    octets = np.frombuffer(data, np.uint8)[at:end]
    zero = octets == 0
    heads = np.flatnonzero(zero[1:-2] & zero[2:-1])
    heads = heads[np.diff(heads, prepend=-2) > 1]
    ends = heads + octets[heads] + HEADER
    if not heads.size or heads[0] != 0:
        return NO_ROWS, at
    follows = ends[:-1] == heads[1:]
    proven = len(heads) if follows.all() else int(follows.argmin()) + 1
    proven -= int(ends[proven - 1] > len(octets))
    if not proven:
        return NO_ROWS, at
    return (heads[:proven] + at).astype(np.int32), at + int(ends[proven - 1])


def columns(data: bytearray, starts: Positions, ends: Positions, count: int) -> Columns:
    """The values of `count` columns of the rows whose payloads lie at `starts` to `ends`.

    Arrow takes the places of a column's values in the buffer as a binary array of 2n - 1 values, every other of which
    is a gap, and gathers the others. It does not look where it is sent: that all places lie in their rows is checked.

    Raises:
        IndexError: a row's values do not end with it.
    """
    octets, whole, rows = np.frombuffer(data, np.uint8), pa.py_buffer(data), len(starts)
    places, nulls, at = [], [], starts
    for _ in range(count):
        head, begin = octets[at], at + 1
        size, null = head.astype(np.int32), None
        if head.max() >= _NULL:
            null = head == _NULL
            size[null] = 0
            for code, width in _WIDTHS.items():
                wide = np.flatnonzero(head == code)
                if wide.size:
                    size[wide] = sum(octets[begin[wide] + k].astype(np.int32) << 8 * k for k in range(width))
                    begin[wide] += 8 if width == 4 else width
            if (size < 0).any():
                raise IndexError
        place = np.empty(2 * rows, np.int32)
        place[::2] = begin
        at = place[1::2] = begin + size
        places.append(place)
        nulls.append(null)
    if not np.array_equal(at, ends):
        raise IndexError
    numbers = pa.py_buffer(np.arange(0, 2 * rows, 2, dtype=np.int32))
    values_only = pa.Array.from_buffers(pa.int32(), rows, [None, numbers])  # pa.array() would import pandas: 38 MB
    found = []
    for place, null in zip(places, nulls, strict=True):
        values = pa.Array.from_buffers(pa.binary(), 2 * rows - 1, [None, pa.py_buffer(place), whole]).take(values_only)
        if null is not None and null.any():
            known = pa.py_buffer(np.packbits(~null, bitorder="little"))
            values = pa.Array.from_buffers(pa.binary(), rows, [known, *values.buffers()[1:]])
        found.append(values)
    return found


def described(definition: bytes) -> Described:
    """What a column's definition says of it."""
    fixed = definition[-FIXED:]
    return ("", fixed[6], None, None, None, fixed[9], None)


def refusal(payload: bytes) -> MySQLdb.Error:
    """The exception that the driver raises for an ERR packet."""
    code = int.from_bytes(payload[1:3], "little")
    text = payload[9:] if payload[3:4] == b"#" else payload[3:]
    for kind, codes in _CLASSES:
        if code in codes:
            return kind(code, text.decode(errors="replace"))
    return MySQLdb.OperationalError(code, text.decode(errors="replace"))
