"""Waiting for a source ends at its cut-off, whichever attempt it is, and a timeout is a state."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import boto3
import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException, TaskDeferred

from podemos.core.night import Night
from podemos.core.store import S3Store
from podemos.orchestration.ports import Ports
from podemos.orchestration.until import AtClock, WaitForSource
from podemos.regulatory import marks, usual

START = datetime(2026, 11, 24, 15, tzinfo=UTC)
CUT_OFF = START + timedelta(seconds=90)  # movil's is 03:30, of a night of 60 seconds per hour
CONTEXT = {
    "params": {"business_date": "2026-11-19", "rehearsal_seconds_per_hour": 60},
    "dag_run": SimpleNamespace(run_after=START),
}
TIMED_OUT = ("__fail__", {"error": "Trigger timeout"}, CONTEXT)


@pytest.fixture
def deliver(aws):
    """Delivers to the inbox of `movil`, which is empty before and after."""
    s3 = boto3.resource("s3")
    bucket = s3.Bucket("podemos-lake")
    bucket.create()
    yield lambda name: bucket.put_object(Key=f"regulatory/inbox/movil/2026-11-19/{name}", Body=b"{}")
    bucket.objects.filter(Prefix="regulatory/").delete()


@pytest.fixture
def at(monkeypatch):
    """Sets the clock port."""
    return lambda instant: monkeypatch.setattr(Ports, "clock", property(lambda self: lambda: instant))


def wait(**settings) -> WaitForSource:
    return WaitForSource(task_id="wait", source="movil", **settings)


def deferral(instant, at) -> TaskDeferred:
    at(instant)
    with pytest.raises(TaskDeferred) as raised:
        wait().execute(CONTEXT)
    return raised.value


def test_what_is_there_has_arrived_without_a_deferral(deliver, at):
    deliver("control.json")
    at(START + timedelta(seconds=7))
    assert wait().execute(CONTEXT) == "movil:arrived"
    (mark,) = marks.of(S3Store(boto3.client("s3"), "podemos-lake"), Night(date(2026, 11, 19), START, 60))
    assert (mark.stage, mark.ended) == ("wait.movil.arrived", START + timedelta(seconds=7))


def test_data_without_a_control_file_has_not_arrived(deliver, at):
    deliver("movimientos.jsonl.gz")
    assert deferral(START, at).timeout == timedelta(seconds=90)


def test_a_numbered_control_file_counts(deliver, at):
    deliver("control-0002.json")
    at(START)
    assert wait().execute(CONTEXT) == "movil:arrived"


@pytest.mark.parametrize("late", [0, 1, 60, 89.5])
def test_an_attempt_that_starts_late_ends_at_the_same_cut_off(deliver, at, late):
    started = START + timedelta(seconds=late)
    assert started + deferral(started, at).timeout == CUT_OFF


def test_the_trigger_polls_every_five_seconds(deliver, at):
    trigger = deferral(START, at).trigger
    assert (trigger.poke_interval, trigger.wildcard_match) == (5, True)
    assert trigger.bucket_key == "regulatory/inbox/movil/2026-11-19/control*.json"


def test_the_trigger_fires_when_the_control_file_comes(deliver, at):
    trigger = deferral(START, at).trigger
    trigger.poke_interval = 0.1

    async def run() -> dict:
        waiting = asyncio.ensure_future(anext(trigger.run()))
        await asyncio.sleep(0.5)
        assert not waiting.done()
        deliver("control.json")
        return (await asyncio.wait_for(waiting, 10)).payload

    event = asyncio.run(run())
    assert wait().execute_complete(CONTEXT, event) == "movil:arrived"


def test_a_timeout_is_the_state_missing(deliver):
    assert wait().resume_execution(*TIMED_OUT) == "movil:missing"


def test_what_came_between_the_last_poll_and_the_timeout_has_arrived(deliver):
    deliver("control.json")
    assert wait().resume_execution(*TIMED_OUT) == "movil:arrived"


@pytest.mark.parametrize(("there", "state"), [(True, "arrived"), (False, "missing")])
def test_after_the_cut_off_one_look_decides(deliver, at, there, state):
    if there:
        deliver("control.json")
    at(CUT_OFF)
    assert wait().execute(CONTEXT) == f"movil:{state}"


def test_a_technical_error_of_the_trigger_fails_the_attempt(deliver):
    with pytest.raises(AirflowException, match="AccessDenied"):
        wait().execute_complete(CONTEXT, {"status": "error", "message": "AccessDenied"})


def called(at, instant) -> list[str]:
    """What a task at 04:30 does at the instant."""
    found: list[str] = []

    def look(*, night) -> None:
        found.append(night.clock(instant))

    at(instant)
    AtClock(task_id="look", clock="04:30", function=look).execute(CONTEXT)
    return found


@pytest.mark.parametrize("late", [0, 60, 149])
def test_a_task_at_a_clock_waits_until_that_instant_whichever_attempt_it_is(at, late):
    with pytest.raises(TaskDeferred) as raised:
        called(at, START + timedelta(seconds=late))
    assert raised.value.trigger.moment == START + timedelta(seconds=150)


def test_a_task_at_a_clock_that_has_passed_looks_at_once(at):
    assert called(at, START + timedelta(seconds=150)) == ["04:30"]


def test_an_unusual_volume_is_told_when_the_source_arrives_and_a_fault_of_it_blocks_nothing(deliver, at, monkeypatch):
    asked = []

    def compare(source_id, *, night) -> None:
        asked.append((source_id, night.seconds_per_hour))
        raise RuntimeError

    monkeypatch.setattr(usual, "compare", compare)
    deliver("control.json")
    at(START)
    assert (wait().execute(CONTEXT), asked) == ("movil:arrived", [("movil", 60)])


def test_an_unknown_source_is_named_and_not_tried_again(deliver):
    with pytest.raises(AirflowFailException, match=r"sources\.yaml: source 'fax' is not listed"):
        WaitForSource(task_id="wait", source="fax").execute(CONTEXT)
