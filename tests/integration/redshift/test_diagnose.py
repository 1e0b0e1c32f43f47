"""A report that took 5 minutes takes 45: the same verdict from both families of system views."""

import json
import math
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from podemos.core.clock import system_clock
from podemos.core.errors import DataFault
from podemos.core.store import MemoryStore
from podemos.redshift.diagnose import diagnose, lines
from podemos.redshift.kept import with_kept
from podemos.redshift.page import render
from podemos.redshift.probe import probe
from podemos.redshift.verdict import Verdict
from podemos.warehouse.statements import Script

from .in_process import Seeded

NOW = system_clock()
SINCE = NOW - timedelta(days=7)
REPORT = "SELECT sucursal, SUM(monto) FROM core.pagos WHERE fecha_pago >= '{}' GROUP BY 1"


def ago(days: float) -> str:
    return (NOW - timedelta(days=days)).strftime("%Y-%m-%d %H:%M:%S")


@pytest.fixture
def seeded(tmp_path: Path) -> Iterator[Seeded]:
    """Five fast runs, five slow ones: queue, lock, four times the rows for the same result, half as many ghosts."""
    found = Seeded(tmp_path)
    ddl = "CREATE SCHEMA core;\nCREATE TABLE core.pagos (fecha_pago DATE, monto DECIMAL(18,2)) SORTKEY (fecha_pago);\n"
    found.port.execute(Script("pagos.sql", ddl))
    table = found.table_id("core", "pagos")
    found.rows(table, visible=80_000_000, ghosts=40_000_000, unsorted=60_000_000)
    for number in range(5):
        start = ago(6 - number / 10)
        query = found.run(REPORT.format(start[:10]), start, execution=300)
        found.scan(query, table, start, read=20_000_000, kept=10_000_000)
    for number in range(5):
        start = ago(1 - number / 10)
        query = found.run(REPORT.format(start[:10]), start, execution=2280, queue=300, lock=120)
        found.scan(query, table, start, read=80_000_000, kept=10_000_000, ghosts=40_000_000, restricted=False)
    found.run(REPORT.format("x"), ago(0.5), execution=0.001, cached=True)
    found.run("SELECT 'otro' FROM core.pagos", ago(3), execution=10)
    found.run("SELECT 'igual' FROM core.pagos", ago(2), execution=11)
    yield found
    found.close()


def only(verdicts: tuple[Verdict, ...]) -> Verdict:
    (verdict,) = verdicts
    return verdict


def shares(verdict: Verdict) -> dict[str, float]:
    return {cause.cause: cause.share for cause in verdict.causes}


def test_the_causes_of_5_to_45_minutes(seeded: Seeded) -> None:
    verdict = only(diagnose(seeded.port, SINCE, views="sys").verdicts)
    assert (verdict.fast.elapsed, verdict.slow.elapsed) == (300_000_000, 2_700_000_000)
    assert (verdict.runs, verdict.slow_runs) == (10, 5)
    execution, whole = 1980 / 2400, math.log(2280 / 300)
    assert shares(verdict) == pytest.approx(
        {
            "queue": 300 / 2400,
            "lock": 120 / 2400,
            "pruning_lost": execution * math.log(4) / whole,
            "ghost_rows": execution * math.log(1.5) / whole,
            "unexplained": execution * (1 - math.log(6) / whole),
        }
    )
    assert sum(shares(verdict).values()) == pytest.approx(1)
    assert next(iter(shares(verdict))) == "pruning_lost", "the largest cause comes first"
    pruning = next(cause for cause in verdict.causes if cause.cause == "pruning_lost")
    assert {"rows_read_fast": 20_000_000, "rows_read_slow": 80_000_000} in pruning.evidence
    assert [row["vacuum_sort_benefit"] for row in pruning.evidence if "vacuum_sort_benefit" in row] == [50.0]


def test_both_dialects_give_the_same_verdict(seeded: Seeded) -> None:
    one = shares(only(diagnose(seeded.port, SINCE, views="sys").verdicts))
    other = shares(only(diagnose(seeded.port, SINCE, views="stl").verdicts))
    one["planning_or_lock"] = one.pop("lock") + one.pop("planning", 0)
    assert other == pytest.approx(one)


def test_a_hash_narrows_to_one_query(seeded: Seeded) -> None:
    verdict = only(diagnose(seeded.port, SINCE).verdicts)
    assert only(diagnose(seeded.port, SINCE, query_hash=verdict.hash).verdicts) == verdict
    assert diagnose(seeded.port, SINCE, query_hash="0" * 40).verdicts == ()


def test_what_got_faster_or_spilled_is_said(seeded: Seeded) -> None:
    text, table = "SELECT spill FROM core.pagos", seeded.table_id("core", "pagos")
    for start, execution, planning, spilled in ((ago(4), 10.0, 5.0, 0), (ago(2), 60.0, 1.0, 900)):
        query = seeded.run(text, start, execution=execution, planning=planning, compiling=2)
        seeded.scan(query, table, start, read=1_000, kept=1_000, spilled=spilled)
    found = [v for v in diagnose(seeded.port, SINCE, views="sys").verdicts if v.fast.text == text]
    ghosts = 50 / 46 * math.log(1.5) / math.log(6)
    assert shares(found[0]) == pytest.approx({"spill": 50 / 46 - ghosts, "ghost_rows": ghosts, "planning": -4 / 46})


def test_blocks_and_rows_of_a_join_are_each_tables_own(seeded: Seeded) -> None:
    seeded.port.execute(Script("otra.sql", "CREATE TABLE core.otra (x INT);\n"))
    start, tables = ago(1), [seeded.table_id("core", "pagos"), seeded.table_id("core", "otra")]
    query = seeded.run("SELECT 1 FROM core.pagos, core.otra", start, execution=1)
    for table, read in zip(tables, (1_000_000, 3_000_000), strict=True):
        seeded.scan(query, table, start, read=read, kept=read)
    history = diagnose(seeded.port, SINCE, views="sys").history
    found = {scan.table_id: (scan.read, scan.blocks) for scan in history.scans if scan.query == query}
    assert found == {tables[0]: (1_000_000, 20), tables[1]: (3_000_000, 60)}


def test_the_probe_says_what_it_cannot_see(seeded: Seeded) -> None:
    found = probe(seeded.port, ago(7))
    assert found.dialect == "stl"
    assert any("only 1 user's" in note and "sys:monitor" in note for note in found.cannot_see)


class Serverless:
    """The same warehouse without what Serverless lacks."""

    def __init__(self, seeded: Seeded, blind: bool = False) -> None:
        self._port, self.blind = seeded.port, blind

    def execute(self, sql: Any, values: Any = None, literals: Any = None) -> None:
        raise AssertionError("a diagnosis only reads")

    def fetch(self, sql: Any, values: Mapping[str, Any] | None = None, literals: Any = None) -> Any:
        if "/stl/" in sql or (self.blind and "health" in sql):
            raise DataFault(f'{sql}: relation "stl_query" does not exist')
        return self._port.fetch(sql, values, literals)


def test_serverless_is_asked_in_its_own_views(seeded: Seeded) -> None:
    found = diagnose(Serverless(seeded), SINCE)
    assert found.dialect == "sys"
    assert "lock" in shares(only(found.verdicts))
    assert any("ghost rows are not told apart" in note for note in found.cannot_see)


def test_a_user_who_may_not_see_the_tables_still_gets_a_verdict(seeded: Seeded) -> None:
    found = diagnose(Serverless(seeded, blind=True), SINCE)
    assert "ghost_rows" not in shares(only(found.verdicts)), "nothing is guessed of what was not seen"
    assert any(note.startswith("SVV_TABLE_INFO shows no table") for note in found.cannot_see)


def test_kept_looks_reach_beyond_what_the_warehouse_keeps(seeded: Seeded) -> None:
    lake = MemoryStore()
    diagnose(seeded.port, SINCE, views="sys", lake=lake, at="2026-11-20T05:00:00Z")
    late = datetime.fromisoformat(ago(2))
    alone = diagnose(seeded.port, late, views="sys")
    assert alone.verdicts == (), "only slow runs are left in the warehouse's own history"
    found = diagnose(seeded.port, late, views="sys", lake=lake, at="2026-11-24T05:00:00Z")
    assert only(found.verdicts).runs == 10
    assert len(list(lake.list("warehouse/history/sys/"))) == 2
    again = with_kept(lake, found.history, date(2026, 11, 1))
    assert len(again.runs) == len(found.history.runs), "a run that two looks hold is one run"


def test_a_person_reads_it_and_a_program_too(seeded: Seeded) -> None:
    found = diagnose(seeded.port, SINCE, views="sys")
    told = lines(found)
    assert any("5.0 -> 45.0 min (5 of 10 runs are slow)" in line for line in told)
    document = json.loads(json.dumps(found.to_dict()))
    assert document["verdicts"][0]["causes"][0]["cause"] == "pruning_lost"
    assert document["health"][0]["tabla"] == "core.pagos"
    assert document["queueing"], "300 of 2700 seconds in the queue are told"
    assert document["skew"] == [
        {"table_id": document["health"][0]["table_id"], "tabla": "analytics.core.pagos", "skew": 0}
    ]


def test_what_really_runs_is_in_both_families(seeded: Seeded) -> None:
    list(seeded.port.fetch(Script("q.sql", "SELECT COUNT(*) AS n FROM core.pagos WHERE monto > 7;\n")))
    for views in ("sys", "stl"):
        history = diagnose(seeded.port, NOW - timedelta(minutes=1), views=views).history  # type: ignore[arg-type]
        run = next(run for run in history.runs if "monto > 7" in run.text)
        assert run.elapsed > 0
        assert [scan.table for scan in history.scans if scan.query == run.query] == ["pagos"]


def test_the_page_needs_nothing_else_and_escapes_what_queries_say(seeded: Seeded) -> None:
    for start, seconds in ((ago(5), 10), (ago(2), 100)):
        seeded.run("SELECT '<script>x</script>' FROM core.pagos", start, execution=seconds)
    page = render(diagnose(seeded.port, SINCE, views="sys")).decode()
    assert "5.0 min → 45.0 min" in page
    assert page.count('role="img"') == 14, "ten bars, and four: three short queries differ in a literal only"
    assert "&lt;script&gt;x" in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
