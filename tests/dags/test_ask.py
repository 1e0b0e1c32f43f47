"""A question to a person ends at 05:45 of the night, whichever attempt asks; the policy answers when nobody does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import boto3
import pytest
from airflow.providers.standard.operators import hitl
from airflow.sdk.exceptions import TaskAwaitingInput

from podemos.core.clock import iso
from podemos.core.manifest import read
from podemos.core.store import S3Store
from podemos.orchestration.ask import AskUntil
from podemos.orchestration.ports import Ports
from podemos.regulatory import marks
from tests.unit.regulatory.deliveries import DAY, NIGHT, memory
from tests.unit.regulatory.evidence import entry, missing
from tests.unit.regulatory.test_ask import decided

CONTEXT = {
    "params": {"business_date": DAY.isoformat(), "rehearsal_seconds_per_hour": None},
    "dag_run": SimpleNamespace(run_after=NIGHT.start),
    "task_instance": SimpleNamespace(id="an id"),
}


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
    """What is asked of Airflow, and the clock port."""
    found = {}
    monkeypatch.setattr(hitl, "upsert_hitl_detail", lambda **details: found.update(details))
    monkeypatch.setattr(Ports, "clock", property(lambda self: lambda: found["now"]))
    return found


def execute(decision, sent, clock):
    sent["now"] = NIGHT.at(clock)
    return AskUntil(task_id="ask", decision=decision).execute(CONTEXT)


@pytest.mark.parametrize("clock", ["04:30", "05:40"])
def test_it_waits_until_a_quarter_to_six_whenever_it_starts(lake, evidence, sent, clock):
    with pytest.raises(TaskAwaitingInput) as waiting:
        execute(evidence[1], sent, clock)
    assert NIGHT.at(clock) + waiting.value.timeout == NIGHT.at("05:45")
    assert (sent["options"], sent["defaults"]) == (["publicar", "retener"], ["publicar"])
    assert "cajeros" in sent["body"]
    (mark,) = marks.of(lake, NIGHT)
    assert (mark.stage, marks.evidence(lake, mark)["until"]) == (marks.PENDING, iso(NIGHT.at("05:45")))


@pytest.mark.parametrize("clock", ["05:45", "06:30"])
def test_too_late_the_policy_answers_at_once(lake, evidence, sent, clock):
    answered = read(lake, execute(evidence[1], sent, clock))[0]
    assert (answered["outcome"], answered["answered"]["by"]) == ("partial", None)


def test_nothing_to_decide_is_handed_on(lake, evidence, sent):
    assert execute(evidence[2], sent, "04:30") == evidence[2]


def test_an_answer_is_kept_with_who_gave_it(lake, evidence, sent):
    said = {
        "chosen_options": ["retener"],
        "params_input": {"nota": "llega a las 5"},
        "responded_at": datetime(2026, 11, 20, 11, tzinfo=UTC) + timedelta(minutes=1),
        "responded_by_user": {"id": "1", "name": "ana"},
    }
    sent["now"] = NIGHT.at("05:41")
    key = AskUntil(task_id="ask", decision=evidence[1]).execute_complete(CONTEXT, said)
    held = read(lake, key)[0]
    assert (held["outcome"], held["reasons"]) == ("hold", ["held by ana: llega a las 5"])
