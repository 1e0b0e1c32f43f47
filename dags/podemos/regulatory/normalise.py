"""Turns the sealed bytes of 15 formats into one canonical parquet file of movements per source.

Streaming, in bounded memory (apart from the ids seen). Results are stored by content, so that a night that runs again
finds them there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from podemos.contracts.sources import Source, Sources
from podemos.core.fingerprint import Fingerprint
from podemos.core.states import State
from podemos.core.store import ObjectStore
from podemos.regulatory import keys
from podemos.regulatory.canonical import canonical_file
from podemos.regulatory.frozen import sha256_of, store
from podemos.regulatory.movement import MovementFile

FOLDER = "regulatory/normalised"
ATHENA = "regulatory/athena"


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
        data = _data(entries, day, lake, Path(scratch))
        copy, athena = _copy_manifest(data, day, lake, Path(scratch)), _athena(data, day, lake, Path(scratch))
    document = {
        "stage": "normalised",
        "business_date": day.isoformat(),
        "night": seal["night"],
        "rehearsal": seal["rehearsal"],
        "seal": seal_ref.to_dict(),
        "copy_manifest": copy,
        "athena": athena,
        "sources": entries,
    }
    return keys.commit_stage(lake, keys.folder_of(seal_key), "normalised", document).key


def _entry(source: Source, sealed: Mapping[str, Any], day: date, lake: ObjectStore, work: Path) -> dict[str, Any]:
    """One source's part of the manifest."""
    entry: dict[str, Any] = {"source": source.id, "state": sealed["state"], "reason": sealed["reason"]}
    if sealed["state"] == State.MISSING:
        return entry
    read = canonical_file(source, sealed, day, lake, work)
    movements, excepted = read.movements, read.excepted
    branches = json.loads(lake.get(sealed["control"]["key"], sealed["control"]["version"])).get("branches", ())
    return entry | {
        "control": sealed["control"],
        "declared": sealed["declared"],
        "data": store(lake, f"{FOLDER}/{day.isoformat()}/{source.id}/", movements.path, "parquet"),
        "totals": movements.totals.to_dict(),
        "by_type": {tipo: total.to_dict() for tipo, total in movements.by_type.items()},
        "excepted": {
            "data": store(lake, f"{FOLDER}/{day.isoformat()}/{source.id}/", excepted.path, "excepted.jsonl"),
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


def _data(entries: list[dict[str, Any]], day: date, lake: ObjectStore, scratch: Path) -> list[dict[str, Any]]:
    """The night's files of movements. A night without any source has one empty file."""
    data = [entry["data"] for entry in entries if "data" in entry]
    if not data:
        with MovementFile(scratch / "empty.parquet") as empty:
            pass
        data = [store(lake, f"{FOLDER}/{day.isoformat()}/", empty.path, "parquet")]
    return data


def _copy_manifest(data: list[dict[str, Any]], day: date, lake: ObjectStore, scratch: Path) -> dict[str, Any]:
    """The manifest that COPY reads: exactly these files."""
    listed = [{"url": lake.uri(d["key"]), "mandatory": True, "meta": {"content_length": d["bytes"]}} for d in data]
    path = scratch / "copy.json"
    path.write_text(json.dumps({"entries": listed}, sort_keys=True, separators=(",", ":")), encoding="utf-8")
    return store(lake, f"{FOLDER}/{day.isoformat()}/", path, "copy.json")


def _athena(data: list[dict[str, Any]], day: date, lake: ObjectStore, scratch: Path) -> dict[str, Any]:
    """The same list as a symlink file, alone in its folder: a partition of `include/sql/regulatory/athena/`."""
    path = scratch / "symlink.txt"
    path.write_text("".join(f"{lake.uri(d['key'])}\n" for d in data), encoding="utf-8")
    return store(lake, f"{ATHENA}/{day.isoformat()}/{sha256_of(path)[:32]}/", path, "txt")
