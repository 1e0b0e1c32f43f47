"""What phones send in one case, and what of it must be kept: drawn without the platform's parser or index."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
BRANCHES = (7, 12)
KINDS = ("pago", "pago", "pago", "confirmacion", "foto", "geolocalizacion")
FAULTS = {
    "invalid_json": lambda draw: b'{"event_id": ' + str(draw.random()).encode(),
    "invalid_utf8": lambda draw: b'{"x": "\xff\xfe' + str(draw.random()).encode() + b'"}',
    "missing_field": lambda draw: json.dumps({"otro": draw.random()}).encode(),
    "unknown_type": lambda draw: _changed(draw, event_type="saludo"),
    "absurd_clock": lambda draw: _changed(draw, capturado_en="2031-01-01T00:00:00.000000Z"),
    "absurd_position": lambda draw: _changed(draw, event_data={"lat": 0, "lon": 0, "precision_m": 1}),
    "invalid_field": lambda draw: _changed(draw, secuencia=-4),
}


def _changed(draw: random.Random, **fields: Any) -> bytes:
    """A position with something wrong in it."""
    good = {
        "capturado_en": "2026-11-20T15:00:00.000000Z",
        "event_data": {"lat": 19.4, "lon": -99.1, "precision_m": 5},
        "event_id": str(uuid.UUID(int=draw.getrandbits(128), version=4)),
        "event_type": "geolocalizacion",
        "id_dispositivo": "otro",
        "id_sucursal": 7,
        "secuencia": 3,
    }
    return json.dumps(good | fields).encode()


@dataclass(frozen=True)
class Version:
    """One content under an id.

    Attributes:
        kind: of the event.
        fields: its columns as text, without the empty ones.
        line: as it is sent.
    """

    event_id: str
    kind: str
    fields: tuple[tuple[str, str], ...]
    line: bytes


@dataclass(frozen=True)
class Batch:
    """What one upload holds, in order: versions, or faulty lines with their reason."""

    device: str
    region: str
    branch: int
    lines: tuple[Version | tuple[bytes, str], ...]

    @property
    def data(self) -> bytes:
        """As it is sent."""
        lines = [item.line if isinstance(item, Version) else item[0] for item in self.lines]
        return gzip.compress(b"\n".join(lines) + b"\n", compresslevel=1, mtime=0)


@dataclass
class Script:
    """The uploads of a case.

    Attributes:
        sends: (minutes after START, batch, attempt), in order of time.
        skews: by device, how far its clock is ahead.
    """

    sends: list[tuple[int, Batch, int]] = field(default_factory=list)
    skews: dict[str, timedelta] = field(default_factory=dict)

    @property
    def versions(self) -> set[Version]:
        """Everything that was captured."""
        return {item for _, batch, _ in self.sends for item in batch.lines if isinstance(item, Version)}


def draw_script(draw: random.Random, minutes: int, late_days: int) -> Script:
    """Phones, their captures, and how they are sent: cut, doubled up to five times, out of order, and much later again.

    Args:
        draw: of the case.
        minutes: during which the phones send.
        late_days: after which some batches are sent once more.
    """
    script = Script()
    for number in range(draw.randint(2, 4)):
        device, branch = f"tel-{number}", draw.choice(BRANCHES)
        skew = timedelta(minutes=draw.choice((0, 0, draw.randint(-4320, 4320), draw.randint(-90, 90))))
        script.skews[device] = skew
        hashed = draw.random() < 0.2
        captured = [
            _version(draw, device, branch, sequence, START + skew + timedelta(minutes=3 * sequence), hashed=hashed)
            for sequence in range(1, draw.randint(4, 12))
        ]
        batches = list(_batches(draw, device, branch, captured))
        for batch in batches:
            times = draw.choice((1, 1, 1, 2, 3, 5))
            for attempt in range(1, times + 1):
                script.sends.append((draw.randrange(minutes), batch, attempt))
        for batch in draw.sample(batches, k=min(len(batches), draw.randint(0, 2))):
            again = batch if draw.random() < 0.5 else _recut(draw, batch)
            script.sends.append((late_days * 1440 + draw.randrange(60), again, 9))
    script.sends.sort(key=lambda each: (each[0], each[1].data, each[2]))
    return script


def _batches(draw: random.Random, device: str, branch: int, captured: list[Version]) -> Any:
    """The captures cut into uploads; some events are sent twice in different ones, some lines are broken."""
    region = ("norte", "sureste")[branch % 2]
    left = list(captured)
    if draw.random() < 0.3:
        draw.shuffle(left)
    while left:
        size = draw.randint(1, 5)
        cut, left = left[:size], left[size:]
        if draw.random() < 0.2:
            cut = [*cut, draw.choice(captured)]
        lines: list[Version | tuple[bytes, str]] = [*cut]
        if draw.random() < 0.25:
            reason = draw.choice(sorted(FAULTS))
            lines.insert(draw.randint(0, len(lines)), (FAULTS[reason](draw), reason))
        if draw.random() < 0.15:
            lines.append(draw.choice(cut))
        if draw.random() < 0.12:
            lines.insert(draw.randint(0, len(lines)), _forged(draw, draw.choice(cut)))
        yield Batch(device, region, branch, tuple(lines))


def _recut(draw: random.Random, batch: Batch) -> Batch:
    """Some of its lines in another upload, as after a reinstallation."""
    lines = draw.sample(batch.lines, k=draw.randint(1, len(batch.lines)))
    return Batch(batch.device, batch.region, batch.branch, tuple(lines))


def _version(
    draw: random.Random, device: str, branch: int, sequence: int, captured: datetime, *, hashed: bool
) -> Version:
    kind = draw.choice(KINDS)
    name = str(uuid.UUID(int=draw.getrandbits(128), version=4)) if hashed else _seven(draw, captured)
    micro = draw.randrange(1_000_000)
    stamp = f"{captured:%Y-%m-%dT%H:%M:%S}.{micro:06d}Z"
    data = _data(draw, kind)
    return _composed(name, kind, device, branch, sequence, stamp, data, spaced=draw.random() < 0.2)


def _seven(draw: random.Random, captured: datetime) -> str:
    """A UUIDv7 of the phone's clock."""
    number = int(captured.timestamp() * 1000) << 80 | draw.getrandbits(80)
    text = str(uuid.UUID(int=number))
    return f"{text[:14]}7{text[15:19]}a{text[20:]}"


def _data(draw: random.Random, kind: str) -> dict[str, Any]:
    lat, lon = (
        f"{draw.randint(15, 31)}.{draw.randrange(10**6):06d}",
        f"-{draw.randint(90, 117)}.{draw.randrange(10**6):06d}",
    )
    if kind == "pago":
        placed = draw.random() < 0.8
        photo = hashlib.sha256(str(draw.random()).encode()).hexdigest() if draw.random() < 0.7 else None
        return {
            "foto": photo,
            "id_cliente": draw.randint(1, 500),
            "id_recibo": f"R{draw.randint(1, 10**6)}",
            "lat": lat if placed else None,
            "lon": lon if placed else None,
            "monto_centavos": draw.randint(1, 10**7),
        }
    if kind == "confirmacion":
        return {"estado": draw.choice(("capturado", "entregado", "rechazado")), "id_recibo": f"R{draw.randint(1, 99)}"}
    if kind == "foto":
        return {
            "bytes": draw.randint(1, 10**6),
            "partes": 1,
            "sha256": hashlib.sha256(str(draw.random()).encode()).hexdigest(),
        }
    return {"lat": lat, "lon": lon, "precision_m": f"{draw.randint(0, 99)}.{draw.randrange(10)}"}


def _forged(draw: random.Random, version: Version) -> Version:
    """The same id with another content: a bug of the app, or a hand in the till."""
    fields = dict(version.fields)
    data = _data(draw, version.kind)
    return _composed(
        version.event_id,
        version.kind,
        f"tel-{draw.randint(0, 9)}",
        int(fields["id_sucursal"]),
        int(fields["secuencia"]),
        fields["capturado_en"],
        data,
        spaced=False,
    )


_NUMBERS = {"lat", "lon", "precision_m"}


def _composed(
    event_id: str, kind: str, device: str, branch: int, sequence: int, stamp: str, data: dict[str, Any], *, spaced: bool
) -> Version:
    """The line by hand: canonical, or as another client would write it."""
    about = {"event_id": event_id, "id_dispositivo": device, "id_sucursal": branch, "secuencia": sequence}
    texts = {
        "capturado_en": f'"{stamp}"',
        "event_data": "{" + ",".join(f'"{name}":{_json(name, data[name])}' for name in sorted(data)) + "}",
        "event_id": f'"{event_id.upper() if spaced else event_id}"',
        "event_type": f'"{kind}"',
        "id_dispositivo": f'"{device}"',
        "id_sucursal": str(branch),
        "secuencia": str(sequence),
    }
    names = sorted(texts, reverse=spaced)
    separator = " : " if spaced else ":"
    line = "{" + ",".join(f'"{name}"{separator}{texts[name]}' for name in names) + "}"
    fields = {"capturado_en": stamp} | about | data
    told = tuple(sorted((name, str(value)) for name, value in fields.items() if value is not None))
    return Version(event_id, kind, told, line.encode())


def _json(name: str, value: Any) -> str:
    if value is None:
        return "null"
    return str(value) if name in _NUMBERS or isinstance(value, int) else f'"{value}"'
