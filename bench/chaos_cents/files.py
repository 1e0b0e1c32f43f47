"""Changes rows inside the files of the hops: canonical parquet, and the report's CSV."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bench.chaos_cents.rows import Defect, apply
from podemos.core.manifest import read
from podemos.core.store import MemoryStore
from podemos.regulatory.movement import Movement
from podemos.regulatory.render import HEADER

Record = dict[str, Any]


def in_parquet(data: bytes, defect: Defect) -> bytes:
    """The canonical movements with the defect."""
    table = pq.read_table(io.BytesIO(data))
    rows = apply(
        defect,
        table.to_pylist(),
        lambda row: (row["id_sistema"], row["id_movimiento"]),
        lambda row, cents: row | {"monto": Decimal(cents).scaleb(-2)},
        lambda row: row | {"fecha_contable": _next(row["fecha_contable"])},
        lambda row, system: row | {"id_sistema": system},
    )
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), sink, compression="zstd")
    return sink.getvalue()


def in_csv(data: bytes, defect: Defect) -> bytes:
    """The report's movements with the defect, in the report's own form."""
    header, *records = csv.reader(io.StringIO(data.decode(), newline=""))
    rows: list[Record] = [dict(zip(header, record, strict=True)) for record in records]
    rows = apply(
        defect,
        rows,
        lambda row: (row["id_sistema"], row["id_movimiento"]),
        lambda row, cents: row | {"monto": f"{cents // 100}.{cents % 100:02d}"},
        lambda row: row | {"fecha_contable": _next(date.fromisoformat(row["fecha_contable"])).isoformat()},
        lambda row, system: row | {"id_sistema": system},
    )
    lines = [",".join(HEADER)]
    for row in rows:
        quoted = row | {"id_movimiento": _quote(row["id_movimiento"])}
        quoted["concepto"] = _quote(row["concepto"]) if row["concepto"] else ""
        lines.append(",".join(quoted[name] for name in HEADER))
    return ("\n".join(lines) + "\n").encode()


def _quote(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def in_movement(movement: Movement, defect: Defect) -> list[Movement]:
    """What a reader with a fault makes of one movement."""
    return apply(
        defect,
        [movement],
        lambda m: (m.id_sistema, m.id_movimiento),
        lambda m, cents: m._replace(monto=cents),
        lambda m: m._replace(fecha_contable=_next(m.fecha_contable)),
        lambda m, system: m._replace(id_sistema=system),
    )


def in_source(movements: tuple[Any, ...], source_id: str, defect: Defect) -> list[Any]:
    """A simulator's movements of one file; a row that moves to another system is only taken away here."""
    return [
        row
        for row in apply(
            defect,
            movements,
            lambda m: (source_id, m.id_movimiento),
            lambda m, cents: replace(m, cents=cents),
            lambda m: replace(m, instant=m.instant + timedelta(days=1)),
            lambda m, system: None,
        )
        if row is not None
    ]


def normalised(lake: MemoryStore, key: str, source_id: str, defect: Defect) -> None:
    """Changes a normalised file under its manifest, and its length in the manifest that COPY reads."""
    manifest, _ = read(lake, key)
    entry = next(one for one in manifest["sources"] if one["source"] == source_id)
    file = entry["data"]["key"]
    data = in_parquet(lake.get(file), defect)
    lake.replace(file, data)
    copy_key = manifest["copy_manifest"]["key"]
    copy = json.loads(lake.get(copy_key))
    for listed in copy["entries"]:
        if listed["url"].endswith(file):
            listed["meta"]["content_length"] = len(data)
    lake.replace(copy_key, json.dumps(copy).encode())


def _next(day: date) -> date:
    return day + timedelta(days=1)
