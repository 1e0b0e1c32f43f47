"""Reads one sealed source: its movements into one parquet file, what cannot be published into a listing.

`published + excepted = declared` is arranged here and judged in reconcile.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from podemos.contracts.sources import Source
from podemos.core.errors import DataFault, NotFound
from podemos.core.fingerprint import Fingerprint
from podemos.core.store import ObjectStore
from podemos.regulatory.excepted import Excepted, ExceptedFile
from podemos.regulatory.frozen import fetch
from podemos.regulatory.lake_reader import LakeReader
from podemos.regulatory.movement import Movement, MovementFile
from podemos.regulatory.readers import UnreadableFile, records
from podemos.regulatory.rows import Reason, RowFault, RowReader

LAKE = "lake"


@dataclass(frozen=True, slots=True)
class FileFound:
    """A data file as it was read: rows and cents of everything in it, or the fault that made it unreadable.

    `sha256` is empty when the sealed bytes are gone; `unknown_rows` have no readable amount.
    """

    name: str
    sha256: str
    rows: int
    cents: int
    unknown_rows: int = 0
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Canonical:
    """One source, read: its movements, what was excepted, its files, and the lake's fingerprint per branch."""

    movements: MovementFile
    excepted: ExceptedFile
    files: list[FileFound]
    lake: dict[int, Fingerprint] | None


def canonical_file(source: Source, sealed: Mapping[str, Any], day: date, lake: ObjectStore, work: Path) -> Canonical:
    """Reads a sealed source into the folder `work`.

    An unreadable file is excepted whole: the source is read again without it, so that no half of it is published.
    """
    unreadable: dict[str, UnreadableFile] = {}
    while True:
        try:
            return _read(source, sealed, day, lake, work, unreadable)
        except _Unreadable as found:
            unreadable[found.name] = found.fault


class _Unreadable(Exception):
    """Names the file whose reading failed."""

    def __init__(self, name: str, fault: UnreadableFile) -> None:
        super().__init__(name)
        self.name, self.fault = name, fault


def _read(
    source: Source,
    sealed: Mapping[str, Any],
    day: date,
    lake: ObjectStore,
    work: Path,
    unreadable: Mapping[str, UnreadableFile],
) -> Canonical:
    found = []
    reader = LakeReader(source.id, day) if source.format == LAKE else RowReader(source, day)
    with MovementFile(work / "movimientos.parquet") as movements, ExceptedFile(work / "excepted.jsonl") as excepted:
        for row in _quarantined(source, sealed, lake):
            excepted.add(row)
        for file in sealed["files"]:
            if fault := unreadable.get(file["name"]):
                excepted.add(_whole(source, file, fault))
                sha256 = "" if fault.changed else file["sha256"]
                found.append(FileFound(file["name"], sha256, 0, 0, fault=str(fault)))
                continue
            try:
                path = _fetched(file, lake, work)
                if isinstance(reader, LakeReader):
                    found.append(_lake_file(reader, source, file, path, movements, excepted))
                else:
                    found.append(_file(source, file, _items(reader, source, file, path), movements, excepted))
            except UnreadableFile as error:
                raise _Unreadable(file["name"], error) from None
    return Canonical(movements, excepted, found, reader.branches if isinstance(reader, LakeReader) else None)


def _file(
    source: Source,
    file: Mapping[str, Any],
    items: Iterator[tuple[int, Movement | RowFault]],
    movements: MovementFile,
    excepted: ExceptedFile,
) -> FileFound:
    """Sends each item where it belongs and adds up the file."""
    rows = cents = unknown = 0
    for fila, item in items:
        rows += 1
        if isinstance(item, Movement):
            cents += item.monto
            movements.add(item)
            continue
        cents += item.cents or 0
        unknown += item.cents is None
        excepted.add(_excepted(source, file, fila, item))
    return FileFound(file["name"], file["sha256"], rows, cents, unknown)


def _lake_file(
    reader: LakeReader,
    source: Source,
    file: Mapping[str, Any],
    path: Path,
    movements: MovementFile,
    excepted: ExceptedFile,
) -> FileFound:
    """The same for a curated file; its totals are of all its rows, of which the day's are a part."""
    for table, faults in reader.movements(path, file["name"], file["sha256"]):
        movements.extend(table)
        for fila, fault in faults:
            excepted.add(_excepted(source, file, fila, fault))
    return FileFound(file["name"], file["sha256"], reader.file_rows, reader.file_cents)


def _excepted(source: Source, file: Mapping[str, Any], fila: int, fault: RowFault) -> Excepted:
    return Excepted(source.id, file["name"], fila, fault.id_movimiento, fault.reason, fault.detail, fault.cents)


def _fetched(file: Mapping[str, Any], lake: ObjectStore, work: Path) -> Path:
    try:
        fetch(lake, file, path := work / "sealed")
    except (DataFault, NotFound) as fault:
        raise UnreadableFile(str(fault), changed=True) from None
    return path


def _items(
    reader: RowReader, source: Source, file: Mapping[str, Any], path: Path
) -> Iterator[tuple[int, Movement | RowFault]]:
    for fila, record in records(source, path, file["name"]):
        if isinstance(record, RowFault):
            yield fila, record
            continue
        try:
            yield fila, reader.movement(record, file["sha256"], fila)
        except RowFault as fault:
            yield fila, fault


def _whole(source: Source, file: Mapping[str, Any], fault: UnreadableFile) -> Excepted:
    """An unreadable file. What a curated one holds of the day is unknown: the lake's totals then differ, and block."""
    cents = None if source.format == LAKE else file["declared"]["cents"]
    rows = file["declared"]["rows"]
    return Excepted(source.id, file["name"], 0, None, Reason.UNREADABLE_FILE, str(fault), cents, rows)


def _quarantined(source: Source, sealed: Mapping[str, Any], lake: ObjectStore) -> Iterator[Excepted]:
    """The payments that curation set aside, as the lake's control file lists them."""
    if source.format != LAKE:
        return
    key = sealed["control"]["key"]
    control = json.loads(lake.get(key, sealed["control"]["version"]))
    listed = control.get("excepted", ())
    for row in listed:
        name = f"{row['id_sucursal']:03d}-{row['id_pago']}"
        yield Excepted(source.id, key, 0, name, Reason.QUARANTINED, row["reason"], row.get("cents"))
    rest = control.get("excepted_rows", 0) - len(listed)
    if rest > 0:
        cents = control.get("excepted_cents", 0) - sum(row.get("cents") or 0 for row in listed)
        yield Excepted(source.id, key, 0, None, Reason.QUARANTINED, "beyond the list", cents, rest)
