"""The judge: lays a design out whole, as parquet, and counts the row groups that a reader cannot skip.

It knows nothing of the simulator: it has the rows, a design in words, and the conditions as pyarrow expressions.
A column of a slice is one file whose row groups hold what a 1-MB block would hold: as many values as their encoded
bytes allow, measured on the column itself. pyarrow excludes row groups, from the statistics in the file.
AZ64 has no public format; parquet's delta packing stands for it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from bench.redesign.queries import Report

_PRIME = np.uint64(2_654_435_761)


@dataclass(frozen=True)
class Words:
    """A design as the judge is told it."""

    name: str
    distkey: str | None
    sort: tuple[str, ...]
    encodings: dict[str, str]
    split: tuple[str, ...] = ()
    copied: bool = False


@dataclass(frozen=True)
class Judged:
    """Blocks touched by each report, and those that the layout has."""

    touched: dict[str, int]
    stored: int
    busiest: dict[str, int]


def judge(
    files: list[Path], design: Words, reports: Iterable[Report], slices: int, folder: Path, block_bytes: int
) -> Judged:
    """Lays out, counts, and removes what it wrote."""
    reports, slices = list(reports), 1 if design.copied else slices
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    wanted = sorted({column for report in reports for column in report.columns})
    orders = _orders(files, design, slices)
    each: dict[str, int] = {}
    for column in wanted:
        values = _read(files, column)
        if column in design.split:
            values = pc.dictionary_encode(values).indices
        for part, order in enumerate(orders):
            mine = values.take(pa.array(order))
            encoding = "az64" if column in design.split else design.encodings.get(column, "none")
            if column not in each:
                each[column] = _values_per_block(mine, encoding, folder, block_bytes)
            _write(mine, column, encoding, each[column], folder / f"{part}-{column}.parquet")
        del values
    touched, busiest = {}, {}
    for report in reports:
        counts = [_touched(report, design, part, folder) for part in range(slices)]
        touched[report.name], busiest[report.name] = sum(counts), max(counts)
    stored = sum(pq.ParquetFile(path).num_row_groups for path in folder.glob("*-*.parquet"))
    shutil.rmtree(folder)
    return Judged(touched, stored, busiest)


def _orders(files: list[Path], design: Words, slices: int) -> list[np.ndarray]:
    rows = sum(pq.ParquetFile(path).metadata.num_rows for path in files)
    if design.distkey:
        key = np.asarray(_read(files, design.distkey)).astype(np.uint64)
        slice_of = ((key * _PRIME) >> np.uint64(13)) % np.uint64(slices)
    else:
        slice_of = np.arange(rows) % slices
    keys = [np.asarray(_read(files, column)).astype(np.int64) for column in design.sort]
    found = []
    for part in range(slices):
        mine = np.flatnonzero(slice_of == part)
        found.append(mine[np.lexsort([key[mine] for key in reversed(keys)])])
    return found


def _read(files: list[Path], column: str) -> pa.Array:
    chunks = [chunk for path in files for chunk in pq.read_table(path, columns=[column]).column(0).chunks]
    found = pa.concat_arrays(chunks)
    return found.cast(pa.int64()) if pa.types.is_timestamp(found.type) else found


def _values_per_block(values: pa.Array, encoding: str, folder: Path, block_bytes: int) -> int:
    path = folder / "measure.parquet"
    _write(values, "c", encoding, 1_000_000, path)
    meta = pq.ParquetFile(path).metadata
    size = sum(meta.row_group(n).column(0).total_compressed_size for n in range(meta.num_row_groups))
    path.unlink()
    return max(1, int(block_bytes / max(size / max(1, len(values)), 1 / 512)))


def _write(values: pa.Array, column: str, encoding: str, each: int, path: Path) -> None:
    if pa.types.is_boolean(values.type):
        values = values.cast(pa.int32())
    kind = "DELTA_BINARY_PACKED" if encoding == "az64" else "PLAIN"
    pq.write_table(
        pa.table({column: values}),
        path,
        row_group_size=each,
        use_dictionary=False,
        column_encoding={column: kind},
        compression="zstd" if encoding == "zstd" else "none",
        compression_level=1 if encoding == "zstd" else None,
        write_statistics=True,
    )


def _touched(report: Report, design: Words, part: int, folder: Path) -> int:
    """Row groups of all the report's columns in which rows are that no statistics exclude."""
    kept: list[tuple[int, int]] = []
    for alternative in report.alternatives:
        runs = [(0, 2**62)]
        for column, condition in alternative:
            if column not in design.split:
                runs = _both(runs, _left(folder / f"{part}-{column}.parquet", condition))
        kept += runs
    count = 0
    for column in report.columns:
        start = 0
        meta = pq.ParquetFile(folder / f"{part}-{column}.parquet").metadata
        for n in range(meta.num_row_groups):
            end = start + meta.row_group(n).num_rows
            count += any(low < end and start < high for low, high in kept)
            start = end
    return count


def _left(path: Path, condition: pc.Expression) -> list[tuple[int, int]]:
    """Runs of rows in the row groups that pyarrow does not exclude."""
    fragment = next(iter(ds.dataset(path, format="parquet").get_fragments()))
    meta = fragment.metadata
    ends = np.cumsum([meta.row_group(n).num_rows for n in range(meta.num_row_groups)])
    return [
        (int(ends[group.id] - meta.row_group(group.id).num_rows), int(ends[group.id]))
        for group in fragment.subset(filter=condition).row_groups
    ]


def _both(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found = [(max(a, c), min(b, d)) for a, b in one for c, d in other if max(a, c) < min(b, d)]
    return sorted(found)
