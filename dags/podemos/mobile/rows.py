"""The columns of the compacted tables, and how what was read becomes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from podemos.mobile import places
from podemos.mobile.canonical import COLUMNS, LEADING, TRAILING
from podemos.mobile.envelope import EventType
from podemos.mobile.merge import bucket
from podemos.mobile.reading import Read, Sender

_INSTANT: Final = pa.timestamp("us", tz="UTC")
_TYPES: Final[dict[str, pa.DataType]] = {
    "capturado_en": _INSTANT,
    "id_cliente": pa.int64(),
    "lat": pa.decimal128(9, 6),
    "lon": pa.decimal128(9, 6),
    "monto_centavos": pa.int64(),
    "bytes": pa.int64(),
    "partes": pa.int64(),
    "precision_m": pa.decimal128(9, 1),
    "id_sucursal": pa.int64(),
    "secuencia": pa.int64(),
}
"""Columns that are no text."""
_PLACE: Final = [
    pa.field("region", pa.string()),
    pa.field("recibido_en", _INSTANT),
    pa.field("otros", pa.string()),
    pa.field("objeto", pa.string()),
    pa.field("linea", pa.int32()),
]
"""Where a row came from. `otros`: what the phone sent beside the known fields, as JSON."""
REFUSED: Final = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("motivo", pa.string(), nullable=False),
        pa.field("detalle", pa.string()),
        pa.field("event_id", pa.string()),
        pa.field("id_dispositivo", pa.string()),
        pa.field("secuencia", pa.int64()),
        pa.field("contenido", pa.string()),
        *[field for field in _PLACE if field.name != "otros"],
        pa.field("vigente_contenido", pa.string()),
        pa.field("vigente_dispositivo", pa.string()),
        pa.field("vigente_objeto", pa.string()),
        pa.field("vigente_linea", pa.int32()),
    ]
)
"""Quarantine. `vigente_*`: of a conflict, the version that stands, who sent it and where."""
CONFLICT: Final = "conflicting_content"
LINE_ID: Final = "linea:"
SORT: Final = {places.QUARANTINE: ("id_dispositivo", "objeto", "linea")}
_SORT: Final = ("id_sucursal", "id_dispositivo", "secuencia", "event_id")
HIDDEN: Final = ("contenido", "cubeta")
"""Columns of rows in memory that no file of events has: the index has them."""


def sort_of(table: str) -> tuple[str, ...]:
    """How a table's files are sorted: a query asks for a branch or a device."""
    return SORT.get(table, _SORT)


def schema(table: str) -> pa.Schema:
    """The columns of a table's files."""
    if table == places.QUARANTINE:
        return REFUSED
    names = ("event_id", "id_sucursal", "id_dispositivo", "secuencia", *LEADING, *COLUMNS[EventType(table)])
    return pa.schema([*(pa.field(name, _TYPES.get(name, pa.string())) for name in names), *_PLACE])


def tables(read: Read) -> dict[str, pa.Table]:
    """The rows of every table that has some: its columns, and HIDDEN."""
    found = {name: _events(name, rows, read.senders) for name, rows in read.events.items() if rows}
    if read.refused:
        found[places.QUARANTINE] = _refused(read.refused, read.senders)
    return found


def _events(name: str, rows: Sequence[tuple[object, ...]], senders: Sequence[Sender]) -> pa.Table:
    digests, objects, lines, others, *fields = zip(*rows, strict=True)
    columns: dict[str, Any] = {
        title: _cast(pa.array(values, pa.string()), _TYPES.get(title))
        for title, values in zip((*LEADING, *COLUMNS[EventType(name)], *TRAILING), fields, strict=True)
    }
    columns |= _places(objects, lines, senders)
    columns["otros"] = pa.array(others, pa.string())
    columns["contenido"] = pa.array(digests, pa.string())
    columns["cubeta"] = pa.array(map(bucket, columns["event_id"].to_pylist()), pa.string())
    names = [*schema(name).names, *HIDDEN]
    return pa.table([columns[title] for title in names], names=names)


def _refused(rows: Sequence[tuple[object, ...]], senders: Sequence[Sender]) -> pa.Table:
    digests, objects, lines, reasons, details, sequences, shown = zip(*rows, strict=True)
    ids = [f"{LINE_ID}{digest}" for digest in digests]
    columns: dict[str, Any] = {
        "id": pa.array(ids, pa.string()),
        "motivo": pa.array(reasons, pa.string()),
        "detalle": pa.array(details, pa.string()),
        "id_dispositivo": pa.array([senders[at].dispositivo for at in objects], pa.string()),
        "secuencia": pa.array(sequences, pa.int64()),
        "contenido": pa.array(shown, pa.string()),
    }
    columns |= _places(objects, lines, senders)
    empty = {field.name: pa.nulls(len(rows), field.type) for field in REFUSED if field.name not in columns}
    table = pa.table([(columns | empty)[field.name] for field in REFUSED], schema=REFUSED)
    return table.append_column("cubeta", pa.array(map(bucket, ids), pa.string()))


def _places(objects: Sequence[Any], lines: Sequence[Any], senders: Sequence[Sender]) -> dict[str, Any]:
    at = pa.array(objects, pa.int32())
    received = pc.cast(pa.array([sender.recibido for sender in senders], pa.string()), _INSTANT)
    return {
        "region": pa.array([sender.region for sender in senders], pa.string()).take(at),
        "recibido_en": received.take(at),
        "objeto": pa.array([sender.key for sender in senders], pa.string()).take(at),
        "linea": pa.array(lines, pa.int32()),
    }


def _cast(values: Any, kind: pa.DataType | None) -> Any:
    return values if kind is None else pc.cast(values, kind)
