"""Policies of the bag: what every DAG and every task states, and the shape of each graph."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from podemos.contracts.airflow import environment
from podemos.contracts.branches import branches
from podemos.orchestration import ports, schedules, tags
from podemos.orchestration.late import of_day

ROOT = Path(__file__).parents[2]
GRAPHS = Path(__file__).parent / "graphs"
DAG_IDS = [
    "branch_ingestion",
    "mobile_event_compaction",
    "mobile_watch",
    "redshift_gate",
    "redshift_maintenance",
    "redshift_table_redesign",
    "regulatory_rebuild",
    "regulatory_report",
    "regulatory_restatement",
]
HEADINGS = ["Schedule and why", "Inputs", "Outputs", "Tasks", "Re-run safety", "Checks", "Owner", "Runbook"]
MEXICO = ZoneInfo("America/Mexico_City")


def real(task: Any) -> Any:
    """The operator itself; of a mapped one, an instance as it runs."""
    given = {
        "wait": {"source": "movil"},
        "prove": {"op_kwargs": {"report_key": "reports/2026-11-19/v1/manifest.json"}},
        "open_late": of_day("2026-11-18"),
    }
    return task.unmap(given.get(task.task_id, {"op_kwargs": {"batch": "001"}})) if task.is_mapped else task


def tasks(bag: Any) -> Iterator[tuple[str, Any]]:
    for dag in bag.dags.values():
        for task in dag.tasks:
            yield f"{dag.dag_id}.{task.task_id}", task


def graph(dag: Any) -> str:
    """One line per task: its trigger rule when it is not the usual one, and what follows it."""
    lines = []
    for task in sorted(dag.tasks, key=lambda t: t.task_id):
        rule = "" if task.trigger_rule == "all_success" else f" [{task.trigger_rule.value}]"
        mapped = " (mapped)" if task.is_mapped else ""
        lines.append(f"{task.task_id}{mapped}{rule} -> {', '.join(sorted(task.downstream_task_ids)) or '(end)'}")
    return "\n".join(lines) + "\n"


def test_the_bag_holds_exactly_these_dags_and_no_import_error(bag):
    assert bag.import_errors == {}
    assert sorted(bag.dags) == DAG_IDS


@pytest.mark.parametrize("dag_id", DAG_IDS)
def test_a_dag_page_has_the_fixed_headings_in_order(bag, dag_id):
    doc = bag.dags[dag_id].doc_md
    assert re.findall(r"^## (.+)$", doc, re.M) == HEADINGS
    for section in re.split(r"^## .+$", doc, flags=re.M)[1:]:
        assert section.strip()
    assert (ROOT / f"docs/runbooks/{dag_id}.md").read_text().startswith(f"# Runbook: {dag_id}")
    assert f"docs/runbooks/{dag_id}.md" in doc


@pytest.mark.parametrize("dag_id", DAG_IDS)
def test_a_dag_states_its_limits(bag, dag_id):
    dag = bag.dags[dag_id]
    assert dag.catchup is False
    assert dag.max_active_runs == 1
    assert dag.dagrun_timeout is not None
    assert dag.start_date == schedules.GO_LIVE
    assert dag.tags <= {*tags.Tier, *tags.Concern}
    assert len(dag.tags & set(tags.Tier)) == len(dag.tags & set(tags.Concern)) == 1


@pytest.mark.parametrize("dag_id", DAG_IDS)
def test_a_dag_file_is_short(dag_id):
    source = (ROOT / "dags" / f"{dag_id}.py").read_text()
    docstring = ast.parse(source).body[0]
    assert len(source.splitlines()) - docstring.end_lineno <= 120


@pytest.mark.parametrize("dag_id", DAG_IDS)
def test_a_graph_is_the_recorded_one(bag, dag_id):
    """After a wanted change, write the file anew from the message."""
    assert graph(bag.dags[dag_id]) == (GRAPHS / f"{dag_id}.txt").read_text()


def test_a_task_has_a_page_an_owner_and_a_limit(bag):
    for name, task in tasks(bag):
        assert task.doc_md and len(task.doc_md) > 40, name
        assert task.owner == next(iter(task.dag.default_args["owner"].splitlines())), name
        assert task.owner != "airflow", name
        assert task.execution_timeout is not None and task.execution_timeout <= timedelta(hours=1), name


def test_a_task_alerts_when_it_gives_up(bag):
    for name, task in tasks(bag):
        silent = name == "branch_ingestion.pull"  # its batches are told of once, by `watch`
        assert bool(task.on_failure_callback) is not silent, name


def test_a_task_that_defers_is_retried_and_polls_slowly(bag):
    """A trigger that fires within two seconds of the deferral can fail a task although its work succeeded."""
    deferring = {name: real(task) for name, task in tasks(bag) if getattr(real(task), "deferrable", False)}
    assert set(deferring) == {
        "branch_ingestion.curate",
        "branch_ingestion.load_clientes",
        "branch_ingestion.load_prestamos",
        "branch_ingestion.load_pagos",
        "mobile_event_compaction.compact_glue",
        "mobile_event_compaction.load",
        "regulatory_report.wait",
        "regulatory_report.load",
        "regulatory_restatement.day.load",
    }
    for name, operator in deferring.items():
        polls = [
            getattr(operator, field)
            for field in ("poll_interval", "poke_interval", "waiter_delay")
            if hasattr(operator, field)
        ]
        assert operator.retries >= 2, name
        assert polls and min(polls) >= 5, name


def test_what_a_dag_names_exists_in_airflow_yaml(bag):
    known = environment()
    pools = {pool.name for pool in known.pools} | {"default_pool"}
    for name, task in tasks(bag):
        assert task.pool in pools, f"{name}: pool {task.pool} is not in include/config/airflow.yaml"
        if connection := getattr(real(task), "aws_conn_id", None):
            assert known.has_connection(connection), name
    assert ports.PLATFORM_VARIABLE in {variable.name for variable in known.variables}
    assert known.has_connection(ports.AWS)
    assert all(known.has_connection(branch.connection) for branch in branches().branches)


def test_a_pool_that_limits_deferred_work_counts_it(bag):
    counted = {pool.name: pool.include_deferred for pool in environment().pools}
    for name, task in tasks(bag):
        if task.pool != "default_pool" and getattr(real(task), "deferrable", False):
            assert counted[task.pool], f"{name}: {task.pool} would not count it while it is deferred"


def runs(dag: Any, start: datetime, end: datetime) -> list[datetime]:
    """When the scheduler would run the DAG."""
    from airflow.serialization.serialized_objects import DagSerialization
    from airflow.timetables.base import DataInterval, TimeRestriction

    timetable = DagSerialization.from_dict(DagSerialization.to_dict(dag)).timetable
    found: list[datetime] = []
    last = DataInterval.exact(start)
    while True:
        info = timetable.next_dagrun_info(
            last_automated_data_interval=last,
            restriction=TimeRestriction(earliest=start, latest=end, catchup=True),
        )
        if info is None:
            return found
        found.append(info.run_after.astimezone(MEXICO))
        last = info.data_interval


def test_branches_are_pulled_every_half_hour_by_day_and_twice_before_the_report(bag):
    start = datetime(2026, 11, 19, 2, tzinfo=MEXICO)
    found = runs(bag.dags["branch_ingestion"], start, start + timedelta(days=1))
    clocks = [f"{run:%H:%M}" for run in found]
    assert clocks[0] == "06:00" and clocks[-3:] == ["23:30", "00:30", "01:30"]
    assert len(clocks) == 2 * 18 + 2


def test_uploads_are_compacted_every_quarter_of_an_hour_and_when_some_were_left(bag):
    import pendulum  # such a timetable wants its own instants

    from podemos.orchestration.assets import ATRASO_MOVIL

    start = pendulum.datetime(2026, 11, 19, 2, tz=MEXICO.key)
    dag = bag.dags["mobile_event_compaction"]
    assert len(runs(dag, start, start + timedelta(days=1))) == 96
    assert [asset.uri for asset in dag.timetable.asset_condition.objects] == [ATRASO_MOVIL.uri]


def test_a_restatement_looks_every_morning_and_when_certificates_were_corrected(bag):
    from podemos.orchestration.assets import CERTIFICADOS_CORREGIDOS

    start = datetime(2026, 11, 19, 2, tzinfo=MEXICO)
    dag = bag.dags["regulatory_restatement"]
    assert [f"{run:%d %H:%M}" for run in runs(dag, start, start + timedelta(days=2))] == ["19 10:00", "20 10:00"]
    assert [asset.uri for asset in dag.timetable.asset_condition.objects] == [CERTIFICADOS_CORREGIDOS.uri]


def test_the_report_opens_at_two(bag):
    start = datetime(2026, 11, 19, 2, tzinfo=MEXICO)
    found = runs(bag.dags["regulatory_report"], start, start + timedelta(days=3))
    assert [f"{run:%d %H:%M}" for run in found] == ["20 02:00", "21 02:00", "22 02:00"]


def test_the_warehouse_is_maintained_between_the_last_pulls_and_before_the_report(bag):
    start = datetime(2026, 11, 19, 2, tzinfo=MEXICO)
    dag = bag.dags["redshift_maintenance"]
    (run,) = runs(dag, start, start + timedelta(days=1))
    assert f"{run:%d %H:%M}" == "20 00:35"
    assert timedelta(hours=run.hour, minutes=run.minute) + dag.dagrun_timeout < timedelta(hours=2)
