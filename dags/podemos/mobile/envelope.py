"""One event of a phone: parsed from one line of JSON in bounded memory, or refused with a reason.

Only the standard library: Glue, the Lambdas and the simulators import it. What is refused here is quarantined with
file, line and reason; it never stops the rest of its file.

The content of an event is everything in its line, also fields that this version does not know: they are kept, and are
part of the fingerprint. Numbers with a fraction are `Decimal`, positions have six decimals (11 cm).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from enum import StrEnum
from json.encoder import encode_basestring
from typing import Any
from uuid import UUID

from podemos.core.clock import iso

LINE_BYTES = 65_536
"""A longer line is refused unread: an event is 300 bytes, the largest that a phone may send is this."""
DEPTH = 8
"""How deep `event_data` may nest."""
MAX_SEQUENCE = 10**12 - 1
MAX_CENTS = 10**11 - 1
EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=7)
"""A clock further ahead of the server's is absurd. Wrong by ±72 h is ordinary, and days offline are no error at all."""
BEHIND = timedelta(days=400)
LATITUDES = (Decimal("14"), Decimal("33.5"))
LONGITUDES = (Decimal("-119"), Decimal("-86"))
"""Mexico with its coasts. A phone without a fix says null; (0, 0) is a defect of its receiver."""

_DIGITS = 40  # of a number: more is an attack on the parser, not a measurement
_DEVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_RECEIPT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)")
_SIX_PLACES = Decimal("0.000001")
_ONE_PLACE = Decimal("0.1")


class EventType(StrEnum):
    """What a phone captures."""

    PAGO = "pago"
    CONFIRMACION = "confirmacion"
    FOTO = "foto"
    GEOLOCALIZACION = "geolocalizacion"


MONEY = frozenset({EventType.PAGO, EventType.CONFIRMACION})
"""What goes first when not everything can."""
ESTADOS = ("capturado", "entregado", "rechazado")


class Reason(StrEnum):
    """Why a line is no event."""

    INVALID_JSON = "invalid_json"
    INVALID_UTF8 = "invalid_utf8"
    UNKNOWN_TYPE = "unknown_type"
    MISSING_FIELD = "missing_field"
    INVALID_FIELD = "invalid_field"
    ABSURD_CLOCK = "absurd_clock"
    ABSURD_POSITION = "absurd_position"
    TOO_LONG = "too_long"


@dataclass(frozen=True, slots=True)
class Event:
    """One captured event.

    Attributes:
        event_id: a UUID in lower case; version 7 from phones that follow the protocol. The identity.
        event_type: decides what `event_data` holds.
        id_sucursal: the officer's branch, from 1 to 9999.
        id_dispositivo: the phone.
        secuencia: the phone's own count of captures, from 1, without gaps; it goes on after a reinstallation.
        capturado_en: by the phone's clock, which may be days wrong; UTC, microseconds.
        event_data: the fields of the type, and whatever else the phone sent.
    """

    event_id: str
    event_type: EventType
    id_sucursal: int
    id_dispositivo: str
    secuencia: int
    capturado_en: datetime
    event_data: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Its fields in canonical form; decimals stay `Decimal`."""
        return {
            "capturado_en": iso(self.capturado_en),
            "event_data": dict(self.event_data),
            "event_id": self.event_id,
            "event_type": str(self.event_type),
            "id_dispositivo": self.id_dispositivo,
            "id_sucursal": self.id_sucursal,
            "secuencia": self.secuencia,
        }

    def canonical(self) -> bytes:
        """The one line of JSON of this content: keys sorted, no spaces, decimals as numbers. `parse_line` reads it."""
        return write_json(self.to_dict()).encode()

    def fingerprint(self) -> str:
        """SHA-256 of the canonical line: two events of one id and different fingerprints are a tamper or a bug."""
        return hashlib.sha256(self.canonical()).hexdigest()


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that is no event. `secuencia` is what it says of itself, when that much could be read."""

    reason: Reason
    detail: str
    secuencia: int | None = None


class _Fault(Exception):
    """Leaves the parser with a reason."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


def parse_line(line: bytes, received_at: datetime | None = None) -> Event | Refused:
    """The event of one line (with or without its newline).

    Args:
        line: as it was sent; longer than `LINE_BYTES` is refused unread.
        received_at: the server's instant; then the phone's clock is also judged against it. A function of the upload,
            so that whoever parses the object again judges alike.
    """
    if len(line) > LINE_BYTES:
        return Refused(Reason.TOO_LONG, f"{len(line)} bytes, at most {LINE_BYTES}")
    document: Any = None
    try:
        document = _document(line)
        return _event(document, received_at)
    except _Fault as fault:
        sequence = document.get("secuencia") if isinstance(document, dict) else None
        known = sequence if type(sequence) is int and 1 <= sequence <= MAX_SEQUENCE else None
        return Refused(fault.reason, fault.detail[:200], known)
    except RecursionError:
        return Refused(Reason.INVALID_JSON, "nested too deep")


def write_json(value: Any) -> str:
    """JSON with sorted keys, no spaces and exact decimals."""
    kind = type(value)
    if kind is str:
        return encode_basestring(value)
    if value is None or kind is bool:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{encode_basestring(key)}:{write_json(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(write_json, value)) + "]"
    return str(value)  # int and Decimal


def _document(line: bytes) -> dict[str, Any]:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _Fault(Reason.INVALID_UTF8, f"byte {error.start}: {error.reason}") from None
    try:
        document = _DECODER.decode(text)
    except ValueError as error:
        raise _Fault(Reason.INVALID_JSON, str(error)) from None
    if not isinstance(document, dict):
        raise _Fault(Reason.INVALID_JSON, f"a {type(document).__name__}, not an object")
    return document


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):  # readers differ on which of the two counts
        raise ValueError("a key stands twice in one object")
    return found


def _fraction(text: str) -> Decimal:
    if len(text) > _DIGITS:
        raise ValueError("a number too long")
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError("a number out of range") from None


def _whole(text: str) -> int:
    if len(text) > _DIGITS:
        raise ValueError("a number too long")
    return int(text)


def _constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_float=_fraction, parse_int=_whole, parse_constant=_constant)


def _event(document: dict[str, Any], received_at: datetime | None) -> Event:
    event_id = _event_id(_field(document, "event_id"))
    name = _field(document, "event_type")
    if not isinstance(name, str) or name not in _DATA:
        raise _Fault(Reason.UNKNOWN_TYPE, f"event_type {name!r:.80}")
    branch = _integer(document, "id_sucursal", 1, 9999)
    device = _text(document, "id_dispositivo", _DEVICE)
    sequence = _integer(document, "secuencia", 1, MAX_SEQUENCE)
    captured = _instant(_field(document, "capturado_en"), received_at)
    data = _field(document, "event_data")
    if not isinstance(data, dict):
        raise _Fault(Reason.INVALID_FIELD, "event_data is no object")
    data = {**data, **_DATA[name](data)}
    extra = {key: value for key, value in document.items() if key not in _ENVELOPE}
    if extra:
        if "_envelope" in data:
            raise _Fault(Reason.INVALID_FIELD, "event_data._envelope is the server's")
        data["_envelope"] = extra
    _bounded(data, 0)
    return Event(event_id, EventType(name), branch, device, sequence, captured, data)


_ENVELOPE = frozenset(
    {"event_id", "event_type", "id_sucursal", "id_dispositivo", "secuencia", "capturado_en", "event_data"}
)


def _pago(data: dict[str, Any]) -> dict[str, Any]:
    receipt = data.get("id_recibo")
    found = {
        "id_recibo": str(receipt) if type(receipt) is int and receipt > 0 else _text(data, "id_recibo", _RECEIPT),
        "id_cliente": _integer(data, "id_cliente", 1, 2**53 - 1),
        "monto_centavos": _integer(data, "monto_centavos", 1, MAX_CENTS),
        "foto": None if _field(data, "foto") is None else _text(data, "foto", _SHA256),
    }
    if _field(data, "lat") is None and _field(data, "lon") is None:
        return {**found, "lat": None, "lon": None}
    return {**found, **_position(data)}


def _confirmacion(data: dict[str, Any]) -> dict[str, Any]:
    receipt = data.get("id_recibo")
    status = _field(data, "estado")
    if status not in ESTADOS:
        raise _Fault(Reason.INVALID_FIELD, f"estado {status!r:.80} is none of {', '.join(ESTADOS)}")
    return {"id_recibo": str(receipt) if type(receipt) is int and receipt > 0 else _text(data, "id_recibo", _RECEIPT)}


def _foto(data: dict[str, Any]) -> dict[str, Any]:
    _integer(data, "bytes", 1, 20_000_000)
    _integer(data, "partes", 1, 1000)
    return {"sha256": _text(data, "sha256", _SHA256)}


def _geolocalizacion(data: dict[str, Any]) -> dict[str, Any]:
    precision = _number(data, "precision_m")
    if not 0 <= precision <= 1_000_000:
        raise _Fault(Reason.ABSURD_POSITION, f"precision_m {precision}")
    return {**_position(data), "precision_m": precision.quantize(_ONE_PLACE, ROUND_HALF_EVEN)}


_DATA: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    EventType.PAGO: _pago,
    EventType.CONFIRMACION: _confirmacion,
    EventType.FOTO: _foto,
    EventType.GEOLOCALIZACION: _geolocalizacion,
}


def _field(document: dict[str, Any], name: str) -> Any:
    try:
        return document[name]
    except KeyError:
        raise _Fault(Reason.MISSING_FIELD, name) from None


def _integer(document: dict[str, Any], name: str, least: int, most: int) -> int:
    value = _field(document, name)
    if type(value) is not int or not least <= value <= most:
        raise _Fault(Reason.INVALID_FIELD, f"{name} {value!r:.80} is no whole number from {least} to {most}")
    return value


def _number(document: dict[str, Any], name: str) -> Decimal:
    value = _field(document, name)
    if type(value) is not int and type(value) is not Decimal:
        raise _Fault(Reason.INVALID_FIELD, f"{name} {value!r:.80} is no number")
    return Decimal(value)


def _text(document: dict[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    value = _field(document, name)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise _Fault(Reason.INVALID_FIELD, f"{name} {value!r:.80}")
    return value


def _position(data: dict[str, Any]) -> dict[str, Decimal]:
    lat, lon = _number(data, "lat"), _number(data, "lon")
    if not (LATITUDES[0] <= lat <= LATITUDES[1] and LONGITUDES[0] <= lon <= LONGITUDES[1]):
        raise _Fault(Reason.ABSURD_POSITION, f"lat {lat}, lon {lon}")
    return {"lat": lat.quantize(_SIX_PLACES, ROUND_HALF_EVEN), "lon": lon.quantize(_SIX_PLACES, ROUND_HALF_EVEN)}


def _event_id(value: Any) -> str:
    try:
        if not isinstance(value, str) or len(value) != 36:
            raise ValueError
        return str(UUID(value))
    except ValueError:
        raise _Fault(Reason.INVALID_FIELD, f"event_id {value!r:.80} is no UUID") from None


def _instant(value: Any, received_at: datetime | None) -> datetime:
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise _Fault(Reason.INVALID_FIELD, f"capturado_en {value!r:.80} is no instant with a zone")
    try:
        captured = datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _Fault(Reason.ABSURD_CLOCK, f"capturado_en {value}") from None
    if not EARLIEST <= captured <= LATEST:
        raise _Fault(Reason.ABSURD_CLOCK, f"capturado_en {value}")
    if received_at is not None and not received_at - BEHIND <= captured <= received_at + AHEAD:
        raise _Fault(Reason.ABSURD_CLOCK, f"capturado_en {value}, received {iso(received_at)}")
    return captured


def _bounded(value: Any, depth: int) -> None:
    """No text that other engines cannot hold, and no deeper than `DEPTH`."""
    if isinstance(value, str):
        if "\0" in value:
            raise _Fault(Reason.INVALID_FIELD, "a NUL character")
        if not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise _Fault(Reason.INVALID_UTF8, "half of a surrogate pair") from None
    elif isinstance(value, dict | list):
        if depth == DEPTH:
            raise _Fault(Reason.INVALID_JSON, f"event_data is nested deeper than {DEPTH}")
        for inner in value.items() if isinstance(value, dict) else value:
            if isinstance(inner, tuple):
                _bounded(inner[0], depth + 1)
                inner = inner[1]
            _bounded(inner, depth + 1)
