"""One branch's rows out of a large curated file: the rows are there, and most of the file is not fetched."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from podemos.branches import ranged
from podemos.core.errors import NotFound
from podemos.core.store import MemoryStore

BRANCHES, ROWS = 40, 2_000
LARGE = 9 << 20
"""What a manifest says; the file itself is small."""


class Counting(MemoryStore):
    fetched = 0

    def get_range(self, key: str, start: int, size: int) -> bytes:
        found = super().get_range(key, start, size)
        self.fetched += len(found)
        return found


@pytest.fixture
def lake() -> Counting:
    store, sink = Counting(), io.BytesIO()
    branch = [number // ROWS + 1 for number in range(BRANCHES * ROWS)]
    text = [f"{number * 7919 % 1_000_003:x}" * 3 for number in range(BRANCHES * ROWS)]
    rows = pa.table({"id_sucursal": branch, "texto": text, "otro": text})
    pq.write_table(rows, sink, row_group_size=5 * ROWS, compression="none", use_dictionary=False)
    store.put_new("a.parquet", sink.getvalue())
    return store


@pytest.mark.parametrize("size", [0, LARGE])
def test_the_rows_are_those_of_the_branch(lake: Counting, size: int) -> None:
    found = pa.Table.from_batches(ranged.batches(lake, "a.parquet", size, ("texto", "id_sucursal", "falta"), 17))
    mine = found.filter(pc.equal(found["id_sucursal"], 17))
    assert mine["texto"].to_pylist() == [f"{n * 7919 % 1_000_003:x}" * 3 for n in range(16 * ROWS, 17 * ROWS)]
    assert found.column_names == ["texto", "id_sucursal"], "a column that the file lacks is left to the caller"


def test_of_a_large_file_only_the_row_group_is_fetched(lake: Counting) -> None:
    rows = sum(batch.num_rows for batch in ranged.batches(lake, "a.parquet", LARGE, ("texto", "id_sucursal"), 17))
    assert rows == 5 * ROWS
    assert lake.fetched < len(lake.get("a.parquet")) / 4
    assert not list(ranged.batches(lake, "a.parquet", LARGE, ("texto",), BRANCHES + 1))


def test_a_file_that_is_gone_is_said_to_be(lake: Counting) -> None:
    with pytest.raises(NotFound):
        list(ranged.batches(lake, "b.parquet", LARGE, ("texto",), 1))
