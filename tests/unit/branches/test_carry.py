from __future__ import annotations

from typing import Any

from podemos.branches import carry, keys, load, publish
from podemos.contracts.platform import platform
from podemos.core import manifest
from podemos.core.store import MemoryStore

from .chain import finish, land, night, part, plan

FILE = {"key": "curated/pagos/fecha=2026-11-19/rev=r1/a.parquet", "rows": 1, "cents": 100, "sha256": "0", "size": 9}
TERMS = {"001": {"winners": {"count": 1, "cents": 100, "digest": "7"}}}
WAITING = {"files": [FILE | {"key": "quarantine/pagos/rev=r1/a.parquet"}], "rows": 1}
DELTA = {"files": [FILE | {"key": "delta/pagos/rev=r1/a.parquet"}], "rows": 1}


def first(lake: MemoryStore) -> dict[str, Any]:
    """A night that curated one day, with a row in quarantine and one to load."""
    land(lake, part("001", 1))
    key = plan(lake)
    nothing = {"days": {}, "quarantine": {"files": [], "rows": 0}, "delta": {"files": [], "rows": 0}, "altered": []}
    tables = {name: dict(nothing) for name in ("clientes", "prestamos")}
    tables["pagos"] = {
        "days": {"2026-11-19": {"files": [FILE], "branches": TERMS}},
        "quarantine": WAITING,
        "delta": DELTA,
        "altered": [],
    }
    _, ref = manifest.read(lake, key)
    result = {"kind": "branches.result", "plan": ref.to_dict(), "rev": "r1", "tables": tables}
    manifest.commit(lake, keys.result_of(key), result)
    return published(lake, key)


def published(lake: MemoryStore, plan_key: str) -> dict[str, Any]:
    return manifest.read(lake, publish.publish_revision(plan_key, lake=lake))[0]


def test_a_night_without_rows_carries_the_lake_forward_under_its_fresh_marks() -> None:
    lake = MemoryStore()
    before = first(lake)
    land(lake, part("001", 2, rows=0), part("002", 1, rows=0))
    key = plan(lake)
    assert carry.curated(key, lake=lake)
    found = published(lake, key)
    assert found["revision"] == 2
    assert (found["days"], found["quarantine"], found["delta"]) == (
        before["days"],
        before["quarantine"],
        before["delta"],
    ), "no certification saw the first load: it is still to be loaded"
    assert found["landed"] == {"pagos#001": "2-1", "pagos#002": "1-1"}
    assert manifest.read_ref(lake, found["plan"])["sources"]["pagos"]["001"]["seq"] == 2


def test_what_was_seen_in_the_warehouse_is_not_loaded_again() -> None:
    lake = MemoryStore()
    before = first(lake)
    loaded = {"loaded": ["clientes", "pagos", "prestamos"]}
    manifest.commit(lake, keys.certification(before["revision"], "c"), loaded)
    land(lake, part("001", 2, rows=0))
    assert {found["rows"] for found in published(lake, plan(lake))["delta"].values()} == {0}


def test_a_landed_row_or_another_rule_has_to_be_curated() -> None:
    lake = MemoryStore()
    first(lake)
    land(lake, part("001", 2))
    assert not carry.curated(plan(lake), lake=lake)
    document, ref = manifest.read(lake, plan(lake))
    quiet = document | {"chunks": {}}
    assert not carry.carry_forward(lake, quiet, ref, document | {"zones": {"key": "older", "sha256": "0"}})
    assert not carry.curated(ref.key, lake=lake)
    assert carry.carry_forward(lake, quiet, ref, document)


def test_the_very_first_night_with_every_branch_offline_is_a_revision() -> None:
    lake = MemoryStore()
    found = published(lake, plan(lake))
    assert (found["revision"], found["days"]) == (1, {"clientes": {}, "prestamos": {}, "pagos": {}})


def test_a_finished_plan_is_not_run_again() -> None:
    lake = MemoryStore()
    land(lake, part("001", 1))
    key = plan(lake)
    assert not carry.curated(key, lake=lake)
    finish(lake, key)
    assert carry.curated(key, lake=lake)


def test_an_empty_delta_is_entered_into_the_ledger_and_nothing_else() -> None:
    lake = MemoryStore()
    night(lake)
    (key,) = [found.key for found in lake.list(keys.REVISIONS)]
    batch = load.load_batch(key, "clientes", lake=lake, platform=platform())
    assert len(batch.statements) == 1
    assert batch.statements[0].startswith("INSERT INTO ops.loads")
    assert dict(batch.parameters) == {"tabla": "clientes", "revision": "1", "revision_key": key}
    assert not list(lake.list(keys.copy_manifest("clientes", 1)))
