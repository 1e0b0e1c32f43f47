"""What a window does, and why it leaves the other tables alone, without a warehouse."""

from dataclasses import replace

import pytest

from podemos.redshift.maintenance import LEAST_BENEFIT, Action, Plan, Reason, after, plan
from podemos.redshift.maintenance_facts import Facts, PastAnalysis, PastVacuum, TableFacts
from podemos.redshift.maintenance_pace import Basis, Form, Pace
from podemos.redshift.maintenance_page import statement

HOUR = 3600.0
PAGOS = TableFacts(7, "core", "pagos", "KEY(id)", "fecha", 10_000, 0.4, 0.0, 1_000_000, 0, 0.5, 600.0, 9, 1.0, True)
SORTED = PastVacuum(7, 1, "Sort", False, "Complete", "2026-11-01", 300.0, 10_000, 0.4, 0.0, 400_000)


def window(*tables: TableFacts, seconds: float = HOUR, **more: tuple[PastVacuum, ...]) -> Plan:
    return plan(Facts(tables, **more), seconds)


def vacuums(found: Plan) -> list[Action]:
    return [action for action in found.actions if action.form is not Form.ANALYZE]


def only(found: Plan) -> Action:
    (action,) = found.actions
    return action


def reason(found: Plan) -> Reason:
    (table,) = found.untouched
    return table.reason


def test_the_benefit_decides_and_not_how_unsorted_a_table_is() -> None:
    """AWS's own example: 85.71 % unsorted with little benefit, 45.24 % with 67 %."""
    little = replace(PAGOS, table_id=1, unsorted=0.8571, sort_benefit=0.04)
    much = replace(PAGOS, table_id=2, unsorted=0.4524, sort_benefit=0.67)
    found = window(little, much)
    assert [(a.table_id, a.form) for a in found.actions] == [(2, Form.SORT_ONLY)]
    assert reason(found) is Reason.BENEFIT_NIL


def test_stale_statistics_are_analyzed_and_never_vacuumed() -> None:
    found = window(replace(PAGOS, stats_off=0.9, sort_benefit=0.0, unsorted=0.9))
    assert statement(only(found)) == 'ANALYZE "core"."pagos" PREDICATE COLUMNS'
    assert reason(found) is Reason.BENEFIT_NIL


def test_ghosts_alone_are_deleted_without_a_sort() -> None:
    action = only(window(replace(PAGOS, sort_benefit=0.0, ghosts=300_000)))
    assert (action.form, action.saved) == (Form.DELETE_ONLY, 180.0)


def test_what_the_default_would_skip_says_to_100_percent() -> None:
    nearly = only(window(replace(PAGOS, unsorted=0.03, sort_benefit=0.2)))
    assert statement(nearly) == 'VACUUM SORT ONLY "core"."pagos" TO 100 PERCENT'
    few = only(window(replace(PAGOS, sort_benefit=0.0, ghosts=30_000)))
    assert statement(few) == 'VACUUM DELETE ONLY "core"."pagos" TO 100 PERCENT'
    both = only(window(replace(PAGOS, ghosts=300_000)))
    assert statement(both) == 'VACUUM FULL "core"."pagos" TO 95 PERCENT'


@pytest.mark.parametrize(("written", "boost"), [(False, True), (True, False), (None, False)])
def test_boost_only_when_the_history_shows_that_nobody_writes(written: bool | None, boost: bool) -> None:
    assert only(window(replace(PAGOS, written=written))).boost is boost


def test_names_are_quoted_whatever_they_are() -> None:
    action = only(window(replace(PAGOS, schema="Datos Viejos", name='la "buena"', written=False)))
    assert statement(action) == 'VACUUM SORT ONLY "Datos Viejos"."la ""buena""" BOOST'


@pytest.mark.parametrize(
    ("table", "why"),
    [
        (replace(PAGOS, scan_seconds=0.0, scans=0, restricted=None), Reason.NOBODY_SCANS),
        (replace(PAGOS, sort_key=None, unsorted=None, sort_benefit=0.0), Reason.NO_SORT_KEY),
        (replace(PAGOS, sort_key="INTERLEAVED"), Reason.INTERLEAVED),
        (replace(PAGOS, sort_benefit=0.0, restricted=0.0), Reason.KEY_UNUSED),
        (replace(PAGOS, sort_benefit=LEAST_BENEFIT - 0.001), Reason.BENEFIT_NIL),
        (replace(PAGOS, scan_seconds=10.0, mb=900_000), Reason.TOO_LITTLE),
        (replace(PAGOS, scan_seconds=6_000.0, mb=900_000), Reason.TOO_LONG),
    ],
)
def test_a_table_that_is_left_alone_has_a_reason(table: TableFacts, why: Reason) -> None:
    found = window(table)
    assert (found.actions, reason(found)) == ((), why)


def test_a_running_vacuum_and_a_missing_permission_are_respected() -> None:
    running = replace(SORTED, seconds=None, status="Sort")
    assert reason(window(PAGOS, vacuums=(running,))) is Reason.BEING_VACUUMED
    assert reason(plan(Facts((PAGOS,), without_effect=frozenset({7})), HOUR)) is Reason.NO_PERMISSION


def test_the_window_is_packed_by_what_a_minute_saves_and_the_rest_is_carried_over() -> None:
    tables = [replace(PAGOS, table_id=n, scan_seconds=100.0 * n) for n in range(1, 9)]
    found = window(*tables, seconds=600.0)
    assert sum(action.predicted for action in found.actions) <= 600.0
    assert min(a.table_id for a in found.actions) > max(a.table_id for a in found.carried)
    assert {a.table_id for a in found.actions} | {a.table_id for a in found.carried} == set(range(1, 9))
    assert {u.table_id for u in found.untouched if u.reason is Reason.CARRIED_OVER} == {
        a.table_id for a in found.carried
    }
    assert 8 in {a.table_id for a in found.actions}


def test_a_sort_that_no_window_holds_is_reclustered_where_that_fits() -> None:
    """2 TB of which a twentieth is unsorted: the merge is what takes the time."""
    seen = tuple(
        replace(SORTED, table_id=n, transaction=n, seconds=s, mb=mb, unsorted=u)
        for n, (s, mb, u) in enumerate([(202, 10_000, 0.0), (402, 20_000, 0.0), (302, 10_000, 0.5), (402, 10_000, 1.0)])
    )
    large = replace(PAGOS, mb=2_000_000, unsorted=0.05, scan_seconds=20_000.0)
    found = window(large, seconds=2 * HOUR, vacuums=seen)
    assert only(found).form is Form.RECLUSTER
    everywhere = window(replace(large, diststyle="ALL"), seconds=2 * HOUR, vacuums=seen)
    assert reason(everywhere) is Reason.TOO_LONG, "RECLUSTER is not for DISTSTYLE ALL"


def test_a_prediction_rests_on_the_tables_own_vacuums_first() -> None:
    others = tuple(replace(SORTED, table_id=n, transaction=n, seconds=102.0) for n in (1, 2, 3))
    fleet = Pace(Facts((PAGOS,), others)).predict(PAGOS, Form.SORT_ONLY)
    assert (fleet.basis, fleet.seconds) == (Basis.FLEET, pytest.approx(102.0))
    own = Pace(Facts((PAGOS,), (*others, replace(SORTED, seconds=1002.0)))).predict(PAGOS, Form.SORT_ONLY)
    assert (own.basis, own.seconds) == (Basis.OWN, pytest.approx(1002.0))
    half = Pace(Facts((PAGOS,), (*others, SORTED))).predict(replace(PAGOS, mb=5_000), Form.SORT_ONLY)
    assert half.seconds == pytest.approx(151.0)
    assert Pace(Facts((PAGOS,))).predict(PAGOS, Form.SORT_ONLY).basis is Basis.ASSUMED


def test_a_vacuum_that_changed_nothing_says_nothing_about_the_pace() -> None:
    skipped = replace(SORTED, seconds=0.5, sorted_rows=0, status="Skipped")
    assert Pace(Facts((PAGOS,), (skipped,))).predict(PAGOS, Form.SORT_ONLY).basis is Basis.ASSUMED
    analysed = (PastAnalysis(7, "2026-11-01", "Skipped", 0.1), PastAnalysis(7, "2026-11-02", "PredicateColumn", 44.0))
    assert Pace(Facts((PAGOS,), (), analysed)).predict(PAGOS, Form.ANALYZE).seconds == 44.0


def test_what_was_done_is_not_planned_again_with_the_time_left_over() -> None:
    facts = Facts((replace(PAGOS, ghosts=300_000, stats_off=0.5),))
    found = plan(facts, HOUR)
    assert {action.form for action in found.actions} == {Form.ANALYZE, Form.FULL}
    assert plan(after(facts, found.actions), HOUR).actions == ()


def test_ten_thousand_tables_are_planned() -> None:
    tables = [replace(PAGOS, table_id=n, mb=n + 1, scan_seconds=float(n % 97)) for n in range(10_000)]
    assert len(vacuums(window(*tables, seconds=HOUR))) > 10


def test_the_longest_runs_last_so_that_a_wrong_prediction_costs_nothing_else() -> None:
    long = replace(PAGOS, table_id=1, mb=40_000, scan_seconds=20_000.0)
    found = window(long, replace(PAGOS, table_id=2, mb=100, scan_seconds=20.0))
    assert [a.table_id for a in found.actions] == [2, 1]
