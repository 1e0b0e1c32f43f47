"""Streams the records of one data file: CSV, JSON lines or parquet, gzipped or not, in bounded memory.

A record that is not one (a broken line, a wrong number of fields) is yielded as a `RowFault`; a file that cannot be
read on is an `UnreadableFile`. Records count from 1; a CSV's header does not count.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO, cast

from podemos.contracts.sources import Source
from podemos.core.errors import DataFault
from podemos.regulatory.rows import Reason, Record, RowFault

Item = tuple[int, Record | RowFault]
BATCH_ROWS = 10_000
_MAX_LINE = 1 << 20


class UnreadableFile(DataFault):
    """A file that cannot be read to its end; the message names the file, the record and the remedy.

    `changed` says that the sealed bytes are no longer there.
    """

    def __init__(self, message: str, *, changed: bool = False) -> None:
        super().__init__(message)
        self.changed = changed


def records(source: Source, path: Path, name: str) -> Iterator[Item]:
    """The records of a data file.

    Args:
        source: names format, compression, delimiter and encoding.
        path: a local copy of the sealed bytes.
        name: the file's name, for messages.

    Raises:
        UnreadableFile: broken compression, a truncated parquet, a missing column, an amount stored as a float.
    """
    at = 0
    try:
        for at, record in _FORMATS[source.format](source, path):
            yield at, record
    except (OSError, EOFError, zlib.error, ValueError, csv.Error) as error:
        raise UnreadableFile(
            f"{name}: unreadable after record {at} ({error}); ask {source.contact} to deliver it again"
        ) from None


def _open_text(source: Source, path: Path) -> TextIO:
    """Undecodable bytes pass as surrogates, so that only the row that holds them is excepted."""
    opened = gzip.open if source.compression == "gzip" else io.open
    text = opened(path, "rt", encoding=source.encoding, errors="surrogateescape", newline="")
    return cast(TextIO, text)


def _csv(source: Source, path: Path) -> Iterator[Item]:
    with _open_text(source, path) as text:
        reader = csv.reader(text, delimiter=source.delimiter, strict=True)
        header = next(reader, [])
        if header:
            header[0] = header[0].removeprefix("\ufeff")
        _require(source, header)
        at = 0
        while True:
            at += 1
            try:
                values = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield at, RowFault(Reason.UNREADABLE_ROW, f"line {reader.line_num}: {error}")
                continue
            if len(values) != len(header):
                yield at, RowFault(Reason.UNREADABLE_ROW, f"{len(values)} fields, the header has {len(header)}")
            else:
                yield at, dict(zip(header, values, strict=True))


def _jsonl(source: Source, path: Path) -> Iterator[Item]:
    with _open_text(source, path) as text:
        for at, line in enumerate(iter(lambda: text.readline(_MAX_LINE), ""), start=1):
            try:
                record = json.loads(line, parse_float=Decimal, parse_constant=_refuse)
            except (ValueError, RecursionError) as error:
                yield at, RowFault(Reason.UNREADABLE_ROW, f"not JSON: {error}")
                continue
            if isinstance(record, dict):
                yield at, record
            else:
                yield at, RowFault(Reason.UNREADABLE_ROW, "not a JSON object")


def _parquet(source: Source, path: Path) -> Iterator[Item]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        wanted = _require(source, file.schema_arrow.names)
        amount = source.mapping.monto if source.mapping else ""
        if pa.types.is_floating(file.schema_arrow.field(amount).type):
            raise ValueError(f"column {amount} is a float; money must be decimal, integer cents or text")
        at = 0
        for batch in file.iter_batches(BATCH_ROWS, columns=wanted):
            for record in batch.to_pylist():
                at += 1
                yield at, record


def _require(source: Source, names: list[str]) -> list[str]:
    """The fields the mapping needs; all must be there."""
    fields = source.mapping.model_dump(exclude={"monto_unit", "tipo_values", "instante_zone"}) if source.mapping else {}
    wanted = [name for name in fields.values() if name]
    if lacking := [name for name in wanted if name not in names]:
        raise ValueError(f"column {', '.join(lacking)} is missing; the file has {', '.join(names) or 'none'}")
    return wanted


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not a number")


_FORMATS = {"csv": _csv, "jsonl": _jsonl, "parquet": _parquet}
