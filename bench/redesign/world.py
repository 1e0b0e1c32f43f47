"""The table as it lies today, with its decay: what STV_BLOCKLIST shows, and a sample of its rows.

DISTSTYLE EVEN, SORTKEY (id_pago), nothing encoded. When twenty branches counted their payments side by side, a range of
numbers was a range of days. A branch that opens begins at 1, so each block now holds days of many years. Rows loaded
since the last VACUUM lie behind the sorted ones in the order of their arrival, and a changed row leaves a ghost.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.redesign.pagos import generate

SLICES = 4
SAMPLED = 0.01
GHOSTS = 0.12
UNSORTED_DAYS = 45
"""Days since the last VACUUM: the table is too large for the window."""
WIDTHS = {pa.int64(): 8, pa.timestamp("us"): 8, pa.date32(): 4, pa.bool_(): 1}


@dataclass(frozen=True)
class World:
    """What the generator wrote.

    Attributes:
        files: one parquet file for each month.
        blocks: rows of STV_BLOCKLIST: slice, column, number, values, least, greatest, unsorted.
        stored: rows with ghosts.
    """

    files: list[Path]
    rows: int
    stored: int
    sample: pa.Table
    blocks: list[tuple[int, str, int, int, int, int, bool]]
    unsorted: float
    client: tuple[int, int]


def build(folder: Path, rows: int, seed: int, columns: tuple[str, ...], block_bytes: int) -> World:
    """Generates, samples, and lays the table out as it is today.

    Args:
        columns: those whose blocks are told; the others are never read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed + 1)
    files, parts, total = [], [], 0
    for n, table in enumerate(generate(rows, seed)):
        path = folder / f"{n:03d}.parquet"
        pq.write_table(table, path, compression="zstd")
        files.append(path)
        total += table.num_rows
        parts.append(table.filter(pa.array(rng.random(table.num_rows) < SAMPLED)).drop_columns(["arrival"]))
    sample = pa.concat_tables(parts)
    sample = sample.take(pa.array(np.sort(rng.permutation(sample.num_rows)[: int(total * SAMPLED)])))
    pesos = pc.multiply(pc.cast(sample["monto"], pa.decimal128(19, 0)), pa.scalar(Decimal("0.01")))
    sample = sample.set_column(sample.column_names.index("monto"), "monto", pesos.cast(pa.decimal128(18, 2)))
    order, slices, unsorted = _order(files, total, rng)
    blocks: list[tuple[int, str, int, int, int, int, bool]] = []
    for column in columns:
        values, width = _column(files, column)
        each = max(1, int(block_bytes / width))
        for part in range(SLICES):
            mine = order[slices == part]
            if not len(mine):
                continue
            starts = np.arange(0, len(mine), each)
            found = values[mine]
            lows, highs = np.minimum.reduceat(found, starts), np.maximum.reduceat(found, starts)
            sizes = np.diff(np.append(starts, len(mine)))
            border = len(mine) * (1 - unsorted)
            blocks += [
                (part, column, number, int(size), int(low), int(high), bool(start >= border))
                for number, (size, low, high, start) in enumerate(zip(sizes, lows, highs, starts, strict=True))
            ]
    return World(files, total, len(order), sample, blocks, unsorted, someone(files))


def someone(files: list[Path]) -> tuple[int, int]:
    """Branch and client of a payment in the middle."""
    rows = pq.read_table(files[len(files) * 2 // 3], columns=["id_sucursal", "id_cliente"]).to_pylist()
    return rows[len(rows) // 2]["id_sucursal"], rows[len(rows) // 2]["id_cliente"]


def read(files: list[Path], column: str) -> pa.ChunkedArray:
    """One column of all months."""
    return pa.chunked_array(
        [chunk for path in files for chunk in pq.read_table(path, columns=[column]).column(0).chunks]
    )


def _order(files: list[Path], total: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, float]:
    """Stored rows in the order of each slice, their slices, and the share that is not sorted; ghosts stand twice."""
    arrival = np.asarray(read(files, "arrival"))
    ghosts = np.flatnonzero(rng.random(total) < GHOSTS)
    rows = np.concatenate([np.arange(total), ghosts])
    loaded = np.concatenate([arrival, arrival[ghosts] + rng.integers(1, 30, len(ghosts))])
    newest = int(arrival.max())
    unsorted = loaded > newest - UNSORTED_DAYS
    number = np.asarray(read(files, "id_pago"))[rows]
    key = np.where(unsorted, loaded.astype(np.int64) + 2**40, number)
    order = np.argsort(key, kind="stable")
    return rows[order], rng.integers(0, SLICES, len(rows)), float(unsorted.mean())


def _column(files: list[Path], column: str) -> tuple[np.ndarray, float]:
    """Values as integers, and bytes of one that is not encoded."""
    values = read(files, column)
    if pa.types.is_string(values.type):
        octets = (pc.sum(pc.binary_length(values)).as_py() or 0) / len(values) + 4
        coded = pc.dictionary_encode(values.combine_chunks())
        words = [int.from_bytes(w.encode()[:8].ljust(8, b"\0"), "big") - 2**63 for w in coded.dictionary.to_pylist()]
        # A NULL is no least and no greatest value; few blocks are without a text.
        filled = np.asarray(pc.fill_null(coded.indices, 0))
        return np.array(words, dtype=np.int64)[filled], octets
    width = WIDTHS[values.type]
    plain = values.cast(pa.int32()) if pa.types.is_date(values.type) else values
    return np.asarray(pc.cast(plain, pa.int64())), width
