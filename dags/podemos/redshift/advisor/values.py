"""Column values as 64-bit integers whose order is the column's: what zone maps compare.

Dates are days, times are microseconds, decimals are scaled; of text it is the first eight bytes, as in STV_BLOCKLIST.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from podemos.redshift.advisor.constants import instant
from podemos.redshift.advisor.workload import Range, Value

Integers = npt.NDArray[np.int64]
NULL = np.iinfo(np.int64).max
"""Sorts last, as NULL does in Redshift; no block's least or greatest value."""
LOWEST = np.iinfo(np.int64).min
_MICRO = 1_000_000
_FLOAT_SCALE = 6

Form = Literal["integer", "decimal", "float", "date", "timestamp", "text", "boolean"]
_FORMS: tuple[tuple[str, Form], ...] = (
    (r"timestamp|datetime", "timestamp"),
    (r"date$", "date"),
    (r"numeric|decimal", "decimal"),
    (r"real|double|float", "float"),
    (r"bool", "boolean"),
    (r"(small|big|tiny)?int|oid|identity", "integer"),
)


@dataclass(frozen=True, slots=True)
class Kind:
    """How a column's values compare and how wide they are.

    Attributes:
        width: bytes of a value that is not encoded; of text the mean is taken from its values instead.
    """

    form: Form
    scale: int = 0
    width: int = 8


def kind(type_text: str) -> Kind:
    """The kind of a declared type or of the catalog's data_type; what is not known is text."""
    text = type_text.strip().lower()
    form: Form = next((form for pattern, form in _FORMS if re.match(pattern, text)), "text")
    sizes = [int(size) for size in re.findall(r"\d+", text.partition("(")[2])]
    match form:
        case "decimal":
            precision = sizes[0] if sizes else 18
            return Kind(form, sizes[1] if len(sizes) > 1 else 0, 8 if precision <= 18 else 16)
        case "integer":
            return Kind(form, 0, 2 if "small" in text or "int2" in text else 8 if "big" in text or "8" in text else 4)
        case "date":
            return Kind(form, 0, 4)
        case "boolean":
            return Kind(form, 0, 1)
        case "float":
            return Kind(form, _FLOAT_SCALE, 8)
        case _:
            return Kind(form)


def integers(values: pa.Array | pa.ChunkedArray, of: Kind) -> Integers:
    """A column's values; NULL is `NULL`."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if len(values) == 0:
        return np.empty(0, dtype=np.int64)
    match of.form:
        case "text":
            found = _texts(values)
        case "date":
            found = _plain(pc.cast(pc.cast(values, pa.date32()), pa.int32()))
        case "timestamp":
            found = _plain(pc.cast(pc.cast(values, pa.timestamp("us")), pa.int64()))
        case "decimal":
            scaled = pc.multiply(pc.cast(values, pa.decimal128(28, of.scale)), pa.scalar(Decimal(10) ** of.scale))
            found = _plain(pc.cast(scaled, pa.int64(), safe=False))
        case "float":
            floats = np.nan_to_num(np.asarray(pc.fill_null(pc.cast(values, pa.float64()), 0.0)))
            found = np.clip(floats * 10**of.scale, -(2**62), 2**62).astype(np.int64)
        case _:
            found = _plain(pc.cast(values, pa.int64()))
    if values.null_count:
        found = found.copy()
        found[np.asarray(pc.is_null(values))] = NULL
    return found


def bounds(wanted: Range, of: Kind) -> tuple[int, int] | None:
    """Least and greatest integer that the range allows, both included; None if it does not fit the column."""
    low, high = _number(wanted.low, of), _number(wanted.high, of)
    if (low is None and wanted.low is not None) or (high is None and wanted.high is not None):
        return None
    least, greatest = LOWEST, int(NULL) - 1
    if low is not None:
        least = math.ceil(low)
        least += wanted.low_open and least == low and of.form != "text"
    if high is not None:
        greatest = math.floor(high)
        greatest -= wanted.high_open and greatest == high and of.form != "text"
    clip = int(NULL) - 1
    return max(LOWEST, min(least, clip)), max(LOWEST, min(greatest, clip))


def prefix(text: str) -> int:
    """The first eight bytes of a text, in its order."""
    return int.from_bytes(text.encode("utf-8", "replace")[:8].ljust(8, b"\0"), "big") - 2**63


def _number(value: Value | None, of: Kind) -> Decimal | None:
    if value is None:
        return None
    if of.form == "text":
        return Decimal(prefix(value if isinstance(value, str) else str(value)))
    if of.form in ("date", "timestamp"):
        moment = instant(value)
        if moment is None:
            return None
        if not isinstance(moment, datetime):
            moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
        past = moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
        micros = Decimal((past.days * 86400 + past.seconds) * _MICRO + past.microseconds)
        return micros / (86400 * _MICRO) if of.form == "date" else micros
    number = value
    if isinstance(value, str):
        text = value.strip().lower()
        try:
            number = Decimal({"true": "1", "false": "0"}.get(text, text))
        except ArithmeticError:
            return None
    if isinstance(number, Decimal) and number.is_finite():
        return number * Decimal(10) ** of.scale
    return None


def _plain(values: Any) -> Integers:
    return np.asarray(pc.fill_null(values, 0)).astype(np.int64)


def _texts(values: pa.Array) -> Integers:
    coded = pc.dictionary_encode(pc.cast(values, pa.string()))
    words = np.array([prefix(word) for word in coded.dictionary.to_pylist()] or [0], dtype=np.int64)
    found: Integers = words[np.asarray(pc.fill_null(coded.indices, 0))]
    return found
