"""The benchmark of maintenance windows: what policies may see, the published rules, and the judge."""

from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import yaml

from bench.maintenance.catalog import Catalog
from bench.maintenance.fleets import FAMILIES, LARGE_MB, NOW, Row, Truth, fleet
from bench.maintenance.policies import awslabs, once, ours
from bench.maintenance.window import Statement, play
from podemos.redshift.maintenance_facts import Facts, read

ROOT = Path(__file__).resolve().parents[3]
DOCUMENTED = yaml.safe_load((ROOT / "local/aws/tests/redshift/documented_columns.yaml").read_text(encoding="utf-8"))
TABLE = Truth(
    7, "core", "pagos", 1000, 10**6, "EVEN", "fecha", 0.5, 0.2, 0.0, 100.0, 0.6, 0.5, 0.02, 0.01, 0.01, 0.4, True
)
FULL = Statement(7, "FULL")


def facts(rows: dict[str, list[Row]], dialect: Any, *blind: str) -> Facts:
    catalog = Catalog({view: found for view, found in rows.items() if view not in blind})
    found = read(catalog, dialect, NOW.replace(tzinfo=UTC), timedelta(hours=2))
    catalog.close()
    return found


def info(table_id: int, size: int, unsorted: float | None, stats_off: float) -> Row:
    return {"table_id": table_id, "size": size, "unsorted": unsorted, "stats_off": stats_off, "skew_rows": 1.0}


def test_a_seed_is_a_fleet_and_shows_documented_columns_only() -> None:
    for family in FAMILIES:
        found = fleet(family, 5, large=True)
        assert found == fleet(family, 5, large=True)
        assert found != fleet(family, 6, large=True)
        assert any(table.mb > LARGE_MB for table in found.truth)
        assert not any(table.mb > LARGE_MB for table in fleet(family, 5, large=False).truth)
        for view in DOCUMENTED.keys() & found.rows.keys():
            assert {name for row in found.rows[view] for name in row} <= set(DOCUMENTED[view]), view


def test_both_families_of_views_tell_the_same_and_nothing_useless_is_done() -> None:
    found = fleet("churn", 5, large=True)
    one = facts(found.rows, "stl")
    assert one == facts(found.rows, "sys", "stl_scan", "stl_alert_event_log")
    assert sum(table.scan_seconds > 0 for table in one.tables) > 100
    outcome = play(found.truth, ours(one), 7200)
    assert (outcome.useless, outcome.vacuums > 10, outcome.spent <= 7200) == ([], True, True)


def test_the_published_rules() -> None:
    """Smallest first; stale statistics alone cause a VACUUM FULL; large and half unsorted is skipped."""
    rows = [
        info(1, 500, 50.0, 0.0),
        info(2, 9, 0.0, 11.0),
        info(3, 800_000, 50.0, 50.0),
        info(4, 800_000, 49.0, 0.0),
        info(5, 10, 5.0, 10.0),
        info(6, 11, None, 0.0),
    ]
    found = list(awslabs({"svv_table_info": rows}))
    assert [(s.table_id, s.what, s.to_percent) for s in found if s.what != "ANALYZE"] == [
        (2, "FULL", 95), (1, "FULL", 95), (4, "FULL", 95)
    ]  # fmt: skip
    assert [s.table_id for s in found if s.what == "ANALYZE"] == [2, 1, 4]
    alert = {"tbl": 1, "solution": "Run the VACUUM command to reclaim deleted space", "event_time": NOW}
    first = next(awslabs({"svv_table_info": rows, "stl_alert_event_log": [alert]}))
    assert first.table_id == 1, "alerts come first"


def test_the_judge_counts_what_ends_in_the_window_once() -> None:
    whole = play([TABLE], once([FULL, FULL]), 10_000)
    assert (round(whole.saved, 6), whole.vacuums, len(whole.useless)) == (68.0, 2, 1)
    assert play([TABLE], once([Statement(7, "SORT ONLY")]), 10_000).saved == 60.0
    assert round(play([TABLE], once([Statement(7, "DELETE ONLY"), Statement(7, "RECLUSTER")]), 10_000).saved, 6) == 44.0
    cut = play([TABLE], once([FULL]), 10)
    assert (cut.saved, cut.cut_off, cut.spent) == (0.0, 1, 10)
    assert play([TABLE], once([replace(FULL, predicted=11.0)]), 10).vacuums == 0


def test_the_judge_skips_the_sort_of_a_table_that_is_nearly_sorted() -> None:
    nearly = replace(TABLE, unsorted=0.04, ghosts=0.0)
    assert play([nearly], once([FULL]), 10_000).useless == ["FULL core.pagos"]
    assert play([nearly], once([replace(FULL, to_percent=100)]), 10_000).saved == 60.0
