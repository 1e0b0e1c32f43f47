"""The lines of an upload, in bounded memory whatever it holds: gzip bombs, lines of 10 MB, bytes that are no gzip.

Every reader of the inbox counts lines by this module, so that "line 17 of this object" means one thing.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO

from podemos.core.errors import DataFault
from podemos.mobile.envelope import LINE_BYTES, Event, Reason, Refused, parse_line

COMPRESSED_BYTES = 1_000_000
"""Of one upload batch, as sent."""
PLAIN_BYTES = 8_000_000
"""Of one upload batch, decompressed."""
OBJECT_PLAIN_BYTES = 512_000_000
"""Of an object that came to the inbox by another way."""
RATIO = 200
"""Plain bytes per compressed byte that no long stream of events reaches: their ids are random. A bomb's is 1,000."""
_CHUNK = 65_536
_GZIP = b"\x1f\x8b"


class Unreadable(StrEnum):
    """Why the rest of an upload can not be read."""

    NOT_GZIP = "not_gzip"
    TRUNCATED = "truncated"
    TOO_LARGE = "too_large"
    BOMB = "gzip_bomb"


class UploadUnreadable(DataFault):
    """The upload ends here for its reader; lines that were given before are good."""

    def __init__(self, reason: Unreadable, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail


@dataclass(frozen=True, slots=True)
class Line:
    """One line, without its newline.

    Attributes:
        number: from 1; empty lines count, too, and are not given.
        data: its bytes; of a line longer than `LINE_BYTES` its first so many.
        length: all its bytes.
    """

    number: int
    data: bytes
    length: int

    @property
    def too_long(self) -> bool:
        """Whether it must be refused unread."""
        return self.length > LINE_BYTES


def read_lines(stream: BinaryIO, plain_bytes: int = OBJECT_PLAIN_BYTES, *, gzip_only: bool = False) -> Iterator[Line]:
    """The lines of a gzip stream of any number of members, or of plain text when it does not begin like gzip.

    Memory: a line and two chunks of 64 KB.

    Args:
        stream: read in chunks, not closed.
        plain_bytes: more is refused.
        gzip_only: plain text is refused.

    Raises:
        UploadUnreadable: at the place where it can not be read further.
    """
    number, held, length = 1, 0, 0
    parts: list[bytes] = []
    for chunk in _plain(stream, plain_bytes, gzip_only):
        begin = 0
        while (end := chunk.find(b"\n", begin)) >= 0:
            piece = chunk[begin:end]
            length += len(piece)
            parts.append(piece)
            line = _line(number, b"".join(parts), length)
            if line is not None:
                yield line
            number, begin, parts, held, length = number + 1, end + 1, [], 0, 0
        rest = chunk[begin:]
        length += len(rest)
        if held <= LINE_BYTES:
            parts.append(rest)
            held += len(rest)
    if length and (line := _line(number, b"".join(parts), length)) is not None:
        yield line


def event_of(line: Line, received_at: datetime | None = None) -> Event | Refused:
    """The event of a line, see `parse_line`."""
    if line.too_long:
        return Refused(Reason.TOO_LONG, f"{line.length} bytes, at most {LINE_BYTES}")
    return parse_line(line.data, received_at)


def _line(number: int, data: bytes, length: int) -> Line | None:
    stripped = data.rstrip(b"\r") if length == len(data) else data
    if not stripped.strip():
        return Line(number, data[:LINE_BYTES], length) if length > LINE_BYTES else None
    return Line(number, stripped[:LINE_BYTES], length - (len(data) - len(stripped)))


def _plain(stream: BinaryIO, limit: int, gzip_only: bool) -> Iterator[bytes]:
    first = stream.read(_CHUNK)
    if not first.startswith(_GZIP):
        if gzip_only:
            raise UploadUnreadable(Unreadable.NOT_GZIP, "it does not begin with 1f 8b")
        yield from _counted(_chunks(first, stream), limit)
        return
    yield from _counted(_unzipped(_chunks(first, stream)), limit)


def _chunks(first: bytes, stream: BinaryIO) -> Iterator[bytes]:
    chunk = first
    while chunk:
        yield chunk
        chunk = stream.read(_CHUNK)


def _counted(chunks: Iterator[bytes], limit: int) -> Iterator[bytes]:
    total = 0
    for chunk in chunks:
        total += len(chunk)
        if total > limit:
            raise UploadUnreadable(Unreadable.TOO_LARGE, f"more than {limit} bytes decompressed")
        yield chunk


def _unzipped(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Decompressed pieces of at most 64 KB; a member may follow a member."""
    member = zlib.decompressobj(wbits=31)
    taken = given = 0
    begun = True
    for chunk in chunks:
        taken += len(chunk)
        data, full = chunk, False
        while data or full:  # a full piece: zlib may hold more of what it has taken in
            try:
                piece = member.decompress(data, _CHUNK)
            except zlib.error as error:
                raise UploadUnreadable(Unreadable.NOT_GZIP, f"after {given} bytes: {error}") from None
            given, full = given + len(piece), len(piece) == _CHUNK
            if given > PLAIN_BYTES and given > RATIO * taken:
                raise UploadUnreadable(Unreadable.BOMB, f"{taken} bytes became more than {given}")
            if piece:
                yield piece
            if member.eof:
                data = member.unused_data.lstrip(b"\0")  # padding after a member is allowed
                member, begun, full = zlib.decompressobj(wbits=31), bool(data), False
            else:
                data, begun = member.unconsumed_tail, True
    if begun:
        raise UploadUnreadable(Unreadable.TRUNCATED, f"after {given} bytes")
