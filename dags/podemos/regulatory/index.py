"""The index of a night's movements: sums of each cell by file, and a SHA-256 of every MiB of the file with the rows.

With it a total is traced by reading a few MiB of hundreds, and each byte that is read is still proven.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from podemos.core.errors import DataFault
from podemos.core.seekable import SeekableObject
from podemos.core.store import ObjectStore

BLOCK = 1 << 20
"""Bytes under one hash."""
COLUMNS = (
    "id_movimiento",
    "id_sucursal",
    "id_cliente",
    "tipo",
    "monto",
    "instante_utc",
    "concepto",
    "archivo_sha256",
    "fila",
)


def blocks(path: Path) -> list[str]:
    """The SHA-256 of each block of a file."""
    with path.open("rb") as file:
        return [sha256(block).hexdigest() for block in iter(partial(file.read, BLOCK), b"")]


class Proven(SeekableObject):
    """An object of the lake as a file to seek in: only the blocks that are read are fetched, and each is proven.

    Args:
        lake: holds it.
        data: key and bytes of the object.
        hashes: of its blocks.
    """

    def __init__(self, lake: ObjectStore, data: Mapping[str, Any], hashes: list[str]) -> None:
        super().__init__(lake, data["key"], int(data["bytes"]))
        self._hashes, self._held = hashes, dict[int, bytes]()

    def readinto(self, buffer: Any) -> int:
        """Fills the buffer, or less at the end.

        Raises:
            DataFault: a block is not the one that was indexed.
        """
        wanted = max(0, min(len(buffer), self._size - self._at))
        first, end, filled = self._at // BLOCK, self._at + wanted, 0
        for number in range(first, -(-end // BLOCK)):
            block = self._block(number)
            part = block[max(0, self._at - number * BLOCK) : end - number * BLOCK]
            buffer[filled : filled + len(part)] = part
            filled += len(part)
        self._at += filled
        return filled

    def _block(self, number: int) -> bytes:
        if number not in self._held:
            block = self._lake.get_range(self._key, number * BLOCK, BLOCK)
            if sha256(block).hexdigest() != self._hashes[number]:
                raise DataFault(f"{self._lake.uri(self._key)} was changed within its MiB {number}; restore it")
            self._held[number] = block
        return self._held[number]


def lines(file: Proven, system: str, tipo: str, *, first: str, most: int) -> Iterator[dict[str, Any]]:
    """The movements of a cell from an id on, in the report's order: only the row groups that can hold them are read.

    Args:
        file: the movements as parquet, in the order of system and id.
        system: of the cell.
        tipo: of the cell.
        first: the id to begin with; empty for the first one.
        most: so many lines.
    """
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    with pq.ParquetFile(file) as parquet:
        names = parquet.schema_arrow.names
        places = [names.index(name) for name in ("id_sistema", "id_movimiento")]
        for number in range(parquet.num_row_groups):
            group = parquet.metadata.row_group(number)
            systems, ids = (group.column(place).statistics for place in places)
            if systems is not None and systems.has_min_max and not systems.min <= system <= systems.max:
                continue
            alone = systems is not None and systems.has_min_max and systems.min == systems.max
            if alone and ids is not None and ids.has_min_max and ids.max < first:
                continue
            table = parquet.read_row_group(number, columns=["id_sistema", *COLUMNS])
            of_cell = pc.and_(pc.equal(table["id_sistema"], system), pc.equal(table["tipo"], tipo))
            found = table.filter(pc.and_(of_cell, pc.greater_equal(table["id_movimiento"], first))).slice(0, most)
            yield from found.select(COLUMNS).to_pylist()
            most -= found.num_rows
            if most <= 0:
                return
