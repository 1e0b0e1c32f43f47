"""Stages: each task of both DAGs belongs to one, and their seconds add up to the run's."""

from datetime import UTC, datetime, timedelta

import pytest

from local.platform import stages
from local.platform.stages import BRANCHES, CURATE, LOAD, PUBLISH, PULL, REPORT, progress, seconds
from local.platform.watch import Run

START = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
TASKS = {
    BRANCHES: ["plan", "pull", "collect", "curate", "publish", "load_pagos", "load_clientes", "certify"],
    REPORT: ["plan", "wait", "seal", "normalise", "load", "reconcile", "gate", "decide", "choose", "hold", "build",
             "publish", "notify"],
}  # fmt: skip


def task(task_id, state="success", end=None, map_index=-1):
    ended = (START + timedelta(seconds=end)).isoformat().replace("+00:00", "Z") if end is not None else None
    return {"task_id": task_id, "state": state, "end_date": ended, "map_index": map_index}


@pytest.mark.parametrize(("dag", "task_id"), [(dag, task_id) for dag, ids in TASKS.items() for task_id in ids])
def test_every_task_belongs_to_one_stage(dag, task_id):
    assert len([stage for stage in stages.ALL if stage.dag == dag and stage.holds(task_id)]) == 1


def test_the_budget_is_what_was_agreed():
    assert sum(stage.budget for stage in stages.ALL) == 280


def test_a_stage_with_an_open_task_has_not_ended():
    now = progress(PULL, [task("plan", end=2), task("pull", end=9, map_index=0), task("pull", "running", map_index=1)])
    assert (now.done, now.total, now.ended) == (2, 3, None)


def test_a_failed_task_is_named_and_counts_as_ended():
    now = progress(PULL, [task("plan", end=2), task("pull", "failed", end=9, map_index=0)])
    assert now.failed == ("pull",)
    assert now.ended == START + timedelta(seconds=9)


def test_stage_seconds_run_from_end_to_end():
    tasks = [
        task("plan", end=2), task("pull", end=20, map_index=0), task("pull", end=25, map_index=1),
        task("collect", end=27), task("curate", "skipped", end=28), task("publish", end=30),
        task("load_pagos", end=41), task("certify", "running"),
    ]  # fmt: skip
    assert seconds(BRANCHES, START, tasks) == {PULL.name: 25.0, CURATE.name: 5.0}
    tasks[-1] = task("certify", end=44)
    assert seconds(BRANCHES, START, tasks)[LOAD.name] == 14.0


def test_a_stage_that_was_skipped_took_no_time():
    tasks = [task("build", "skipped", end=60), task("publish", "skipped", end=60), task("notify", "skipped", end=60)]
    assert PUBLISH.name not in seconds(REPORT, START, tasks)
    tasks[1] = task("publish", "failed", end=61)
    assert seconds(REPORT, START, tasks)[PUBLISH.name] == 61.0


def test_a_run_is_loaded_when_every_load_has_ended():
    run = Run(BRANCHES, "r", "running", START, [task("load_pagos", end=9), task("load_clientes", "running")])
    assert not run.loaded
    run.tasks[1] = task("load_clientes", "upstream_failed", end=10)
    assert run.loaded
    assert not Run(BRANCHES, "r", "running", START, []).loaded
    assert Run(BRANCHES, "r", "failed", START, []).loaded
