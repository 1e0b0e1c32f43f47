"""What is told, where, and when nothing is: on a local SNS."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import boto3
import pytest
from airflow.sdk.exceptions import AirflowFailException

from podemos.core.alert import plain_subject
from podemos.core.store import MemoryStore
from podemos.orchestration import alerts, notices

REASON = "sucursal 017, 2026-11-19, pago 88213: 1,250.00 at the till, 1,250.01 in the warehouse"


def context(dag_id: str, **more):
    dag = SimpleNamespace(dag_id=dag_id, dagrun_timeout=timedelta(hours=2))
    return {"dag": dag, "run_id": "scheduled__1", "params": {}} | more


def told(topics, name: str, dag_id: str) -> list[dict]:
    return [n for n in topics(name) if n["MessageAttributes"]["dag_id"]["Value"] == dag_id]


def test_a_subject_is_what_sns_takes():
    told = plain_subject("Camión\nde la sucursal León: " + "x" * 200)
    assert told == ("Camion de la sucursal Leon: " + "x" * 200)[:100]


def test_a_notice_with_an_empty_attribute_is_sent_without_it(topics):
    alerts.send(context("empty_attribute"), "Año", "cuerpo: año", {"severity": "", "outcome": "hold"})
    (notice,) = told(topics, "podemos-alerts", "empty_attribute")
    assert (notice["Subject"], notice["Message"]) == ("Ano", "cuerpo: año")
    assert set(notice["MessageAttributes"]) == {"dag_id", "rehearsal", "outcome"}


def test_a_rehearsal_tells_its_own_topic_only(topics):
    alerts.send(context("rehearsed", params={"rehearsal_seconds_per_hour": 30}), "one", "two")
    assert told(topics, "podemos-alerts", "rehearsed") == []
    assert len(told(topics, "podemos-rehearsal", "rehearsed")) == 1


def test_a_run_that_took_too_long_is_told_of_even_without_a_task(topics):
    alone = {name: value for name, value in context("slow", reason="timed_out").items() if name != "params"}
    alerts.run_failed(alone)
    (notice,) = told(topics, "podemos-alerts", "slow")
    assert notice["Subject"] == "slow took too long and was ended"
    assert "run scheduled__1 took longer than 2:00:00" in notice["Message"]


def failed(**params):
    task = SimpleNamespace(
        dag_id="failing", task_id="build", map_index=-1, run_id="r", try_number=4, log_url="http://l"
    )
    night = {"params": params, "dag_run": SimpleNamespace(run_after=datetime(2026, 11, 20, 8, tzinfo=UTC))}
    owner = SimpleNamespace(owner="finanzas")
    return context("failing", ti=task, task=owner, exception=ValueError("no space"), **night)


def test_a_failed_task_of_a_night_is_told_with_what_it_means_and_its_repeat_is_marked(topics):
    boto3.resource("s3").Bucket("podemos-lake").create()
    night = failed(business_date="2026-11-19", rehearsal_seconds_per_hour=45)
    alerts.task_failed(night)
    alerts.task_failed(night)
    first, again = told(topics, "podemos-rehearsal", "failing")
    for words in ("no space", "For 06:00: the night stands still", "Owner: finanzas", "failing.md#a-stage-failed"):
        assert words in first["Message"]
    assert [n["MessageAttributes"]["repeat"]["Value"] for n in (first, again)] == ["false", "true"]
    elsewhere = failed()
    alerts.task_failed(elsewhere)
    alerts.task_failed(elsewhere)
    assert len(told(topics, "podemos-alerts", "failing")) == 1, "a repeated warning is quiet"


def test_outside_production_nobody_is_woken(topics, monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_PODEMOS_PLATFORM", '{"production": false}')
    alerts.send(context("staging"), "one", "two")
    assert told(topics, "podemos-alerts", "staging") == []
    assert len(told(topics, "podemos-rehearsal", "staging")) == 1


def test_a_run_that_failed_by_a_task_is_not_told_of_twice(topics):
    alerts.run_failed(context("twice", reason="task_failure"))
    alerts.task_failed(context("twice", exception=alerts.Held(REASON)))
    assert told(topics, "podemos-alerts", "twice") == []


def test_a_hold_tells_the_reason_and_fails_with_it():
    lake, sent = MemoryStore("lake"), []
    lake.put_new("certificate.json", b'{"docs": {"page": "docs/index.html"}}')
    decision = {"business_date": "2026-11-19", "reasons": [REASON, "another"], "minutes_before_deadline": 70}
    lake.put_new("decision.json", json.dumps(decision | {"certificate": {"key": "certificate.json"}}).encode())
    with pytest.raises(alerts.Held, match=f"^{REASON}$") as raised:
        notices.hold("decision.json", lake=lake, send=lambda *notice: sent.append(notice))
    assert isinstance(raised.value, AirflowFailException)
    ((subject, body, attributes),) = sent
    assert subject.startswith("HELD: report 2026-11-19: sucursal 017")
    assert body.startswith(f"{REASON}\nAlso: another\n")
    assert attributes["severity"] == "critical"


def test_watch_turns_the_run_red():
    with pytest.raises(AirflowFailException, match="batches of branches failed"):
        alerts.watch()
