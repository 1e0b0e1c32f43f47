"""New payments of a revision, as the warehouse copies them: every column of `core.pagos_moviles`, in its order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from podemos.core import manifest
from podemos.core.store import ObjectStore
from podemos.core.zones import zone_table
from podemos.mobile import files, places, skew
from podemos.mobile.arrivals import put_once
from podemos.mobile.envelope import EventType

_UTC = pa.timestamp("us")
SCHEMA: Final = pa.schema(
    [
        pa.field("event_id", pa.string()),
        pa.field("id_sucursal", pa.int64()),
        pa.field("id_dispositivo", pa.string()),
        pa.field("secuencia", pa.int64()),
        pa.field("id_recibo", pa.string()),
        pa.field("id_cliente", pa.int64()),
        pa.field("monto", pa.decimal128(18, 2)),
        pa.field("capturado_utc", _UTC),
        pa.field("recibido_utc", _UTC),
        pa.field("desfase_s", pa.int64()),
        pa.field("fecha_contable", pa.date32()),
        pa.field("foto", pa.string()),
        pa.field("lat", pa.decimal128(9, 6)),
        pa.field("lon", pa.decimal128(9, 6)),
        pa.field("region", pa.string()),
        pa.field("objeto", pa.string()),
        pa.field("linea", pa.int64()),
        pa.field("revision", pa.int64()),
    ]
)


def write(lake: ObjectStore, revision: int, payments: pa.Table | None, known: Mapping[str, Any]) -> dict[str, Any]:
    """Writes a revision's new payments: `files` (key, sha256, bytes), `rows`, `cents`.

    Args:
        lake: where.
        revision: that brings them.
        payments: its new rows.
        known: of the devices' clocks when it was compacted, see `skew.learn`.
    """
    if payments is None or not payments.num_rows:
        return {"files": [], "rows": 0, "cents": 0}
    data = files.encode(_columns(payments, revision, known).sort_by("event_id"))
    content = manifest.sha256(data)
    key = places.delta(EventType.PAGO, revision, content)
    put_once(lake, key, data)
    return {
        "files": [{"key": key, "sha256": content, "bytes": len(data)}],
        "rows": payments.num_rows,
        "cents": pc.sum(payments["monto_centavos"]).as_py(),
    }


def accounting_instant(captured: datetime, received: datetime, seconds: int) -> datetime:
    """When a payment was taken, as far as can be told: the phone's clock put right, and never after the receipt.

    Args:
        captured: by the phone's clock.
        received: by the server's.
        seconds: what to add to the phone's clock.
    """
    return min(captured + timedelta(seconds=seconds), received)


def _columns(payments: pa.Table, revision: int, known: Mapping[str, Any]) -> pa.Table:
    seconds = [skew.seconds_of(known, device) for device in payments["id_dispositivo"].to_pylist()]
    instants = zip(payments["capturado_en"].to_pylist(), payments["recibido_en"].to_pylist(), seconds, strict=True)
    accounting_day = zone_table().accounting_day
    days = [accounting_day(accounting_instant(*each)) for each in instants]
    cents = pc.cast(payments["monto_centavos"], pa.decimal128(20, 0))
    hundredth = pc.cast(pa.scalar("0.01"), pa.decimal128(3, 2))
    count = payments.num_rows
    columns = {name: payments[name] for name in SCHEMA.names if name in payments.column_names}
    columns |= {
        "monto": pc.multiply(cents, hundredth),
        "capturado_utc": pc.cast(payments["capturado_en"], _UTC),
        "recibido_utc": pc.cast(payments["recibido_en"], _UTC),
        "desfase_s": pa.array(seconds, pa.int64()),
        "fecha_contable": pa.array(days, pa.date32()),
        "revision": pa.repeat(pa.scalar(revision, pa.int64()), count),
    }
    return pa.table({field.name: pc.cast(columns[field.name], field.type) for field in SCHEMA}, schema=SCHEMA)
