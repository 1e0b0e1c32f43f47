"""The fast way through a line: what a phone of the protocol writes is the canonical form, and a pattern reads it.

A line that matches is its event's canonical JSON byte for byte, so its digest is the event's fingerprint, and all that
`envelope.parse_line` would refuse is excluded. Whatever does not match goes that slow and careful way. A property test
holds the two together.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from podemos.mobile.envelope import EventType

_RECEIPT = rb'"([A-Za-z0-9][A-Za-z0-9._/-]{0,63})"'
_SHA256 = rb'"([0-9a-f]{64})"'
_LAT = rb"((?:1[4-9]|2\d|3[0-2])\.\d{6}|33\.[0-4]\d{5}|33\.500000)"
_LON = rb"(-(?:8[6-9]|9\d|10\d|11[0-8])\.\d{6}|-119\.000000)"
_DATA: Final = {
    EventType.PAGO: rb'"foto":(?:null|' + _SHA256 + rb'),"id_cliente":([1-9]\d{0,14}),"id_recibo":' + _RECEIPT
    + rb',"lat":(?:null,"lon":null|' + _LAT + rb',"lon":' + _LON + rb'),"monto_centavos":([1-9]\d{0,10})',
    EventType.CONFIRMACION: rb'"estado":"(capturado|entregado|rechazado)","id_recibo":' + _RECEIPT,
    EventType.FOTO: rb'"bytes":([1-9]\d{0,6}),"partes":([1-9]\d{0,2}),"sha256":' + _SHA256,
    EventType.GEOLOCALIZACION: rb'"lat":' + _LAT + rb',"lon":' + _LON + rb',"precision_m":((?:0|[1-9]\d{0,5})\.\d)',
}  # fmt: skip
COLUMNS: Final = {
    EventType.PAGO: ("foto", "id_cliente", "id_recibo", "lat", "lon", "monto_centavos"),
    EventType.CONFIRMACION: ("estado", "id_recibo"),
    EventType.FOTO: ("bytes", "partes", "sha256"),
    EventType.GEOLOCALIZACION: ("lat", "lon", "precision_m"),
}
"""The fields of each type's `event_data`, in canonical order."""
LEADING: Final = ("capturado_en",)
TRAILING: Final = ("event_id", "id_dispositivo", "id_sucursal", "secuencia")


def _pattern(name: EventType) -> re.Pattern[bytes]:
    return re.compile(
        rb'\{"capturado_en":"(\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z)","event_data":\{'
        + _DATA[name]
        + rb'\},"event_id":"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})","event_type":"'
        + name.encode()
        + rb'","id_dispositivo":"([A-Za-z0-9][A-Za-z0-9_-]{0,63})"'
        + rb',"id_sucursal":([1-9]\d{0,3}),"secuencia":([1-9]\d{0,11})\}'
    )


PATTERNS: Final = tuple((name.value, _pattern(name).fullmatch) for name in EventType)
"""Of each type: its name, and what gives the match of a line. Groups are LEADING, COLUMNS and TRAILING, as text."""


class Days:
    """Which texts are days of the calendar: asked for each line, answered by parsing each day once."""

    def __init__(self) -> None:
        self._known: dict[bytes, bool] = {}

    def __contains__(self, day: bytes) -> bool:
        found = self._known.get(day)
        if found is None:
            try:
                datetime.strptime(day.decode(), "%Y-%m-%d")  # noqa: DTZ007 - a day has no zone
                found = True
            except ValueError:
                found = False
            self._known[day] = found
        return found
