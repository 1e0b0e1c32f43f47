"""Reads the objects of a plan into tables, in bounded pieces; small objects are fetched some ahead."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa

from podemos.mobile import rows
from podemos.mobile.lines import COMPRESSED_BYTES
from podemos.mobile.reading import Read, Reader, Sender
from podemos.mobile.upload import Upload, UploadStore

PIECE = 100_000
"""Lines after which what was read becomes columns: so many are rows of Python at once."""

AHEAD = 64
"""Objects of at most `COMPRESSED_BYTES` that are fetched at once: what a request waits for is the network."""
_THREADS = 16
Fetched = tuple[bytes, Mapping[str, str]] | None


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
    for key, size, fetched in _fetched(uploads, objects):
        if fetched is None:
            reader.take(key, size)
        else:
            data, metadata = fetched
            reader.add(key, Upload.from_metadata(metadata), data, io.BytesIO(data))
        if reader.read.lines >= PIECE:
            pieces.append(_empty(reader, found))
    pieces.append(_empty(reader, found))
    names = sorted({name for piece in pieces for name in piece})
    found.tables = {name: pa.concat_tables([piece[name] for piece in pieces if name in piece]) for name in names}
    return found


def _fetched(uploads: UploadStore, objects: Sequence[Sequence[Any]]) -> Iterator[tuple[str, int, Fetched]]:
    """Key, bytes, and the object itself if it was fetched ahead."""
    if len(objects) < AHEAD:
        yield from ((key, size, None) for key, _, size in objects)
        return
    with ThreadPoolExecutor(_THREADS) as pool:
        for at in range(0, len(objects), AHEAD):
            some = objects[at : at + AHEAD]
            got = pool.map(lambda each: uploads.get_upload(each[0]) if each[2] <= COMPRESSED_BYTES else None, some)
            yield from ((key, size, found) for (key, _, size), found in zip(some, got, strict=True))


def _empty(reader: Reader, found: Gathered) -> dict[str, pa.Table]:
    """What was read as columns; the reader begins anew."""
    read, reader.read = reader.read, Read()
    found.lines += read.lines
    found.senders |= {sender.key: sender for sender in read.senders}
    return rows.tables(read)
