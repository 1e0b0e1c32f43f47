"""The day under test, and a reader of deliveries that shares nothing with their writer."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from local.sources.catalog import System

DAY = date(2026, 11, 19)
START = datetime(2026, 11, 20, 8, tzinfo=UTC)
"""02:00 in Mexico City of the day after."""
CLIENTS = {number: list(range(1, 21)) for number in (1, 2, 17, 104)}


class Clock:
    """Simulated time: sleeping moves it."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def rows_of(system: System, data: bytes) -> list[dict[str, Any]]:
    """The rows of a file as the format gives them."""
    if system.compression == "gzip":
        data = gzip.decompress(data)
    if system.format == "parquet":
        rows: list[dict[str, Any]] = pq.ParquetFile(pa.BufferReader(data)).read().to_pylist()
        return rows
    text = data.decode(system.encoding)
    if system.format == "jsonl":
        return [json.loads(line) for line in text.splitlines()]
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=system.delimiter))


def cents_of(system: System, row: dict[str, Any]) -> int:
    """The row's amount."""
    value = row[system.mapping.monto]
    if system.mapping.monto_unit == "centavos":
        return int(value)
    amount = Decimal(value) * 100
    assert amount == int(amount)
    return int(amount)


def instant_of(system: System, row: dict[str, Any]) -> datetime:
    """The row's instant, aware."""
    moment = datetime.fromisoformat(row[system.mapping.instante])
    zone = system.mapping.instante_zone
    return moment.replace(tzinfo=ZoneInfo(zone)) if zone else moment


def signed_cents(system: System, rows: list[dict[str, Any]]) -> Iterator[int]:
    """Debits positive, credits negative."""
    for row in rows:
        sign = {"CARGO": 1, "ABONO": -1}[system.mapping.tipo_values[row[system.mapping.tipo]]]
        yield sign * cents_of(system, row)
