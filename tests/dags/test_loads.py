"""A load batch on the local warehouse: sent as one transaction, waited for, never sent twice while it runs."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import boto3
import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException, TaskDeferred

from podemos.core.errors import DataFault
from podemos.orchestration.warehouse import LoadBatch
from podemos.warehouse.statements import Batch

KEY = "manifests/branches/revisions/000000000001.json"


def fill(key: str, table: str, *, platform) -> Batch:
    """Three statements that bind one value."""
    if table == "unreadable":
        raise DataFault(f"{key} is not JSON; restore it from its version history")
    statements = (f"CREATE TABLE IF NOT EXISTS {table} (a BIGINT)", f"DELETE FROM {table}",
                  f"INSERT INTO {table} VALUES (:value)")  # fmt: skip
    return Batch(statements, {"value": "7"}, "tests/fill.sql", f"ANALYZE {table}" if table.startswith("big") else "")


@pytest.fixture
def context():
    """A task's context; its store of state lives as long as the task, over its attempts."""
    remembered: dict[str, str] = {}
    return {
        "ti": SimpleNamespace(dag_id="branch_ingestion", run_id="manual__1", task_id="load_pagos", map_index=-1),
        "params": {},
        "task_state_store": SimpleNamespace(get=remembered.get, set=remembered.__setitem__),
        "remembered": remembered,
    }


@pytest.fixture
def api(aws):
    return boto3.client("redshift-data")


def load(table: str) -> LoadBatch:
    return LoadBatch(task_id="load_pagos", batch=fill, arguments=[KEY, table])


async def first_event(trigger) -> dict:
    trigger.poll_interval = 0.1
    return (await anext(trigger.run())).payload


def run(operator: LoadBatch, context: dict) -> str:
    """Executes, and when it defers runs its trigger to the end, as the triggerer would."""
    try:
        return operator.execute(context)
    except TaskDeferred as deferred:
        return operator.execute_complete(context, asyncio.run(first_event(deferred.trigger)))


def value(api, table: str) -> list[int]:
    statement = api.execute_statement(WorkgroupName="podemos", Database="analytics", Sql=f"SELECT a FROM {table}")["Id"]
    while api.describe_statement(Id=statement)["Status"] not in ("FINISHED", "FAILED"):
        pass
    return [record[0]["longValue"] for record in api.get_statement_result(Id=statement)["Records"]]


@pytest.fixture(autouse=True, params=["patient", "deferred"])
def patience(request, monkeypatch):
    """Every test twice: a load that is waited for, and one that defers unless it has ended at once."""
    monkeypatch.setattr(LoadBatch, "patience_seconds", 20 if request.param == "patient" else 0)


def test_a_short_load_does_not_defer(context, api, monkeypatch):
    monkeypatch.setattr(LoadBatch, "patience_seconds", 20)
    assert load("brief").execute(context) == KEY
    assert value(api, "brief") == [7]


def test_a_long_load_defers_and_polls_every_five_seconds(context, monkeypatch):
    monkeypatch.setattr(LoadBatch, "patience_seconds", 0.3)
    monkeypatch.setattr(LoadBatch, "get_job_status", lambda *_: "STARTED")
    with pytest.raises(TaskDeferred) as deferred:
        load("long").execute(context)
    assert deferred.value.trigger.poll_interval == 5


def test_a_batch_is_loaded_and_hands_on_the_manifests_key(context, api):
    assert run(load("once"), context) == KEY
    assert value(api, "once") == [7]


def test_the_statement_has_the_same_name_at_every_attempt(context, api):
    for _ in range(2):
        run(load("named"), context)
    names = {s["StatementName"] for s in api.list_statements(StatementName="branch_ingestion.load_pagos")["Statements"]}
    assert len(names) == 1


def test_a_second_attempt_waits_for_the_statement_that_still_runs(context, api, monkeypatch):
    first = load("waited")
    run(first, context)
    monkeypatch.setattr(LoadBatch, "patience_seconds", 0)
    monkeypatch.setattr(LoadBatch, "get_job_status", lambda *_: "STARTED")
    monkeypatch.setattr(LoadBatch, "submit_job", lambda *_: pytest.fail("sent again"))
    second = load("waited")
    assert run(second, context) == KEY
    assert second.statement_id == first.statement_id


def test_a_second_attempt_sends_again_what_no_longer_runs(context, api):
    first, second = load("again"), load("again")
    run(first, context)
    run(second, context)
    assert second.statement_id != first.statement_id
    assert value(api, "again") == [7]


def test_a_refused_batch_says_what_the_warehouse_said(context):
    with pytest.raises(AirflowException, match=f"load_pagos of {KEY}: .*nowhere") as raised:
        run(load("nowhere.t"), context)
    assert "Response details" not in str(raised.value)


def test_a_fault_of_data_is_not_tried_again(context):
    with pytest.raises(AirflowFailException, match="is not JSON"):
        load("unreadable").execute(context)


def after_a_load(api) -> list[str]:
    """Status of what was sent after loads, once it has ended."""
    while True:
        found = api.list_statements(StatementName="load_pagos.afterwards", Status="ALL")["Statements"]
        if all(statement["Status"] in ("FINISHED", "FAILED", "ABORTED") for statement in found):
            return [statement["Status"] for statement in found]


def test_a_big_load_is_followed_by_its_analyze_and_a_small_one_by_nothing(context, api):
    before = len(after_a_load(api))
    run(load("small_load"), context)
    assert len(after_a_load(api)) == before
    run(load("big_load"), context)
    assert after_a_load(api)[before:] == ["FINISHED"]
    assert value(api, "big_load") == [7]
