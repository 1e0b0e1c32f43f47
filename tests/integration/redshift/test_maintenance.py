"""A maintenance window on the local Redshift: the same plan from both families, and held to SYS_VACUUM_HISTORY."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from podemos.core.clock import system_clock
from podemos.core.errors import DataFault, NotNeeded, SourceUnavailable
from podemos.core.store import MemoryStore
from podemos.outside import Outside
from podemos.redshift import maintenance_window
from podemos.redshift.__main__ import main
from podemos.redshift.history import Dialect
from podemos.redshift.maintenance import Plan, Reason, plan
from podemos.redshift.maintenance_facts import read
from podemos.redshift.maintenance_pace import Form
from podemos.redshift.maintenance_page import plan_lines, window_lines
from podemos.redshift.maintenance_run import Effect, Window, keep, run, without_effect
from podemos.warehouse.literals import Typed
from podemos.warehouse.port import Warehouse
from podemos.warehouse.statements import Script, Value

from .in_process import Seeded

WINDOW = timedelta(minutes=60)


@pytest.fixture
def seeded(tmp_path: Path) -> Iterator[Seeded]:
    """`pagos` is half unsorted, `cli entes` has ghosts, `nadie` is unsorted and nobody reads it."""
    found = Seeded(tmp_path)
    found.port.execute(
        Script(
            "core.sql",
            "CREATE SCHEMA core;\nCREATE TABLE core.pagos (fecha DATE, monto INTEGER) SORTKEY (fecha);\n"
            'CREATE TABLE core."cli entes" (id INTEGER);\nCREATE TABLE core.nadie (fecha DATE) SORTKEY (fecha);\n',
        )
    )
    start = (system_clock() - timedelta(days=1)).strftime("%Y-%m-%d %H:%M:%S")
    for name, rows in {
        "pagos": {"visible": 80_000_000, "ghosts": 0, "unsorted": 40_000_000},
        "cli entes": {"visible": 50_000_000, "ghosts": 30_000_000, "unsorted": 0},
        "nadie": {"visible": 80_000_000, "ghosts": 0, "unsorted": 70_000_000},
    }.items():
        table = found.table_id("core", name)
        found.rows(table, **rows)
        if name != "nadie":
            for _ in range(3):
                query = found.run("SELECT 1", start, execution=600)
                found.scan(query, table, start, read=80_000_000, kept=1_000_000, seconds=600)
    yield found
    found.close()


def planned(seeded: Seeded, dialect: Dialect) -> Plan:
    return plan(read(seeded.port, dialect, system_clock(), WINDOW), WINDOW.total_seconds())


def ran(warehouse: Any, **more: Any) -> Window:
    return run(lambda seconds: replace_timeout(warehouse, seconds), "sys", system_clock, WINDOW, pause=print, **more)


def replace_timeout(warehouse: Any, seconds: float) -> Any:
    return replace(warehouse, timeout_seconds=seconds) if hasattr(warehouse, "timeout_seconds") else warehouse


class Denied:
    """A user who may not vacuum: the statement succeeds without effect."""

    def __init__(self, port: Warehouse) -> None:
        self.port = port

    def execute(
        self, sql: str | Script, values: Mapping[str, Value] | None = None, literals: Mapping[str, Typed] | None = None
    ) -> None:
        """Nothing."""

    def fetch(self, *given: Any) -> Any:
        return self.port.fetch(*given)


class Slow(Denied):
    """A warehouse where every statement runs into the window's end."""

    def execute(self, *given: Any, **named: Any) -> None:
        raise SourceUnavailable("still ran after 3600 s and was cancelled")


def test_both_families_of_views_give_the_same_plan(seeded: Seeded) -> None:
    found = planned(seeded, "stl")
    assert [(a.name, a.form) for a in found.actions] == [
        ("cli entes", Form.DELETE_ONLY),
        ("pagos", Form.SORT_ONLY),
    ]
    assert [(u.title, u.reason) for u in found.untouched] == [("core.nadie", Reason.NOBODY_SCANS)]
    assert planned(seeded, "sys") == found
    assert any("nobody_scans: core.nadie" in line for line in plan_lines(found))


def test_a_window_does_what_pays_and_keeps_what_was_measured(seeded: Seeded) -> None:
    window = ran(seeded.port)
    assert [(d.action.name, d.effect) for d in window.done] == [
        ("cli entes", Effect.DONE),
        ("pagos", Effect.DONE),
    ]
    assert window.done[1].sorted_rows == 40_000_000
    assert window.done[0].reclaimed == pytest.approx(3 / 8)
    assert all(d.measured is not None and d.measured < 60 for d in window.done)
    assert planned(seeded, "sys").actions == (), "what was done is not done again"
    lake = MemoryStore()
    document = json.loads(lake.get(keep(lake, window)))
    assert [d["action"]["predicted"] > 0 for d in document["done"]] == [True, True]
    assert without_effect(lake, system_clock().date()) == frozenset()
    assert list(window_lines(window))[-1] == "2 of 2 statements had an effect; 0 tables carried over"


def test_a_vacuum_without_permission_is_seen_and_not_repeated(seeded: Seeded) -> None:
    window = ran(Denied(seeded.port))
    assert {d.effect for d in window.done} == {Effect.NO_EFFECT}
    lake = MemoryStore()
    keep(lake, window)
    denied = without_effect(lake, system_clock().date())
    assert len(denied) == 2
    again = ran(Denied(seeded.port), denied=denied)
    assert again.done == ()
    assert {u.reason for u in again.plan.untouched} == {Reason.NO_PERMISSION, Reason.NOBODY_SCANS}


def test_a_statement_that_the_windows_end_cancels_is_not_begun_again(seeded: Seeded) -> None:
    window = ran(Slow(seeded.port))
    assert [d.effect for d in window.done] == [Effect.CANCELLED, Effect.CANCELLED]


def test_nothing_is_begun_that_would_not_end_in_time(seeded: Seeded) -> None:
    opened = system_clock()
    ticks = iter([opened, opened, opened, opened])

    def clock() -> datetime:
        return next(ticks, opened + WINDOW - timedelta(seconds=1))

    window = run(lambda seconds: Denied(seeded.port), "sys", clock, WINDOW, pause=print)
    assert len(window.plan.actions) == 2
    assert window.done == ()


def test_the_command_plans_runs_and_keeps(
    seeded: Seeded, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lake = MemoryStore()
    monkeypatch.setattr(Outside, "warehouse", seeded.port)
    monkeypatch.setattr(Outside, "lake", lake)
    assert main(["maintain", "plan", "--window-minutes", "60"]) == 0
    assert 'VACUUM DELETE ONLY "core"."cli entes"' in capsys.readouterr().out
    assert list(lake.list("")) == []
    assert main(["maintain", "run", "--window-minutes", "60", "--json"]) == 0
    assert [done["effect"] for done in json.loads(capsys.readouterr().out)["done"]] == ["done", "done"]
    assert [info.key.startswith("warehouse/maintenance/") for info in lake.list("")] == [True]


def test_the_stages_hand_a_window_on_by_key(seeded: Seeded) -> None:
    lake = MemoryStore()
    look = maintenance_window.diagnose(warehouse=seeded.port, lake=lake, clock=system_clock)
    key = maintenance_window.plan(look, warehouse=seeded.port, lake=lake, clock=system_clock, window=WINDOW)
    document = json.loads(lake.get(key))
    assert (document["diagnosis"], len(document["actions"]), len(document["untouched"])) == (look, 2, 1)
    passed = maintenance_window.run(key, warehouse=seeded.port, lake=lake, clock=system_clock)
    assert maintenance_window.verify(passed, lake=lake) == passed
    again = maintenance_window.run(key, warehouse=seeded.port, lake=lake, clock=system_clock)
    assert json.loads(lake.get(again))["done"] == [], "a second attempt finds nothing to do"
    with pytest.raises(NotNeeded):
        maintenance_window.run(key, warehouse=seeded.port, lake=lake, clock=lambda: system_clock() + WINDOW)


def test_verify_names_the_tables_without_effect(seeded: Seeded) -> None:
    lake = MemoryStore()
    key = keep(lake, ran(Denied(seeded.port)))
    with pytest.raises(DataFault, match=r"core\.cli entes \(no_effect: no row in SYS_VACUUM_HISTORY\)"):
        maintenance_window.verify(key, lake=lake)
