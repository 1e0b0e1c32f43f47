"""A library function as a task: ports by name, strings in and out, errors as Airflow's. Run by Airflow itself."""

from __future__ import annotations

import json
from pathlib import Path

import boto3
import pytest
from airflow.sdk import dag

from podemos.core.errors import ContractViolation, DataFault, NotCertified, NotFound, SourceUnavailable
from podemos.core.manifest import commit
from podemos.core.store import S3Store
from podemos.orchestration.errors import translated
from podemos.orchestration.ports import NAMES, Ports, stage_parameters
from podemos.orchestration.stage import name_of, stage
from podemos.regulatory import marks

SMALL = Path(__file__).parent / "small"


@pytest.fixture(scope="module")
def finished(database, topics):
    """A finished run of the small DAG, a rehearsal, and its task instances."""
    from airflow.dag_processing.dagbag import DagBag

    boto3.resource("s3").Bucket("podemos-lake").create()
    small = DagBag(str(SMALL), bundle_path=SMALL, bundle_name="dags-folder").dags["small"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_VAR_PODEMOS_PLATFORM", '{"pilot_branches": 12}')
        run = small.test()
    return run, {(ti.task_id, ti.map_index): ti for ti in run.get_task_instances()}


def returned(finished, task_id):
    """What a task handed on."""
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    with create_session() as session:
        query = XComModel.get_many(key="return_value", run_id=finished[0].run_id, task_ids=task_id, dag_ids="small")
        return [row.value for row in session.scalars(query.order_by(None)).all()]


def test_ports_are_filled_by_name_and_strings_are_handed_on(finished):
    run, _ = finished
    kind, looked, limit = json.loads(*returned(finished, "gather"))
    owners = [f"small/{run.run_id}/look[{index}]" for index in (0, 1)]
    assert looked == [[item, "2026-11-19", "2026-11-19", owner, 12]
                      for item, owner in zip(["us-east-1", "b"], owners, strict=True)]  # fmt: skip
    assert (kind, limit) == ("list", 3)


def test_a_fault_of_data_fails_at_once_and_stops_no_other(finished):
    _, found = finished
    states = {index: str(found["look", index].state) for index in range(3)}
    assert states == {0: "success", 1: "success", 2: "failed"}
    assert found["look", 2].try_number == 1
    assert str(found["gather", -1].state) == "success"


def test_a_task_that_gives_up_tells_the_rehearsal_topic_why(finished, topics):
    assert finished
    assert [n for n in topics("podemos-alerts") if n["Subject"].startswith("small")] == []
    (notice,) = (n for n in topics("podemos-rehearsal") if n["Subject"].startswith("small"))
    assert notice["Subject"] == "small.look[2] failed"
    assert "For 06:00: the night stands still here" in notice["Message"]
    assert "Runbook: docs/runbooks/small.md#a-stage-failed" in notice["Message"]
    assert notice["Message"].startswith("b.csv, row 3: monto is 'x'; ask the source to deliver again\n\nrun manual__")
    assert {name: value["Value"] for name, value in notice["MessageAttributes"].items()} == {
        "dag_id": "small", "task_id": "look", "rehearsal": "true", "severity": "critical", "repeat": "false",
        "owner": "airflow", "condition": "task-look[2]",
    }  # fmt: skip


def test_each_stage_that_ended_leaves_its_mark_with_a_forecast(finished):
    lake = S3Store(boto3.client("s3"), "podemos-lake")
    found = [marks.parse(info.key) for info in lake.list(f"{marks.MARKS}2026-11-19/")]
    left = {mark.stage: marks.evidence(lake, mark) for mark in found}
    assert "gather" in left and len([mark for mark in found if mark.stage == "look"]) == 2, "a failed one leaves none"
    assert left["gather"]["forecast"]["nights"] == 0
    assert left["gather"]["result"] == returned(finished, "gather")[0]


def test_a_choice_follows_its_route_and_skips_the_other(finished):
    _, found = finished
    assert {task: str(found[task, -1].state) for task in ("choose", "left", "right")} == {
        "choose": "success", "left": "success", "right": "skipped",
    }  # fmt: skip


def test_an_asset_event_carries_the_day_and_the_manifest(finished):
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        (event,) = session.scalars(select(AssetEvent).where(AssetEvent.source_task_id == "gather"))
        assert event.extra["business_date"] == "2026-11-19"
        assert [event.extra["manifest"]] == returned(finished, "gather")


def test_each_day_is_an_event_of_its_own_and_no_day_none(finished):
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session
    from sqlalchemy import select

    from podemos.orchestration.assets import CERTIFICADOS_CORREGIDOS

    with create_session() as session:
        events = session.scalars(select(AssetEvent).where(AssetEvent.source_task_id == "correct")).all()
        assert {event.asset.name for event in events} == {CERTIFICADOS_CORREGIDOS.name}
        assert sorted(event.extra["business_date"] for event in events) == ["2026-11-16", "2026-11-17"]
        assert session.scalars(select(AssetEvent).where(AssetEvent.source_task_id == "correct_none")).all() == []


def test_a_port_that_does_not_exist_is_refused_when_the_dag_is_parsed():
    def wants(key: str, *, telegraph: object) -> str:
        return key

    with pytest.raises(TypeError, match=r"wants: no port is called 'telegraph'"):
        stage(wants)


def test_an_argument_too_few_is_refused_when_the_dag_is_parsed():
    @dag(schedule=None)
    def wrong():
        stage(commit, task_id="commit")("one")

    with pytest.raises(TypeError, match="key"):
        wrong()


def test_a_task_is_named_after_its_module():
    assert name_of(commit) == "manifest"
    assert stage_parameters(commit) == ("store", "key", "document")


def test_every_port_has_a_name_that_is_no_key_of_airflows_context():
    from airflow.sdk.definitions.context import KNOWN_CONTEXT_KEYS

    assert {"lake", "reports", "warehouse", "state", "connect", "clock", "platform", "night", "send"} <= NAMES
    assert set() == NAMES & KNOWN_CONTEXT_KEYS


@pytest.mark.parametrize(
    ("error", "retried"),
    [
        (SourceUnavailable("warehouse: did not answer"), True),
        (DataFault("a"), False),
        (ContractViolation("b"), False),
        (NotCertified("c"), False),
        (NotFound("s3://lake/d"), False),
    ],
)
def test_only_an_unavailable_source_is_tried_again(error, retried):
    from airflow.sdk.exceptions import AirflowException, AirflowFailException

    with pytest.raises(AirflowException) as raised, translated():
        raise error
    assert isinstance(raised.value, AirflowFailException) is not retried
    assert str(raised.value) == str(error)


def test_another_error_is_left_as_it_is():
    with pytest.raises(ZeroDivisionError), translated():
        1 / 0  # noqa: B018


def test_stores_share_one_client(aws):
    ports = Ports({})
    assert ports.lake._client is ports.reports._client
    assert (ports.lake.bucket, ports.reports.bucket) == ("podemos-lake", "podemos-reports")


def test_the_platform_variable_replaces_single_names(monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_PODEMOS_PLATFORM", '{"lake_bucket": "otro-lago"}')
    ports = Ports({})
    assert (ports.platform.lake_bucket, ports.platform.reports_bucket) == ("otro-lago", "podemos-reports")
