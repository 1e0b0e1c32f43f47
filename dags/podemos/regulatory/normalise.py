"""Turns the sealed bytes of 15 formats into one canonical parquet file of movements per source.

Streaming, in bounded memory (apart from the ids seen). `published + excepted = declared` is arranged here and judged
in reconcile. Results are stored by content, so that a night that runs again finds them there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from podemos.contracts.sources import Source, Sources
from podemos.core.errors import AlreadyExists, DataFault, NotFound
from podemos.core.fingerprint import Fingerprint
from podemos.core.states import State
from podemos.core.store import ObjectStore
from podemos.regulatory import keys
from podemos.regulatory.excepted import Excepted, ExceptedFile
from podemos.regulatory.frozen import fetch, freeze, sha256_of
from podemos.regulatory.lake_reader import LakeReader
from podemos.regulatory.movement import Movement, MovementFile
from podemos.regulatory.readers import UnreadableFile, records
from podemos.regulatory.rows import Reason, RowFault, RowReader

FOLDER = "regulatory/normalised"


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


def normalise(seal_key: str, *, lake: ObjectStore, sources: Sources) -> str:
    """Normalises every sealed source and returns the key of the night's manifest of them.

    Raises:
        DataFault: the seal is not a seal.
    """
    seal, seal_ref = keys.read_stage(lake, seal_key, "seal")
    day = date.fromisoformat(seal["business_date"])
    entries = []
    with TemporaryDirectory(prefix="normalise-") as scratch:
        for sealed in seal["sources"]:
            source = sources.source(sealed["source"])
            work = Path(scratch) / source.id
            work.mkdir()
            entries.append(_entry(source, sealed, day, lake, work))
        copy = _copy_manifest(entries, day, lake, Path(scratch))
    document = {
        "stage": "normalised",
        "business_date": day.isoformat(),
        "night": seal["night"],
        "rehearsal": seal["rehearsal"],
        "seal": seal_ref.to_dict(),
        "copy_manifest": copy,
        "sources": entries,
    }
    return keys.commit_stage(lake, keys.folder_of(seal_key), "normalised", document).key


def canonical_file(source: Source, sealed: Mapping[str, Any], day: date, lake: ObjectStore, work: Path) -> Canonical:
    """Reads one sealed source into the folder `work`.

    An unreadable file is excepted whole: the source is read again without it, so that no half of it is published.
    """
    unreadable: dict[str, UnreadableFile] = {}
    while True:
        try:
            return _attempt(source, sealed, day, lake, work, unreadable)
        except _Unreadable as found:
            unreadable[found.name] = found.fault


class _Unreadable(Exception):
    def __init__(self, name: str, fault: UnreadableFile) -> None:
        super().__init__(name)
        self.name, self.fault = name, fault


def _attempt(
    source: Source,
    sealed: Mapping[str, Any],
    day: date,
    lake: ObjectStore,
    work: Path,
    unreadable: Mapping[str, UnreadableFile],
) -> Canonical:
    found = []
    reader = LakeReader(source.id, day) if source.format == "lake" else RowReader(source, day)
    with MovementFile(work / "movimientos.parquet") as movements, ExceptedFile(work / "excepted.jsonl") as excepted:
        for row in _quarantined(source, sealed, lake):
            excepted.add(row)
        for file in sealed["files"]:
            name, declared = file["name"], file["declared"]
            if fault := unreadable.get(name):
                # What a curated file holds of the day is unknown; the lake's totals then differ, which blocks.
                cents = None if source.format == "lake" else declared["cents"]
                excepted.add(
                    Excepted(source.id, name, 0, None, Reason.UNREADABLE_FILE, str(fault), cents, rows=declared["rows"])
                )
                found.append(FileFound(name, "" if fault.changed else file["sha256"], 0, 0, fault=str(fault)))
                continue
            rows = cents = unknown = 0
            try:
                for fila, item in _items(reader, source, file, lake, work):
                    rows += 1
                    if isinstance(item, Movement):
                        cents += item.monto
                        movements.add(item)
                        continue
                    cents += item.cents or 0
                    unknown += item.cents is None
                    excepted.add(
                        Excepted(source.id, name, fila, item.id_movimiento, item.reason, item.detail, item.cents)
                    )
            except UnreadableFile as fault:
                raise _Unreadable(name, fault) from None
            if isinstance(reader, LakeReader):
                rows, cents = reader.file_rows, reader.file_cents
            found.append(FileFound(name, file["sha256"], rows, cents, unknown))
    return Canonical(movements, excepted, found, reader.branches if isinstance(reader, LakeReader) else None)


def _items(
    reader: LakeReader | RowReader, source: Source, file: Mapping[str, Any], lake: ObjectStore, work: Path
) -> Iterator[tuple[int, Movement | RowFault]]:
    path = work / "sealed"
    try:
        fetch(lake, file, path)
    except (DataFault, NotFound) as fault:
        raise UnreadableFile(str(fault), changed=True) from None
    if isinstance(reader, LakeReader):
        yield from reader.movements(path, file["name"], file["sha256"])
        return
    for fila, record in records(source, path, file["name"]):
        if isinstance(record, RowFault):
            yield fila, record
            continue
        try:
            yield fila, reader.movement(record, file["sha256"], fila)
        except RowFault as fault:
            yield fila, fault


def _quarantined(source: Source, sealed: Mapping[str, Any], lake: ObjectStore) -> list[Excepted]:
    """The payments that curation set aside, as the lake's control file lists them."""
    if source.format != "lake":
        return []
    control = json.loads(lake.get(sealed["control"]["key"], sealed["control"]["version"]))
    listed = [
        Excepted(
            source.id,
            sealed["control"]["key"],
            0,
            f"{row['id_sucursal']:03d}-{row['id_pago']}",
            Reason.QUARANTINED,
            row["reason"],
            row.get("cents"),
        )
        for row in control.get("excepted", ())
    ]
    rest = control.get("excepted_rows", 0) - len(listed)
    if rest > 0:
        cents = control.get("excepted_cents", 0) - sum(row.cents or 0 for row in listed)
        key = sealed["control"]["key"]
        listed.append(Excepted(source.id, key, 0, None, Reason.QUARANTINED, "beyond the list", cents, rows=rest))
    return listed


def _entry(source: Source, sealed: Mapping[str, Any], day: date, lake: ObjectStore, work: Path) -> dict[str, Any]:
    entry: dict[str, Any] = {"source": source.id, "state": sealed["state"], "reason": sealed["reason"]}
    if sealed["state"] == State.MISSING:
        return entry
    read = canonical_file(source, sealed, day, lake, work)
    movements, excepted = read.movements, read.excepted
    branches = json.loads(lake.get(sealed["control"]["key"], sealed["control"]["version"])).get("branches", ())
    return entry | {
        "control": sealed["control"],
        "declared": sealed["declared"],
        "data": _store(lake, f"{FOLDER}/{day.isoformat()}/{source.id}/", movements.path, "parquet"),
        "totals": movements.totals.to_dict(),
        "by_type": {tipo: total.to_dict() for tipo, total in movements.by_type.items()},
        "excepted": {
            "data": _store(lake, f"{FOLDER}/{day.isoformat()}/{source.id}/", excepted.path, "excepted.jsonl"),
            "rows": excepted.totals.rows,
            "cents": excepted.totals.cents,
            "unknown_rows": excepted.totals.unknown_rows,
            "by_reason": excepted.by_reason,
        },
        "lake_branches": _by_branch(read.lake),
        "branches": list(branches),
        "files": [
            {
                "name": file["name"],
                "declared": file["declared"],
                "found": {
                    "rows": found.rows,
                    "cents": found.cents,
                    "unknown_rows": found.unknown_rows,
                    "sha256": found.sha256,
                },
                "fault": found.fault,
            }
            for file, found in zip(sealed["files"], read.files, strict=True)
        ],
    }


def _by_branch(lake: dict[int, Fingerprint] | None) -> dict[str, Any] | None:
    return None if lake is None else {str(branch): total.to_dict() for branch, total in sorted(lake.items())}


def _store(lake: ObjectStore, prefix: str, path: Path, suffix: str) -> dict[str, Any]:
    """Puts a local file under a name made of its content; the same content is there once."""
    digest = sha256_of(path)
    key = f"{prefix}{digest[:32]}.{suffix}"
    try:
        lake.put_file(key, path)
    except AlreadyExists:
        found = freeze(lake, key)
        if found["sha256"] != digest:
            raise DataFault(
                f"{lake.uri(key)} was changed: SHA-256 {found['sha256']}, its name says {digest[:32]}; "
                "restore its first version, then run normalise again"
            ) from None
    return {"key": key, "sha256": digest, "bytes": path.stat().st_size}


def _copy_manifest(entries: list[dict[str, Any]], day: date, lake: ObjectStore, scratch: Path) -> dict[str, Any]:
    """The manifest that COPY reads: exactly these files. A night without any source loads one empty file."""
    data = [entry["data"] for entry in entries if "data" in entry]
    if not data:
        with MovementFile(scratch / "empty.parquet") as empty:
            pass
        data = [_store(lake, f"{FOLDER}/{day.isoformat()}/", empty.path, "parquet")]
    listed = [{"url": lake.uri(d["key"]), "mandatory": True, "meta": {"content_length": d["bytes"]}} for d in data]
    path = scratch / "copy.json"
    path.write_text(json.dumps({"entries": listed}, sort_keys=True, separators=(",", ":")), encoding="utf-8")
    return _store(lake, f"{FOLDER}/{day.isoformat()}/", path, "copy.json")
