"""Reads the objects of a plan into tables, in bounded pieces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa

from podemos.mobile import rows
from podemos.mobile.reading import Read, Reader, Sender
from podemos.mobile.upload import UploadStore

PIECE = 100_000
"""Lines after which what was read becomes columns: so many are rows of Python at once."""


@dataclass(slots=True)
class Gathered:
    """What some objects hold: rows by table, who sent them, and how many lines were read."""

    tables: dict[str, pa.Table] = field(default_factory=dict)
    senders: dict[str, Sender] = field(default_factory=dict)
    lines: int = 0


def read(uploads: UploadStore, objects: Sequence[Sequence[Any]], listed: datetime) -> Gathered:
    """Reads objects (key, ETag, bytes)."""
    found, pieces = Gathered(), [dict[str, pa.Table]()]
    reader = Reader(uploads, listed)
    for key, _, size in objects:
        reader.take(key, size)
        if reader.read.lines >= PIECE:
            pieces.append(_empty(reader, found))
    pieces.append(_empty(reader, found))
    names = sorted({name for piece in pieces for name in piece})
    found.tables = {name: pa.concat_tables([piece[name] for piece in pieces if name in piece]) for name in names}
    return found


def _empty(reader: Reader, found: Gathered) -> dict[str, pa.Table]:
    """What was read as columns; the reader begins anew."""
    read, reader.read = reader.read, Read()
    found.lines += read.lines
    found.senders |= {sender.key: sender for sender in read.senders}
    return rows.tables(read)
