"""Values as Redshift prints them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal


def as_text(value: object) -> str:
    """Text of a value: decimals with all their digits, timestamps without trailing zeros, booleans as t and f."""
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, datetime):
        zone = ""
        if value.tzinfo is not None:
            value, zone = value.astimezone(UTC).replace(tzinfo=None), "+00"
        text = value.isoformat(" ")
        return (text.rstrip("0").rstrip(".") if "." in text else text) + zone
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return str(value)
