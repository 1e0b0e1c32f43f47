"""Lands a bench's rows as pulls would: chunks and manifests in a folder, in the shipped format."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pyarrow as pa

from bench.curate.mix import NAMES, NEW_DAY, Mix
from local.folder_store import FolderStore
from podemos.branches import chunk, keys
from podemos.branches.landing import Chunk, Part, Range
from podemos.branches.state import Position
from podemos.contracts.branches import branches
from podemos.contracts.tables import contract
from podemos.core import manifest
from podemos.core.table import Table

HISTORY, NIGHT = 1_000, 2_000
"""Snapshot sequences."""
BEFORE, NOW = datetime(2026, 11, 19, 8, 0, tzinfo=UTC), datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def history(lake: FolderStore, mix: Mix) -> int:
    """What was there before the night; returns the rows."""
    return _land_all(lake, mix, "", HISTORY, date(2026, 11, 18))


def night(lake: FolderStore, mix: Mix) -> int:
    """The night's pages, and the ranges; returns the rows."""
    rows = _land_all(lake, mix, "_noche", NIGHT, NEW_DAY)
    table = contract("pagos").compiled()
    for found in mix.ranges:
        where = f"fecha_pago[1:10] = '{found['dia']}'"
        data = mix.page("pagos_final", table, found["id_sucursal"], where)
        rows += data.num_rows
        _land(lake, table, f"{found['id_sucursal']:03d}", NIGHT, NEW_DAY, 1_000, data, Range(found["dia"], 1, True))
    return rows


def _land_all(lake: FolderStore, mix: Mix, suffix: str, seq: int, day: date) -> int:
    rows, size = 0, branches().extraction.page_rows
    for name in NAMES:
        table = contract(name).compiled()
        for branch in branches().branches:
            data = mix.page(f"{name}{suffix}", table, int(branch.id))
            for part, first in enumerate(range(0, max(1, data.num_rows), size), 1):
                _land(lake, table, branch.id, seq, day, part, data.slice(first, size))
            rows += data.num_rows
    return rows


def _land(lake: FolderStore, table: Table, branch: str, seq: int, day: date, part: int, data: pa.Table,
          swept: Range | None = None) -> None:  # fmt: skip
    whole = data.append_column("id_sucursal", pa.repeat(pa.scalar(int(branch), pa.int64()), len(data)))
    whole = whole.append_column("snapshot_seq", pa.repeat(pa.scalar(seq, pa.int64()), len(data)))
    page = chunk.Page(table, branch, seq, whole.to_batches(), len(data))
    last = data.slice(len(data) - 1).to_pylist()[0] if len(data) else {}
    reached = Position(str(last[table.cursor]), tuple(str(last[name]) for name in table.primary_key)) if last else None
    landed = None
    if len(data):
        content = chunk.encode(page)
        key = keys.chunk(table.name, branch, day, seq, part)
        cents = chunk.cents(whole, table)
        amounts = chunk.pack(chunk.amounts(whole, table)) if len(data) <= chunk.EVIDENCE_ROWS else ""
        landed = Chunk(key, manifest.sha256(content), len(data), cents, len(content), amounts)
        lake.put_new(key, content)
    final = swept is None
    at = BEFORE if seq == HISTORY else NOW
    found = Part(table.name, branch, day, seq, part, final, at, None, reached, "", "", landed, 0, None, {}, swept)
    manifest.commit(lake, found.key, found.to_dict())
