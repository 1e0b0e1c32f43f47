"""A curated payment, back to the chunk that brought it, the pull that landed it and the run that pulled.

The branches' manifests are read as documents, by their keys: this concern does not know the other one's code.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from podemos.core.errors import NotFound
from podemos.core.manifest import read, read_ref
from podemos.core.store import ObjectStore
from podemos.regulatory.frozen import fetch

TABLE = "pagos"
REVISIONS = 400
"""Revisions looked back for the one that took the chunk: more than a week of them."""


def origin(lake: ObjectStore, control: Mapping[str, Any], file: Mapping[str, Any], row: int) -> dict[str, Any]:
    """Where a row of a curated file came from.

    Args:
        lake: files and manifests.
        control: the sealed control file of the delivery.
        file: the sealed curated file.
        row: from 1.

    Returns:
        `curated_by` (the plan that wrote the file), `revision` (the one that was delivered), `chunk`, `pull` and `run`;
        what is not found any more is null.
    """
    delivered = read_ref(lake, {"key": control["key"], "sha256": control["sha256"]})
    revision = read_ref(lake, delivered["revision"])
    payment = _row(lake, file, row)
    found: dict[str, Any] = {
        "revision": delivered["revision"],
        "curated_by": _plan(lake, revision, file["key"]),
        "snapshot_seq": payment["snapshot_seq"],
        "chunk": None,
        "pull": None,
        "run": None,
    }
    chunk = _chunk(lake, revision, payment)
    if chunk is not None:
        found["chunk"] = {name: chunk[name] for name in ("key", "sha256", "revision")}
        found |= _pull(lake, chunk["key"])
    return found


def _row(lake: ObjectStore, file: Mapping[str, Any], row: int) -> dict[str, Any]:
    """Branch, payment and snapshot of a row; only its row group is read."""
    import pyarrow.parquet as pq

    with TemporaryDirectory(prefix="trace-") as name:
        fetch(lake, file, path := Path(name) / "curated.parquet")
        with pq.ParquetFile(path) as parquet:
            before = 0
            for group in range(parquet.num_row_groups):
                rows = parquet.metadata.row_group(group).num_rows
                if row <= before + rows:
                    columns = ["id_sucursal", "id_pago", "snapshot_seq"]
                    (found,) = parquet.read_row_group(group, columns=columns).slice(row - before - 1, 1).to_pylist()
                    return dict(found)
                before += rows
    raise NotFound(f"{lake.uri(file['key'])}, row {row}")


def _plan(lake: ObjectStore, revision: Mapping[str, Any], key: str) -> dict[str, str] | None:
    """The plan of the curation that wrote the file."""
    for entry in revision.get("days", {}).get(TABLE, {}).values():
        if any(file["key"] == key for file in entry["files"]):
            plan: dict[str, str] = read_ref(lake, entry["manifest"])["plan"]
            return plan
    return None


def _chunk(lake: ObjectStore, revision: Mapping[str, Any], payment: Mapping[str, Any]) -> dict[str, Any] | None:
    """The landed chunk that holds the payment as its snapshot saw it: the branch and the sequence are in its name."""
    import pyarrow.parquet as pq

    folder, name = f"raw/{TABLE}/sucursal={payment['id_sucursal']:03d}/", f"/{payment['snapshot_seq']:012d}-"
    for number, chunks in _taken(lake, revision):
        for chunk in chunks:
            if chunk["key"].startswith(folder) and name in chunk["key"]:
                ids = pq.read_table(io.BytesIO(lake.get(chunk["key"])), columns=["id_pago"])["id_pago"].to_pylist()
                if payment["id_pago"] in ids:
                    return {"key": chunk["key"], "sha256": chunk["sha256"], "revision": number}
    return None


def _taken(lake: ObjectStore, revision: Mapping[str, Any]) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """What each revision took of the table, the newest first."""
    for _ in range(REVISIONS):
        yield revision.get("revision", 0), revision.get("chunks", {}).get(TABLE, [])
        if not revision.get("previous"):
            return
        revision = read_ref(lake, revision["previous"])


def _pull(lake: ObjectStore, chunk_key: str) -> dict[str, Any]:
    """The manifest that landed the chunk, and the batch that names it: who pulled, and when."""
    table, branch, day, name = chunk_key.removeprefix("raw/").split("/")
    key = f"manifests/branches/pulls/{day}/{table}/{branch}/{name.removesuffix('parquet')}json"
    document, ref = read(lake, key)
    pull = ref.to_dict() | {field: document[field] for field in ("branch", "seq", "part", "as_of")}
    number = branch.removeprefix("sucursal=")
    for info in lake.list(f"manifests/branches/batches/{day}/"):
        first, _, last = info.key.split("/")[-2].partition("-")
        if first <= number <= last:
            batch, batch_ref = read(lake, info.key)
            if any(one["key"] == key for one in batch["pulls"]):
                ran = {field: batch[field] for field in ("owner", "started", "finished")}
                return {"pull": pull, "run": batch_ref.to_dict() | ran}
    return {"pull": pull, "run": None}
