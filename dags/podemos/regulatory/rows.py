"""Turns one record of a source into a movement, exactly or not at all.

Text becomes cents by parsing, never through a float. A record that cannot be read raises `RowFault`: it is excepted,
with its reason and its cents when they are known, and the rows after it go on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from podemos.contracts.sources import Mapping as FieldMapping
from podemos.contracts.sources import Source
from podemos.core.clock import iso
from podemos.core.errors import PodemosError
from podemos.core.money import cents_of, parse_cents
from podemos.core.zones import zone_table
from podemos.regulatory.movement import Movement

MAX_CENTS = 10**18 - 1
"""What DECIMAL(18,2) holds."""
MAX_ID = 2**63 - 1
ID_BYTES, CONCEPT_BYTES = 64, 256
CURRENCY = "MXN"

Record = Mapping[str, object]
_INTEGER = re.compile(r"[+-]?\d{1,18}")


class Reason(StrEnum):
    """Why a row is not in the report."""

    UNREADABLE_ROW = "unreadable_row"
    UNREADABLE_AMOUNT = "unreadable_amount"
    UNREADABLE_INSTANT = "unreadable_instant"
    UNREADABLE_FIELD = "unreadable_field"
    MISSING_FIELD = "missing_field"
    UNKNOWN_TYPE = "unknown_type"
    WRONG_DAY = "wrong_day"
    DUPLICATE_ID = "duplicate_id"
    TOO_LONG = "too_long"
    CURRENCY = "currency"
    QUARANTINED = "quarantined"
    UNREADABLE_FILE = "unreadable_file"


class RowFault(Exception):
    """A record that cannot become a movement. `cents` and `id_movimiento` are set when they could be read."""

    def __init__(self, reason: Reason, detail: str, cents: int | None = None, id_movimiento: str | None = None) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail
        self.cents, self.id_movimiento = cents, id_movimiento


class RowReader:
    """Reads the records of one source for one day. One instance per source: it knows which ids it has seen."""

    def __init__(self, source: Source, day: date) -> None:
        if source.mapping is None:
            raise ValueError(f"source {source.id} has no mapping")
        self._source, self._fields, self._day = source.id, source.mapping, day
        self._seen: set[str] = set()
        self._zones = zone_table()

    def movement(self, record: Record, sha256: str, fila: int) -> Movement:
        """The movement of a record.

        Raises:
            RowFault: it cannot be read, belongs to another day, or repeats an id.
        """
        fields = self._fields
        cents: int | None = None
        movement_id: str | None = None
        try:
            cents = _cents(record.get(fields.monto), fields)
            movement_id = _text(record.get(fields.id_movimiento), fields.id_movimiento, ID_BYTES)
            if movement_id is None:
                raise RowFault(Reason.MISSING_FIELD, f"{fields.id_movimiento} is empty")
            tipo = fields.tipo_values.get(str(record.get(fields.tipo)))
            if tipo is None:
                raise RowFault(Reason.UNKNOWN_TYPE, f"{fields.tipo} is not one of {', '.join(fields.tipo_values)}")
            instant = self._instant(record.get(fields.instante))
            branch = _optional(record, fields.id_sucursal)
            client = _optional(record, fields.id_cliente)
            concept = _text(record.get(fields.concepto), fields.concepto, CONCEPT_BYTES) if fields.concepto else None
            currency = record.get(fields.moneda) if fields.moneda else CURRENCY
            if currency != CURRENCY:
                raise RowFault(Reason.CURRENCY, f"{fields.moneda} must be {CURRENCY}: the report adds up one currency")
            if movement_id in self._seen:
                raise RowFault(Reason.DUPLICATE_ID, f"{fields.id_movimiento} {movement_id} came before")
        except RowFault as fault:
            raise RowFault(fault.reason, fault.detail, cents, movement_id) from None
        self._seen.add(movement_id)
        return Movement(
            self._day, self._source, movement_id, branch, client, tipo, cents, CURRENCY, instant, concept, sha256, fila
        )

    def _instant(self, value: object) -> str:
        """The instant in UTC; its accounting day must be the day of the report."""
        name, zone = self._fields.instante, self._fields.instante_zone
        if value is None or value == "":
            raise RowFault(Reason.MISSING_FIELD, f"{name} is empty")
        try:
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
            if (zone is None) != (moment.tzinfo is not None):
                raise ValueError("an offset is needed" if zone is None else f"local time of {zone} has no offset")
            instant = moment if zone is None else self._zones.resolve(zone, moment).instant
            day = self._zones.accounting_day(instant)
        except (ValueError, OverflowError, PodemosError) as error:
            raise RowFault(Reason.UNREADABLE_INSTANT, f"{name}: {error}") from None
        if day != self._day:
            raise RowFault(Reason.WRONG_DAY, f"{name} falls on {day}, this delivery is for {self._day}")
        return iso(instant)


def _cents(value: object, fields: FieldMapping) -> int:
    """Exact cents of a text, an integer or a decimal; a float is refused."""
    if value is None or value == "":
        raise RowFault(Reason.MISSING_FIELD, f"{fields.monto} is empty")
    try:
        cents = _whole_cents(value) if fields.monto_unit == "centavos" else _cents_of_pesos(value)
    except (ValueError, PodemosError) as error:
        raise RowFault(Reason.UNREADABLE_AMOUNT, f"{fields.monto}: {error}") from None
    if abs(cents) > MAX_CENTS:
        raise RowFault(Reason.UNREADABLE_AMOUNT, f"{fields.monto} exceeds DECIMAL(18,2)")
    return cents


def _whole_cents(value: object) -> int:
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        return int(value)
    raise ValueError("not a whole number of cents")


def _cents_of_pesos(value: object) -> int:
    if isinstance(value, str):
        return parse_cents(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value * 100
    if isinstance(value, Decimal):
        return cents_of(value)
    raise ValueError("not a decimal text or number")


def _text(value: object, name: str, limit: int) -> str | None:
    """A text that Redshift can hold; its VARCHAR counts bytes."""
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        value = str(value)
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        raise RowFault(Reason.UNREADABLE_FIELD, f"{name} is not valid in the source's encoding") from None
    if size > limit:
        raise RowFault(Reason.TOO_LONG, f"{name} has {size} bytes, at most {limit} fit")
    if "\x00" in value:
        raise RowFault(Reason.UNREADABLE_FIELD, f"{name} holds a NUL")
    return value


def _optional(record: Record, name: str | None) -> int | None:
    """An identifier that may be absent."""
    value = record.get(name) if name else None
    if value is None or value == "":
        return None
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_ID:
        raise RowFault(Reason.UNREADABLE_FIELD, f"{name} is not a whole number")
    return value
