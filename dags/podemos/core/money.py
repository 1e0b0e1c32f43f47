"""Money is an integer number of cents (MXN). A float never touches it."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NewType

from podemos.core.errors import DataFault

Cents = NewType("Cents", int)

_TEXT = re.compile(r"[+-]?[0-9]{1,16}(\.[0-9]{1,2})?")


def parse_cents(text: str) -> Cents:
    """Cents of a decimal text such as ``1250``, ``1250.5`` or ``-0.01``.

    Raises:
        DataFault: the text is not a plain decimal with at most two decimals (no exponent, no thousands separator).
    """
    if not _TEXT.fullmatch(text):
        raise DataFault(f"amount {text!r} is not a decimal with at most two decimals; correct it at the source")
    sign = -1 if text.startswith("-") else 1
    whole, _, fraction = text.lstrip("+-").partition(".")
    return Cents(sign * (int(whole) * 100 + int(fraction.ljust(2, "0") or "0")))


def cents_of(value: Decimal) -> Cents:
    """Cents of an exact decimal; more than two decimals is a fault, never a rounding.

    Raises:
        DataFault: the value has a fraction of a cent or is not finite.
    """
    if not value.is_finite() or value != value.quantize(Decimal("0.01")):
        raise DataFault(f"amount {value} is not a whole number of cents; correct it at the source")
    return Cents(int(value.scaleb(2)))


def decimal_of(cents: Cents | int) -> Decimal:
    """The amount as DECIMAL(18,2)."""
    return Decimal(int(cents)).scaleb(-2)


def format_cents(cents: Cents | int) -> str:
    """Fixed text with two decimals and no separators, the form of every file: ``-0.01``."""
    sign, value = ("-" if cents < 0 else ""), abs(int(cents))
    return f"{sign}{value // 100}.{value % 100:02d}"


def format_pesos(cents: Cents | int) -> str:
    """Human text with thousands separators: ``1,250.01``."""
    sign, value = ("-" if cents < 0 else ""), abs(int(cents))
    return f"{sign}{value // 100:,}.{value % 100:02d}"
