"""Payments that lack their photo, their position, or a receipt that somebody confirmed: chased, never dropped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from podemos.core import manifest
from podemos.core.clock import Clock, iso
from podemos.core.store import ObjectStore
from podemos.core.zones import zone_table
from podemos.mobile import files, places, revisions
from podemos.mobile.confirmations import State, settle
from podemos.mobile.envelope import EventType
from podemos.mobile.partition import month_of, name_of
from podemos.mobile.revisions import Revision

DAYS = 7
"""Event days looked at."""
GRACE = timedelta(hours=1)
"""After its receipt by the server, a payment is given so long."""
NEAR = timedelta(minutes=15)
"""A position of the same phone so near in time is the payment's."""
MOST = 10_000


def chase_payments(revision_key: str, *, lake: ObjectStore, clock: Clock) -> str:
    """Lists the payments of the last days that lack their photo, their position or a settled receipt.

    Args:
        revision_key: a verified revision.
        lake: the lake.
        clock: now.

    Returns:
        The key of the list.
    """
    revision, now = revisions.read(lake, revision_key), clock()
    found = list(owing(lake, revision, now))
    document = {
        "kind": "mobile.chased",
        "revision": revision.ref.to_dict() if revision.ref else None,
        "listed": iso(now),
        "payments": len(found),
        "cents": sum(each["centavos"] for each in found),
        "by_reason": {
            word: sum(word in each["falta"] for each in found)
            for word in ("foto", "posicion", "confirmacion", "disputa")
        },
        "chased": found[:MOST],
    }
    content = manifest.sha256(manifest.canonical(document))
    return manifest.commit(lake, places.chased(revision.number, content), document).key


def owing(lake: ObjectStore, revision: Revision, now: datetime) -> Iterator[dict[str, Any]]:
    """The payments, oldest first, each with what it lacks (`falta`)."""
    last = zone_table().accounting_day(now)
    days = [last - timedelta(days=back) for back in range(DAYS, -2, -1)]
    photos = {row["sha256"] for row in _rows(lake, revision, EventType.FOTO, days)}
    seen: dict[str, list[datetime]] = {}
    for row in _rows(lake, revision, EventType.GEOLOCALIZACION, days):
        seen.setdefault(row["id_dispositivo"], []).append(row["capturado_en"])
    said: dict[tuple[int, str], list[str]] = {}
    for row in _rows(lake, revision, EventType.CONFIRMACION, days):
        said.setdefault((row["id_sucursal"], row["id_recibo"]), []).append(row["estado"])
    payments = sorted(
        _rows(lake, revision, EventType.PAGO, days), key=lambda row: (row["capturado_en"], row["event_id"])
    )
    for row in payments:
        lacks = list(_lacks(row, photos, seen, said))
        if lacks and row["recibido_en"] + GRACE <= now:
            yield {
                "event_id": row["event_id"],
                "id_sucursal": row["id_sucursal"],
                "id_dispositivo": row["id_dispositivo"],
                "id_recibo": row["id_recibo"],
                "centavos": row["monto_centavos"],
                "capturado_en": iso(row["capturado_en"]),
                "falta": lacks,
            }


def _lacks(
    row: Mapping[str, Any],
    photos: set[str],
    seen: Mapping[str, list[datetime]],
    said: Mapping[tuple[int, str], list[str]],
) -> Iterator[str]:
    if row["foto"] is None or row["foto"] not in photos:
        yield "foto"
    near = (at for at in seen.get(row["id_dispositivo"], ()) if abs(at - row["capturado_en"]) <= NEAR)
    if row["lat"] is None and next(near, None) is None:
        yield "posicion"
    state = settle(said.get((row["id_sucursal"], row["id_recibo"]), ()))
    if state in (State.SIN_CONFIRMAR, State.CAPTURADO):
        yield "confirmacion"
    if state is State.EN_DISPUTA:
        yield "disputa"


def _rows(lake: ObjectStore, revision: Revision, table: EventType, days: list[date]) -> Iterator[dict[str, Any]]:
    names = [name_of(table, day.isoformat()) for day in days]
    known = revisions.partitions(lake, revision, {month_of(name) for name in names})
    for name in names:
        for file in known[name].files if name in known else ():
            yield from files.read(lake, file).to_pylist()
