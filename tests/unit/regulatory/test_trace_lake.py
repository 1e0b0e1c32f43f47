"""A curated payment back to its chunk, pull and run: the documents lie where the branches' own module puts them."""

from __future__ import annotations

import hashlib
import io
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from podemos.branches import keys
from podemos.core.manifest import commit
from podemos.core.store import MemoryStore
from podemos.regulatory import trace_lake
from podemos.regulatory.frozen import freeze

DAY = date(2026, 11, 19)


def put(lake: MemoryStore, key: str, rows: list[dict[str, Any]]) -> str:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink, row_group_size=2)
    lake.put_new(key, sink.getvalue())
    return hashlib.sha256(sink.getvalue()).hexdigest()


class Lake:
    """Two pulls of branch 007, taken by two revisions; the second one edited payment 3."""

    def __init__(self) -> None:
        self.store = MemoryStore("lake")
        first = self.pulled(1, [1, 2, 3])
        second = self.pulled(2, [3])
        day = commit(self.store, keys.day_manifest("pagos", f"{DAY}", "r2"), {"plan": {"key": "plan-2", "sha256": "p"}})
        curated = keys.curated_day("pagos", f"{DAY}", "r2") + "part-0.parquet"
        rows = [{"id_sucursal": 7, "id_pago": n, "snapshot_seq": 2 if n == 3 else 1} for n in (1, 2, 3)]
        put(self.store, curated, rows)
        older = commit(self.store, keys.revision(1), {"revision": 1, "previous": None, "chunks": {"pagos": [first]}})
        newer = commit(
            self.store,
            keys.revision(2),
            {
                "revision": 2,
                "previous": older.to_dict(),
                "chunks": {"pagos": [second]},
                "days": {"pagos": {f"{DAY}": {"manifest": day.to_dict(), "files": [{"key": curated}]}}},
            },
        )
        self.control = commit(self.store, keys.control(DAY, 1), {"revision": newer.to_dict()}).to_dict()
        self.file = freeze(self.store, curated)

    def pulled(self, seq: int, ids: list[int]) -> dict[str, str]:
        """A landed chunk, its manifest and the batch's; another batch names another chunk."""
        key = keys.chunk("pagos", "007", DAY, seq, 1)
        sha256 = put(self.store, key, [{"id_pago": n} for n in ids])
        part = {"branch": "007", "seq": seq, "part": 1, "as_of": f"2026-11-19T1{seq}:00:00.000000Z"}
        pull = commit(self.store, keys.pull("pagos", "007", DAY, seq, 1), part)
        ran = {"owner": f"run {seq}", "started": "s", "finished": "f", "pulls": [pull.to_dict()]}
        commit(self.store, keys.batch(DAY, "001", "010", f"{seq}" * 64), ran)
        return {"key": key, "sha256": sha256}

    def origin(self, row: int) -> dict[str, Any]:
        return trace_lake.origin(self.store, self.control, self.file, row)


@pytest.mark.parametrize(("row", "seq"), [(1, 1), (2, 1), (3, 2)])
def test_a_row_leads_to_the_chunk_pull_and_run_that_brought_what_was_published(row: int, seq: int) -> None:
    found = Lake().origin(row)
    assert found["chunk"]["key"] == keys.chunk("pagos", "007", DAY, seq, 1)
    assert (found["chunk"]["revision"], found["pull"]["seq"], found["run"]["owner"]) == (seq, seq, f"run {seq}")
    assert found["pull"]["as_of"] == f"2026-11-19T1{seq}:00:00.000000Z"
    assert found["curated_by"] == {"key": "plan-2", "sha256": "p"}


def test_what_is_not_in_the_lake_any_more_is_null() -> None:
    lake = Lake()
    del lake.store._objects[next(i.key for i in lake.store.list(keys.BATCHES) if "1111" in i.key)]
    found = lake.origin(1)
    assert (found["pull"]["seq"], found["run"]) == (1, None)
