"""One id, two contents: both versions and their senders, as a row of quarantine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from podemos.core.store import ObjectStore
from podemos.mobile import files, index, places, revisions
from podemos.mobile.exact import Fates
from podemos.mobile.merge import bucket
from podemos.mobile.partition import name_of
from podemos.mobile.revisions import Revision
from podemos.mobile.rows import CONFLICT, HIDDEN, REFUSED

_ABOUT = ("region", "recibido_en", "objeto", "linea", *HIDDEN)
"""What two sendings of one content differ in."""


def quarantined(lake: ObjectStore, before: Revision, tables: Mapping[str, pa.Table], fates: Fates) -> pa.Table:
    """The conflicting rows of some tables, each with the version that stands."""
    found = []
    for table, at, event_id in fates.conflicts:
        row = tables[table].slice(at, 1).to_pylist()[0]
        standing = _standing(lake, before, tables, fates, event_id)
        found.append(
            {
                "id": f"{event_id}#{row['contenido'][:16]}",
                "motivo": CONFLICT,
                "detalle": f"{table}; the version that stands is {standing['tabla']}",
                "event_id": event_id,
                "id_dispositivo": row["id_dispositivo"],
                "secuencia": row["secuencia"],
                "contenido": _text(table, row),
                "region": row["region"],
                "recibido_en": row["recibido_en"],
                "objeto": row["objeto"],
                "linea": row["linea"],
                "vigente_contenido": _text(standing.pop("tabla"), standing),
                "vigente_dispositivo": standing["id_dispositivo"],
                "vigente_objeto": standing["objeto"],
                "vigente_linea": standing["linea"],
            }
        )
    return pa.Table.from_pylist(found, schema=REFUSED)


def event(lake: ObjectStore, revision: Revision, event_id: str) -> dict[str, Any] | None:
    """The row that stands under an id, with its `tabla`; None when no compaction has it."""
    name = name_of(places.INDEX, bucket(event_id))
    for entry in index.rows(lake, revisions.named(lake, revision, [name])[name], event_id):
        if entry["vigente"] and entry["tabla"] != places.QUARANTINE:
            return _stored(lake, revision, entry, event_id)
    return None


def _standing(
    lake: ObjectStore, before: Revision, tables: Mapping[str, pa.Table], fates: Fates, event_id: str
) -> dict[str, Any]:
    if event_id in fates.stands:
        table, at = fates.stands[event_id]
        row: dict[str, Any] = tables[table].slice(at, 1).to_pylist()[0]
        return row | {"tabla": table}
    found = event(lake, before, event_id)
    assert found is not None  # noqa: S101 - the index has just said that it stands
    return found


def _stored(lake: ObjectStore, revision: Revision, entry: Mapping[str, Any], event_id: str) -> dict[str, Any]:
    name = name_of(entry["tabla"], entry["parte"])
    for file in revisions.named(lake, revision, [name])[name].files:
        rows = files.read(lake, file)
        if hits := rows.filter(pc.equal(rows["event_id"], event_id)).to_pylist():
            found: dict[str, Any] = hits[0]
            return found | {"tabla": entry["tabla"]}
    raise LookupError(f"{event_id} is in the index and not in {name}")


def _text(table: str, row: Mapping[str, Any]) -> str:
    """The version's own fields as JSON."""
    fields = {name: value for name, value in row.items() if name not in _ABOUT and value is not None}
    return json.dumps({"event_type": table} | fields, default=str, sort_keys=True, ensure_ascii=False)
