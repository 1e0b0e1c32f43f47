"""Cents are exact or refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podemos.core.errors import DataFault
from podemos.core.money import cents_of, decimal_of, format_cents, format_pesos, parse_cents

cents = st.integers(-(10**18) + 1, 10**18 - 1)


@given(cents)
def test_text_and_decimal_carry_every_amount_of_decimal_18_2_exactly(amount: int) -> None:
    assert parse_cents(format_cents(amount)) == amount
    assert cents_of(decimal_of(amount)) == amount


@pytest.mark.parametrize(
    ("text", "expected"), [("1250", 125000), ("1250.5", 125050), ("-0.01", -1), ("+7.10", 710), ("0", 0)]
)
def test_plain_decimals_are_read(text: str, expected: int) -> None:
    assert parse_cents(text) == expected


@pytest.mark.parametrize(
    "text", ["", "1,250.00", "1.005", "1e3", "NaN", "0x1F", " 1", "1.", "--1", "1_000", "99999999999999999.00", "١"]
)
def test_anything_else_is_refused_and_named(text: str) -> None:
    with pytest.raises(DataFault, match="decimal"):
        parse_cents(text)


@pytest.mark.parametrize("value", ["0.001", "NaN", "Infinity", "1E-3"])
def test_a_fraction_of_a_cent_is_a_fault_not_a_rounding(value: str) -> None:
    with pytest.raises(DataFault):
        cents_of(Decimal(value))


def test_people_read_thousands_separators() -> None:
    assert format_pesos(-125001) == "-1,250.01"
