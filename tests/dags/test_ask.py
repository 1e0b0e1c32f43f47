"""A question to a person ends at 05:45 of the night, whichever attempt asks; the policy answers when nobody does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import boto3
import pytest
from airflow.providers.standard.operators import hitl
from airflow.sdk.exceptions import AirflowException, TaskAwaitingInput
from botocore.exceptions import EndpointConnectionError

from podemos.core.clock import iso
from podemos.core.errors import SourceUnavailable
from podemos.core.manifest import read
from podemos.core.store import S3Store
from podemos.orchestration import ask
from podemos.orchestration.ask import AskUntil
from podemos.orchestration.ports import Ports
from podemos.regulatory import marks
from tests.unit.regulatory.deliveries import DAY, NIGHT, memory
from tests.unit.regulatory.evidence import entry, missing
from tests.unit.regulatory.test_ask import decided

CONTEXT = {
    "params": {"business_date": DAY.isoformat(), "rehearsal_seconds_per_hour": None},
    "dag_run": SimpleNamespace(run_after=NIGHT.start),
    "task_instance": SimpleNamespace(
        id="an id", dag_id="regulatory_report", run_id="run", task_id="ask", map_index=-1, max_tries=3
    ),
}
SAID = {
    "chosen_options": ["retener"],
    "params_input": {"nota": "llega a las 5"},
    "responded_at": datetime(2026, 11, 20, 11, tzinfo=UTC) + timedelta(minutes=1),
    "responded_by_user": {"id": "1", "name": "ana"},
}


class Memory(dict):
    """What a task keeps from one attempt to the next."""

    set = dict.__setitem__


@pytest.fixture(scope="module")
def evidence():
    """A night that is partial, one that is complete: objects, and the key of each decision."""
    lake = memory()
    partial = decided(lake, [entry("nomina"), missing("cajeros")])
    complete = decided(lake, [entry("nomina"), entry("cajeros")])
    return {info.key: lake.get(info.key) for info in lake.list("")}, partial, complete


@pytest.fixture
def lake(aws, evidence):
    bucket = boto3.resource("s3").Bucket("podemos-lake")
    bucket.create()
    for key, data in evidence[0].items():
        bucket.put_object(Key=key, Body=data)
    yield S3Store(boto3.client("s3"), "podemos-lake")
    bucket.objects.filter(Prefix="regulatory/").delete()


@pytest.fixture
def sent(monkeypatch):
    """What is asked of Airflow, what is told, the clock port, and what the task keeps."""
    found = {"kept": Memory(), "now": NIGHT.at("04:30")}
    monkeypatch.setattr(hitl, "upsert_hitl_detail", lambda **details: found.update(details))
    found["told"] = []
    monkeypatch.setattr(Ports, "send", property(lambda self: lambda *notice: found["told"].append(notice)))
    monkeypatch.setattr(Ports, "clock", property(lambda self: lambda: found["now"]))
    return found


def execute(decision, sent, clock):
    sent["now"] = NIGHT.at(clock)
    return AskUntil(task_id="ask", decision=decision).execute(CONTEXT | {"task_state_store": sent["kept"]})


@pytest.mark.parametrize("clock", ["04:30", "05:40"])
def test_it_waits_until_a_quarter_to_six_whenever_it_starts(lake, evidence, sent, clock):
    with pytest.raises(TaskAwaitingInput) as waiting:
        execute(evidence[1], sent, clock)
    assert NIGHT.at(clock) + waiting.value.timeout == NIGHT.at("05:45")
    assert (sent["options"], sent["defaults"]) == (["publicar", "retener"], ["publicar"])
    assert "cajeros" in sent["body"]
    (mark,) = marks.of(lake, NIGHT)
    assert (mark.stage, marks.evidence(lake, mark)["until"]) == (marks.PENDING, iso(NIGHT.at("05:45")))


def test_the_question_is_sent_to_a_person_with_the_page_that_takes_the_answer(lake, evidence, sent, monkeypatch):
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example")
    with pytest.raises(TaskAwaitingInput):
        execute(evidence[1], sent, "04:30")
    [(subject, body, attributes)] = sent["told"]
    assert subject.startswith(f"ASK: report {DAY}")
    assert "cajeros" in body
    assert "https://airflow.example/dags/regulatory_report/runs/run/tasks/ask/required_actions" in body
    assert attributes["severity"] == "critical"


def test_a_question_that_can_not_be_sent_is_asked_all_the_same(lake, evidence, sent, monkeypatch):
    def down(*notice):
        raise EndpointConnectionError(endpoint_url="sns")

    monkeypatch.setattr(Ports, "send", property(lambda self: down))
    with pytest.raises(TaskAwaitingInput):
        execute(evidence[1], sent, "04:30")
    assert sent["options"] == ["publicar", "retener"]


@pytest.mark.parametrize("clock", ["05:45", "06:30"])
def test_too_late_the_policy_answers_at_once(lake, evidence, sent, clock):
    answered = read(lake, execute(evidence[1], sent, clock))[0]
    assert (answered["outcome"], answered["answered"]["by"]) == ("partial", None)


def test_nothing_to_decide_is_handed_on(lake, evidence, sent):
    assert execute(evidence[2], sent, "04:30") == evidence[2]


def test_an_answer_is_kept_with_who_gave_it(lake, evidence, sent):
    key = AskUntil(task_id="ask", decision=evidence[1]).execute_complete(CONTEXT | {"task_state_store": Memory()}, SAID)
    held = read(lake, key)[0]
    assert (held["outcome"], held["reasons"]) == ("hold", ["held by ana: llega a las 5"])


def test_who_has_answered_is_not_asked_again_by_the_next_attempt(lake, evidence, sent, monkeypatch):
    def lost(*args, **named):
        raise SourceUnavailable("S3 does not answer")

    with monkeypatch.context() as broken, pytest.raises(AirflowException):
        broken.setattr(ask.ask, "answer", lost)
        context = CONTEXT | {"task_state_store": sent["kept"]}
        AskUntil(task_id="ask", decision=evidence[1]).execute_complete(context, SAID)
    held = read(lake, execute(evidence[1], sent, "05:10"))[0]
    assert (held["outcome"], held["answered"]["by"], held["answered"]["at"]) == (
        "hold",
        "ana",
        iso(SAID["responded_at"]),
    )
    assert sent["told"] == []


def test_a_question_that_a_person_cleared_is_asked_anew(lake, evidence, sent, monkeypatch):
    AskUntil(task_id="ask", decision=evidence[1]).execute_complete(CONTEXT | {"task_state_store": sent["kept"]}, SAID)
    monkeypatch.setattr(CONTEXT["task_instance"], "max_tries", 7)
    with pytest.raises(TaskAwaitingInput):
        execute(evidence[1], sent, "04:30")
