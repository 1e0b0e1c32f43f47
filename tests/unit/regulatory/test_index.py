"""A cell is read out of few blocks of a large file, each of them proven."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from podemos.core.errors import DataFault
from podemos.core.store import MemoryStore
from podemos.regulatory import index

ROWS = 400_000


class Counting(MemoryStore):
    """Counts the bytes that are read in ranges."""

    read = 0

    def get_range(self, key: str, start: int, size: int) -> bytes:
        data = super().get_range(key, start, size)
        self.read += len(data)
        return data


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Movements of two systems in the report's order, of a size that has many blocks and row groups."""
    path = tmp_path_factory.mktemp("index") / "m.parquet"
    duckdb.sql(f"""COPY (
        SELECT DATE '2026-11-19' AS fecha_contable, IF(i < {ROWS // 2}, 'cajeros', 'spei') AS id_sistema,
            printf('M-%09d', i % {ROWS // 2}) AS id_movimiento, NULL::BIGINT AS id_sucursal, i AS id_cliente,
            IF(i % 2 = 0, 'CARGO', 'ABONO') AS tipo, CAST(i * 0.01 AS DECIMAL(18, 2)) AS monto,
            md5(i::VARCHAR) AS instante_utc, md5((i + 1)::VARCHAR) AS concepto, 'f' AS archivo_sha256, i AS fila
        FROM range({ROWS}) AS r(i)
    ) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 20480)""")
    return path


def proven(path: Path) -> tuple[Counting, index.Proven, dict[str, Any]]:
    lake = Counting("lake")
    lake.put_file("m.parquet", path)
    data = {"key": "m.parquet", "bytes": path.stat().st_size}
    return lake, index.Proven(lake, data, index.blocks(path)), data


def test_the_lines_of_a_cell_are_found_in_few_blocks_and_exactly(large: Path) -> None:
    lake, file, data = proven(large)
    (found,) = index.lines(file, "spei", "ABONO", first="M-000100001", most=1)
    place = ROWS // 2 + 100_001
    assert (found["id_movimiento"], found["tipo"], found["fila"]) == ("M-000100001", "ABONO", place)
    assert int(found["monto"] * 100) == place
    assert 0 < lake.read < data["bytes"] / 4
    _, file, _ = proven(large)
    assert [row["fila"] for row in index.lines(file, "cajeros", "CARGO", first="", most=3)] == [0, 2, 4]
    _, file, _ = proven(large)
    assert list(index.lines(file, "nomina", "CARGO", first="", most=3)) == []


def test_what_is_read_across_blocks_is_what_is_there_and_a_changed_block_is_named(large: Path) -> None:
    lake, file, data = proven(large)
    whole = large.read_bytes()
    for start, size in ((0, 10), (index.BLOCK - 3, 7), (index.BLOCK // 2, 2 * index.BLOCK), (len(whole) - 5, 50)):
        file.seek(start)
        assert file.read(size) == whole[start : start + size]
    changed = bytearray(whole)
    changed[2 * index.BLOCK + 9] ^= 1
    lake.replace(data["key"], bytes(changed))
    file = index.Proven(lake, data, index.blocks(large))
    file.seek(0)
    assert file.read(index.BLOCK) == whole[: index.BLOCK]
    with pytest.raises(DataFault, match="was changed within its MiB 2"):
        file.seek(index.BLOCK)
        file.read(2 * index.BLOCK)
