"""A system's movements as the bytes of its file: CSV, JSON lines or Parquet, in its own names, codes and units."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from local.sources.catalog import Fields, System
from local.sources.movements import MEXICO_CITY, Movement, stable_number

CANONICAL = ("id_movimiento", "monto", "tipo", "instante", "id_sucursal", "id_cliente", "concepto", "moneda")
"""Order of the columns, and of the values in a row hash."""
UNMAPPED = "referencia_interna"
"""A column that no mapping names: a reader must go by name."""
EXTENSIONS = {"csv": ".csv", "jsonl": ".jsonl", "parquet": ".parquet"}

Record = dict[str, Any]
"""Source field -> value as the format carries it."""


def extension(system: System) -> str:
    """`.csv.gz` and the like."""
    return EXTENSIONS[system.format] + (".gz" if system.compression == "gzip" else "")


def encode(system: System, movements: Sequence[Movement]) -> bytes:
    """One file. Equal movements give equal bytes: no time stamp, no hash order, no locale."""
    records = [record(system, movement) for movement in movements]
    data = {"csv": _csv, "jsonl": _jsonl, "parquet": _parquet}[system.format](system, records)
    return gzip.compress(data, mtime=0) if system.compression == "gzip" else data


def record(system: System, movement: Movement) -> Record:
    """One movement in the system's own field names."""
    mapping = system.mapping
    values = {
        "id_movimiento": movement.id_movimiento,
        "monto": _amount(system, movement.cents),
        "tipo": mapping.code_of(movement.tipo),
        "instante": _instant(system.id, mapping, movement.instant),
        "id_sucursal": f"{movement.id_sucursal:03d}" if system.format == "csv" else movement.id_sucursal,
        "id_cliente": movement.id_cliente,
        "concepto": movement.concepto,
        "moneda": "MXN",
    }
    named = {getattr(mapping, column): values[column] for column in CANONICAL if getattr(mapping, column)}
    return {**named, UNMAPPED: f"{stable_number(movement.id_movimiento):010d}"}


def row_hash(system: System, movement: Movement) -> str:
    """SHA-256 of the row as text: each mapped value in canonical order as `<octets>:<UTF-8 bytes>`, null as `-1:`.

    Values are as the file holds them: a CSV cell's text (never null), a number's digits, a decimal with two decimals.
    """
    values = record(system, movement)
    digest = hashlib.sha256()
    for column in CANONICAL:
        field = getattr(system.mapping, column)
        if not field:
            continue
        value = values[field]
        if value is None and system.format == "csv":
            value = ""
        data = None if value is None else str(value).encode()
        digest.update(b"-1:" if data is None else b"%d:%b" % (len(data), data))
    return digest.hexdigest()


def _amount(system: System, cents: int) -> Any:
    """Centavos are whole numbers; pesos are exact decimals, as text where the format has no decimal of its own."""
    if system.mapping.monto_unit == "centavos":
        return cents
    return Decimal(cents).scaleb(-2) if system.format == "parquet" else f"{cents // 100}.{cents % 100:02d}"


def _instant(source_id: str, mapping: Fields, instant: datetime) -> str:
    """Wall time of the mapping's zone; without one ISO 8601: some systems in UTC, the others with an offset."""
    if mapping.instante_zone is None:
        if stable_number(source_id, "instant") % 2:
            return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        return instant.astimezone(MEXICO_CITY).isoformat()
    wall = instant.astimezone(ZoneInfo(mapping.instante_zone))
    return f"{wall:%Y-%m-%d %H:%M:%S}"


def _csv(system: System, records: list[Record]) -> bytes:
    text = io.StringIO(newline="")
    ending = "\r\n" if system.encoding == "latin-1" else "\n"
    writer = csv.writer(text, delimiter=system.delimiter, lineterminator=ending)
    writer.writerow(_header(system))
    writer.writerows(one.values() for one in records)
    return text.getvalue().encode(system.encoding)


def _jsonl(system: System, records: list[Record]) -> bytes:
    write = partial(json.dumps, ensure_ascii=bool(stable_number(system.id, "ascii") % 2), separators=(",", ":"))
    return "".join(write(one) + "\n" for one in records).encode(system.encoding)


def _parquet(system: System, records: list[Record]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    centavos = system.mapping.monto_unit == "centavos"
    types = dict.fromkeys(_header(system), pa.string())
    types[system.mapping.monto] = pa.int64() if centavos else pa.decimal128(18, 2)
    types.update({name: pa.int64() for name in (system.mapping.id_sucursal, system.mapping.id_cliente) if name})
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(records, schema=pa.schema(list(types.items()))), sink, compression="zstd")
    return sink.getvalue()


def _header(system: System) -> list[str]:
    named = [getattr(system.mapping, column) for column in CANONICAL]
    return [*(name for name in named if name), UNMAPPED]
