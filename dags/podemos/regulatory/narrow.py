"""Reads a source's sealed bytes again, to say which row differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from podemos.contracts.sources import Source
from podemos.core.money import cents_of
from podemos.core.states import State
from podemos.core.store import ObjectStore
from podemos.regulatory.movement import COLUMNS, Movement
from podemos.regulatory.normalise import canonical_file
from podemos.regulatory.readers import BATCH_ROWS


def sealed_movements(
    source: Source, sealed: Mapping[str, Any], day: date, lake: ObjectStore, work: Path
) -> Iterator[Movement]:
    """The movements of the sealed bytes; none for a missing source."""
    if sealed["state"] == State.MISSING:
        return
    movements = canonical_file(source, sealed, day, lake, work).movements
    yield from read_movements(movements.path)


def read_movements(path: Path) -> Iterator[Movement]:
    """The movements of a canonical parquet file."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(BATCH_ROWS, columns=list(COLUMNS)):
            for row in batch.to_pylist():
                yield Movement(**row | {"monto": cents_of(row["monto"])})
