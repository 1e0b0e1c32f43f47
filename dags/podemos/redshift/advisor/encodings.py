"""Bytes of an encoded value, estimated from a sample in the order that a design would store.

AZ64's format is not published. What is: it packs small groups of values, and it profits from order. Here it is the
bits of the differences within groups of 32 neighbours. In the whole table neighbours are nearer to each other than in
the sample: differences along the sort key are scaled by the sample's fraction.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from podemos.redshift.advisor.sample import Sample
from podemos.redshift.advisor.values import NULL, Integers, Kind

GROUP = 32
_GROUP_BYTES = 1.3
"""Header of a group."""
_LEAST = 1 / 512
"""Bytes of a value that repeats for whole blocks."""
_TEXT_HEADER = 4
_ASSUMED_TEXT = 16
_DICTIONARY = 256
NUMERIC = ("az64", "none", "zstd")
TEXT = ("zstd", "none")


def bytes_per_value(sample: Sample, column: str, encoding: str, order: Integers, sort: Sequence[str]) -> float:
    """Mean bytes of a value of the column.

    Args:
        sample: values.
        column: which one.
        encoding: lower case, as the catalog has it.
        order: the sample's rows in the order of one slice.
        sort: the sort key that makes this order.
    """
    kind = sample.kinds.get(column, Kind("text"))
    if column in sample.texts:
        return _text(sample.texts[column].take(pa.array(order)), encoding)
    values = sample.columns.get(column)
    if values is None or not len(order):
        return float(_ASSUMED_TEXT if kind.form == "text" else kind.width) / (1 if encoding in ("none", "raw") else 3)
    match encoding:
        case "none" | "raw":
            return float(kind.width)
        case "bytedict":
            return 1.0 if len(np.unique(values[order])) <= _DICTIONARY else kind.width + 1.0
        case "zstd" | "lzo" | "deflate":
            return max(_LEAST, _zstd(values[order].tobytes()) / len(order))
        case "runlength":
            runs = 1 + np.count_nonzero(np.diff(values[order]))
            return max(_LEAST, runs * (kind.width + 1.0) / len(order))
        case _:
            return _packed(sample, column, order, sort)


def best(sample: Sample, column: str, order: Integers, sort: Sequence[str]) -> tuple[str, float]:
    """The encoding with the fewest bytes; the leading sort column is not encoded, so that a scan skips exactly.

    A change of encoding must save a tenth: AZ64 and ZSTD cost least to read.
    """
    if sort[:1] == (column,) or sort[:1] == [column]:
        return "none", bytes_per_value(sample, column, "none", order, sort)
    kinds = TEXT if column in sample.texts or sample.kinds.get(column, Kind("text")).form == "text" else NUMERIC
    if kinds is NUMERIC and sample.kinds[column].form in ("boolean", "float"):
        kinds = ("zstd", "none")
    found = kinds[0], bytes_per_value(sample, column, kinds[0], order, sort)
    for encoding in kinds[1:]:
        size = bytes_per_value(sample, column, encoding, order, sort)
        if size < 0.9 * found[1]:
            found = encoding, size
    return found


def surrogate_bytes(sample: Sample, column: str, order: Integers) -> float:
    """Mean bytes of the key that stands for a repeated text."""
    codes = pc.dictionary_encode(sample.texts[column]).indices
    return _spread(np.diff(np.asarray(pc.fill_null(codes, 0))[order].astype(np.float64)), exact=True) or 4.0


def _packed(sample: Sample, column: str, order: Integers, sort: Sequence[str]) -> float:
    values = np.where(sample.columns[column] == NULL, 0, sample.columns[column])[order]
    steps = np.diff(values).astype(np.float64)
    if column in sort:
        tied = np.ones(len(steps), dtype=bool)
        for before in sort[: list(sort).index(column)]:
            if before in sample.columns:
                tied &= np.diff(sample.columns[before][order]) == 0
        if np.count_nonzero(tied) >= GROUP:
            steps = steps[tied] * sample.fraction
    return _spread(steps, exact=column not in sort) or float(sample.kinds[column].width)


def _spread(steps: npt.NDArray[np.float64], *, exact: bool) -> float:
    """Mean bytes of a value whose differences are packed by groups; 0 for fewer than one group.

    Args:
        steps: differences of neighbours.
        exact: the differences are whole; scaled ones have a mean of bits that is no whole number.
    """
    groups = len(steps) // GROUP
    if not groups:
        return 0.0
    shaped = steps[: groups * GROUP].reshape(groups, GROUP)
    bits = np.log2(shaped.max(axis=1) - shaped.min(axis=1) + 1)
    return max(_LEAST, float((np.ceil(bits - 1e-9) if exact else bits).mean()) / 8 + _GROUP_BYTES / GROUP)


def _text(values: pa.Array, encoding: str) -> float:
    if not len(values):
        return float(_ASSUMED_TEXT)
    octets = float(pc.sum(pc.binary_length(values)).as_py() or 0) / len(values)
    match encoding:
        case "none" | "raw":
            return octets + _TEXT_HEADER
        case "bytedict" | "text255":
            distinct = len(pc.unique(values))
            return 1.0 if distinct <= _DICTIONARY else octets + _TEXT_HEADER + 1
        case _:
            joined = b"".join(
                (b"\0" if text is None else len(text).to_bytes(2, "little") + text)
                for text in pc.cast(values, pa.binary()).to_pylist()
            )
            return max(_LEAST, _zstd(joined) / len(values))


def _zstd(content: bytes) -> int:
    return int(_codec().compress(content).size)


@lru_cache(maxsize=1)
def _codec() -> pa.Codec:
    return pa.Codec("zstd", compression_level=1)
