"""A small, deterministic stream of events for tests, and uploads of them as `ingest` writes them."""

from __future__ import annotations

import gzip
import hashlib
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from podemos.mobile.envelope import Event, EventType
from podemos.mobile.event_ids import RANDOM_BITS, uuid7
from podemos.mobile.keys import inbox_key
from podemos.mobile.upload import Upload, UploadStore

START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
KINDS = (EventType.GEOLOCALIZACION, EventType.PAGO, EventType.CONFIRMACION, EventType.FOTO)


def device(number: int) -> str:
    return f"phone-{number:04d}"


def branch(number: int) -> int:
    return 1 + number % 200


def region(number: int) -> str:
    return ("norte", "bajio", "sureste")[branch(number) % 3]


def events(
    phone: int = 1, count: int = 8, *, seed: int = 7, first: int = 1, start: datetime = START, every: int = 60
) -> Iterator[Event]:
    """`count` events of one phone in sequence order: a position, a payment, its confirmation, its photo, and again.

    The same arguments give the same events, byte for byte.

    Args:
        phone: its number.
        count: how many.
        seed: another one gives other ids and amounts.
        first: the first `secuencia`.
        start: of the first capture.
        every: seconds between two.
    """
    for at in range(count):
        sequence = first + at
        draw = random.Random(f"{seed}/{phone}/{sequence}")
        captured = start + timedelta(seconds=every * at, microseconds=draw.randrange(1_000_000))
        kind = KINDS[at % len(KINDS)]
        yield Event(
            uuid7(int(captured.timestamp() * 1000), draw.getrandbits(RANDOM_BITS)),
            kind,
            branch(phone),
            device(phone),
            sequence,
            captured,
            _data(kind, phone, sequence - at % len(KINDS), draw),
        )


def line(event: Event) -> bytes:
    """The event as a phone sends it."""
    return event.canonical() + b"\n"


def packed(lines: Sequence[bytes]) -> bytes:
    """Gzip JSON lines, the same bytes every time."""
    return gzip.compress(b"".join(lines), mtime=0)


def put(
    store: UploadStore,
    batch: Sequence[Event],
    received_at: datetime,
    *,
    lines: Sequence[bytes] = (),
    attempt: int = 1,
    skew: timedelta = timedelta(0),
    install: str = "install-1",
    head: int | None = None,
) -> str:
    """One upload of events of one phone (and of `lines`, whatever they are) in the inbox; returns its key.

    Args:
        store: of the lake.
        batch: not empty.
        received_at: the server's instant.
        lines: raw lines after the events.
        attempt: of this sending.
        skew: how far the phone's clock is ahead.
        install: of the app.
        head: the phone's greatest sequence; default: of the batch.
    """
    data = packed([*map(line, batch), *lines])
    numbers = [event.secuencia for event in batch]
    first, last = min(numbers), max(numbers)
    name = batch[0].id_dispositivo
    where = region(int(name.rpartition("-")[2]))
    upload = Upload(
        name, install, where, batch[0].id_sucursal, received_at + skew, received_at, attempt, head=head or last
    )
    key = inbox_key(received_at, where, name, first, last, hashlib.sha256(data).hexdigest())
    store.put_upload(key, data, upload.to_metadata())
    return key


def _data(kind: EventType, phone: int, group: int, draw: random.Random) -> dict[str, Any]:
    receipt = f"R{phone:04d}-{group:06d}"
    photo = hashlib.sha256(receipt.encode()).hexdigest()
    lat = Decimal(draw.randrange(16_000_000, 32_000_000)).scaleb(-6)
    lon = Decimal(-draw.randrange(90_000_000, 115_000_000)).scaleb(-6)
    if kind is EventType.PAGO:
        return {
            "id_recibo": f"R{phone:04d}-{group:06d}",
            "id_cliente": 1 + draw.randrange(500),
            "monto_centavos": draw.randrange(5_000, 500_000),
            "lat": lat,
            "lon": lon,
            "foto": photo,
        }
    if kind is EventType.CONFIRMACION:
        return {"id_recibo": receipt, "estado": "entregado"}
    if kind is EventType.FOTO:
        return {"sha256": photo, "bytes": 120_000, "partes": 2}
    return {"lat": lat, "lon": lon, "precision_m": Decimal("12.5")}
