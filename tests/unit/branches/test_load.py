from __future__ import annotations

import pytest

from podemos.branches import keys, load
from podemos.contracts.platform import platform
from podemos.core import manifest
from podemos.core.store import MemoryStore


@pytest.mark.parametrize(
    ("rows", "after"), [(load.ANALYZE_ROWS - 1, ""), (load.ANALYZE_ROWS, "ANALYZE core.pagos_historicos")]
)
def test_a_big_load_refreshes_the_planners_statistics_and_a_small_one_does_not(rows: int, after: str) -> None:
    lake = MemoryStore()
    delta = {"rows": rows, "files": [{"key": "delta/1.parquet", "size": 10}]}
    key = manifest.commit(lake, keys.revision(1), {"revision": 1, "delta": {"pagos": delta}}).key
    batch = load.load_batch(key, "pagos", lake=lake, platform=platform())
    assert batch.afterwards == after
    assert not any(statement.startswith("ANALYZE") for statement in batch.statements), "no part of the transaction"
