"""Records into movements: exact, or excepted with a reason."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podemos.core.money import format_cents
from podemos.regulatory.rows import MAX_CENTS, Reason, RowFault, RowReader
from tests.unit.regulatory.deliveries import ALL, DAY, lines, record

PESOS, CENTAVOS = ALL.source("tarjetas"), ALL.source("spei")


def movement(source: Any, **changed: Any) -> Any:
    row = record(source, lines(source.id, 1)[0]) | changed
    return RowReader(source, DAY).movement(row, "0" * 64, 1)


def fault(source: Any, **changed: Any) -> RowFault:
    with pytest.raises(RowFault) as found:
        movement(source, **changed)
    return found.value


@given(st.integers(-MAX_CENTS, MAX_CENTS))
def test_an_amount_is_read_exactly_in_either_unit_and_every_form(cents: int) -> None:
    for value in (format_cents(cents), Decimal(cents).scaleb(-2)):
        assert movement(PESOS, importe=value).monto == cents
    for value in (cents, str(cents), Decimal(cents)):
        assert movement(CENTAVOS, amount_cents=value).monto == cents


@pytest.mark.parametrize(
    "value", ["1,250.00", "12.345", "1e3", "NaN", "$5", "", " 5", "５", Decimal("0.001"), 1.5, True]
)
def test_an_amount_that_is_not_exact_pesos_is_refused(value: Any) -> None:
    expected = Reason.MISSING_FIELD if value == "" else Reason.UNREADABLE_AMOUNT
    assert fault(PESOS, importe=value).reason is expected


@pytest.mark.parametrize("value", ["12.5", Decimal("0.5"), Decimal("Infinity"), 1.0, "1_000", False, 10**18])
def test_an_amount_that_is_not_whole_cents_is_refused(value: Any) -> None:
    assert fault(CENTAVOS, amount_cents=value).reason is Reason.UNREADABLE_AMOUNT


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"folio": ""}, Reason.MISSING_FIELD),
        ({"folio": "x" * 65}, Reason.TOO_LONG),
        ({"folio": "a\x00b"}, Reason.UNREADABLE_FIELD),
        ({"concepto": "ñ" * 129}, Reason.TOO_LONG),
        ({"concepto": "a\udcffb"}, Reason.UNREADABLE_FIELD),
        ({"naturaleza": "Z"}, Reason.UNKNOWN_TYPE),
        ({"naturaleza": None}, Reason.UNKNOWN_TYPE),
        ({"fecha_hora": "2026-02-30 10:00:00"}, Reason.UNREADABLE_INSTANT),
        ({"fecha_hora": "1899-01-01 10:00:00"}, Reason.UNREADABLE_INSTANT),
        ({"fecha_hora": "2026-11-19T10:00:00Z"}, Reason.UNREADABLE_INSTANT),
        ({"fecha_hora": ""}, Reason.MISSING_FIELD),
        ({"fecha_hora": "2026-11-20 00:00:00"}, Reason.WRONG_DAY),
        ({"sucursal": "centro"}, Reason.UNREADABLE_FIELD),
        ({"cliente": "-4"}, Reason.UNREADABLE_FIELD),
    ],
)
def test_a_faulty_field_is_excepted_with_its_reason_and_the_cents_that_are_known(
    changed: dict[str, Any], reason: Reason
) -> None:
    found = fault(PESOS, **changed)
    assert (found.reason, found.cents) == (reason, 1000)


def test_another_currency_is_excepted() -> None:
    assert fault(CENTAVOS, currency="USD").reason is Reason.CURRENCY


def test_a_repeated_id_is_excepted_and_the_first_one_stays() -> None:
    reader, row = RowReader(PESOS, DAY), record(PESOS, lines("tarjetas", 1)[0])
    assert reader.movement(row, "0" * 64, 1).fila == 1
    with pytest.raises(RowFault, match="came before") as found:
        reader.movement(row | {"importe": "99.99"}, "0" * 64, 2)
    assert (found.value.reason, found.value.cents) == (Reason.DUPLICATE_ID, 9999)


@pytest.mark.parametrize(
    ("source", "value", "instant"),
    [
        (PESOS, "2026-11-19 23:59:59", "2026-11-20T05:59:59.000000Z"),
        (PESOS, "2026-11-19T00:00:00", "2026-11-19T06:00:00.000000Z"),
        (PESOS, datetime(2026, 11, 19, 12, 0, 0, 5), "2026-11-19T18:00:00.000005Z"),
        (CENTAVOS, "2026-11-20T05:59:59Z", "2026-11-20T05:59:59.000000Z"),
        (CENTAVOS, "2026-11-19T22:30:00-07:00", "2026-11-20T05:30:00.000000Z"),
        (CENTAVOS, datetime(2026, 11, 19, 12, 0, tzinfo=UTC), "2026-11-19T12:00:00.000000Z"),
    ],
)
def test_an_instant_keeps_its_accounting_day_in_mexico_city(source: Any, value: Any, instant: str) -> None:
    assert movement(source, **{source.mapping.instante: value}).instante_utc == instant


def test_absent_identifiers_and_concept_are_null() -> None:
    found = movement(PESOS, sucursal="", cliente=None, concepto="")
    assert (found.id_sucursal, found.id_cliente, found.concepto) == (None, None, None)
    assert movement(PESOS, sucursal="017").id_sucursal == 17
