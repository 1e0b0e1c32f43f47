"""Any event back to its upload, line and attempt, and forth to the file, the manifest and the warehouse's delta."""

from __future__ import annotations

from typing import Any

import pyarrow.compute as pc

from podemos.core.errors import NotFound
from podemos.mobile import files, index, places, revisions
from podemos.mobile.envelope import Event, EventType, parse_line
from podemos.mobile.lines import UploadUnreadable, read_lines
from podemos.mobile.merge import bucket
from podemos.mobile.partition import name_of
from podemos.mobile.revisions import Revision
from podemos.mobile.upload import UploadStore


def trace(event_id: str, *, lake: UploadStore) -> dict[str, Any]:
    """Where an event is and where it came from, JSON-ready.

    Args:
        event_id: a UUID, in any case.
        lake: tables and inbox.

    Returns:
        `versions`: of each content that was ever sent under the id, whether it stands, its `file` (key, row from 1),
        `upload` (object, line, attempt, install, received, text; what lifecycle took is null) and `revision`.

    Raises:
        NotFound: no compaction has it.
    """
    event_id = event_id.lower()
    revision = revisions.latest(lake)
    name = name_of(places.INDEX, bucket(event_id))
    entries = index.rows(lake, revisions.named(lake, revision, [name])[name], event_id)
    if not entries:
        raise NotFound(f"event {event_id} in revision {revision.number}")
    return {"event_id": event_id, "versions": [_version(lake, revision, event_id, entry) for entry in entries]}


def _version(lake: UploadStore, revision: Revision, event_id: str, entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "stands": entry["vigente"],
        "table": entry["tabla"],
        "part": entry["parte"],
        "file": _file(lake, revision, event_id, entry),
        "upload": _upload(lake, entry["objeto"], entry["linea"]),
        "revision": places.revision(entry["revision"]),
        "delta": _delta(lake, entry) if entry["tabla"] == EventType.PAGO else None,
    }


def _file(lake: UploadStore, revision: Revision, event_id: str, entry: dict[str, Any]) -> dict[str, Any] | None:
    """The parquet file that holds it now, and its row."""
    name = name_of(entry["tabla"], entry["parte"])
    for file in revisions.named(lake, revision, [name])[name].files:
        found = files.read(lake, file)
        hits = pc.and_(pc.equal(found["event_id"], event_id), pc.equal(found["linea"], entry["linea"]))
        hits = pc.and_(hits, pc.equal(found["objeto"], entry["objeto"]))
        if (row := pc.index(hits, True).as_py()) >= 0:
            values = {key: value for key, value in found.slice(row, 1).to_pylist()[0].items() if value is not None}
            return {"key": file.key, "sha256": file.sha256, "row": row + 1, "values": values}
    return None


def _upload(lake: UploadStore, key: str, number: int) -> dict[str, Any]:
    """What was sent: the line as the phone wrote it, and who sent it when."""
    found: dict[str, Any] = {"key": key, "line": number, "metadata": None, "text": None, "parsed": None}
    try:
        found["metadata"] = dict(lake.metadata(key))
        with lake.open(key) as stream:
            text = next((line.data for line in read_lines(stream) if line.number == number), None)
    except (NotFound, UploadUnreadable):
        return found
    if text is not None:
        event = parse_line(text)
        found["text"] = text.decode("utf-8", "backslashreplace")
        found["parsed"] = event.fingerprint() if isinstance(event, Event) else f"{event.reason}: {event.detail}"
    return found


def _delta(lake: UploadStore, entry: dict[str, Any]) -> list[str]:
    """The files that took the revision's payments to the warehouse."""
    document = revisions.read(lake, places.revision(entry["revision"])).document
    return [file["key"] for file in document["delta"][EventType.PAGO.value]["files"]]
