"""Faults at minutes of the night: which there are, when they act, and what counts as the expected end."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from local.drill.catalogue import ALL, Drill, Kind, UnknownFault, drill
from local.drill.outcome import Message, Outcome, differences, line, of_other_runs
from local.drill.rehearsal import require_in_time
from local.drill.schedule import Event, Schedule, opened_at
from local.sources.catalog import systems
from podemos.core.clock import system_clock
from podemos.core.night import OPENS, Night

START = datetime(2026, 11, 20, 8, tzinfo=UTC)
NIGHT = Night(date(2026, 11, 19), START, 120)


def test_every_fault_can_be_drilled_at_its_usual_minute():
    assert len({fault.name for fault in ALL}) == len(ALL) >= 12
    for fault in ALL:
        require_in_time(drill(fault.name))
        if fault.kind in (Kind.SOURCE_MISSING, Kind.SOURCE_LATE):
            cutoff = next(one.cutoff for one in systems() if one.id == fault.target)
            assert fault.opens < cutoff, f"{fault.name}: nobody waits for its source any more"


def test_a_source_or_a_branch_may_be_named():
    assert drill("source_missing=movil") == Drill(drill("source_missing").fault, "movil", OPENS)
    assert drill("warehouse_down", "04:10").at == "04:10"


@pytest.mark.parametrize(
    ("text", "at", "told"),
    [
        ("no_such", None, "warehouse_down"),
        ("warehouse_down=x", None, "names nothing"),
        ("warehouse_down", "3:40", "HH:MM"),
        ("warehouse_down", "01:00", "from 03:20 to 06:00"),
        ("branch_offline", "03:40", "last pull"),
    ],
)
def test_what_can_not_be_drilled_is_refused_by_name(text, at, told):
    with pytest.raises(UnknownFault, match=told):
        drill(text, at)


def test_a_source_can_not_fail_after_it_has_delivered_nor_change_before():
    with pytest.raises(UnknownFault, match="earlier minute"):
        require_in_time(drill("source_missing=spei", "04:30"))
    with pytest.raises(UnknownFault, match="later minute"):
        require_in_time(replace(drill("source_changed"), at="02:10"))


def test_a_night_that_opens_late_has_the_same_instants():
    night = opened_at(NIGHT, "03:40")
    assert night.clock(START) == "03:40"
    assert night.at("04:00") == START + timedelta(seconds=40)


def test_events_act_in_order_of_time_and_a_failing_one_does_not_stop_the_later():
    done = []

    def fails() -> str:
        raise RuntimeError("no such process")

    now = system_clock()
    night = opened_at(Night(NIGHT.business_date, now, 60), "03:40")
    acts = {"03:42": lambda: done.append("b") or "b", "03:41": fails, "03:40": lambda: done.append("a") or ""}
    schedule = Schedule(Event(night.at(clock), act) for clock, act in acts.items())
    schedule.start()
    schedule.join(10)
    assert done == ["a", "b"]
    assert [(night.clock(one.at), one.what) for one in schedule.happened] == [
        ("03:41", "could not be done: no such process"), ("03:42", "b"),
    ]  # fmt: skip
    assert [str(failure) for failure in schedule.failures] == ["no such process"]


def test_what_has_not_happened_when_the_night_is_over_does_not_happen():
    schedule = Schedule([Event(system_clock() + timedelta(hours=1), lambda: "too late")])
    schedule.start()
    schedule.stop()
    assert (schedule.is_alive(), schedule.happened) == (False, [])


LATE = "regulatory_report is not finished at 05:30; due at 06:00"


def published(**changes) -> Outcome:
    return replace(
        Outcome(
            "complete", [Message(START, "Report 2026-11-19 complete v1")], "s3://reports/v1", "redshift",
            delivered=NIGHT.at("05:10"), verified=True, versions=1,
        ),
        **changes,
    )  # fmt: skip


def test_the_expected_night_passes_and_says_so():
    asked = drill("s3_down")
    wrong = differences(asked, published(), NIGHT, [])
    assert line(asked, published(), NIGHT, wrong) == {
        "drill": "s3_down", "at": "03:50", "status": "complete", "delivered_at": "05:10", "verified": True, "alerts": 1,
        "as_expected": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"status": "partial"}, "status: 'partial' instead of 'complete'"),
        ({"delivered": NIGHT.at("06:01")}, "delivered by 06:00"),
        ({"delivered": None}, "delivered by 06:00"),
        ({"verified": False}, "verified"),
        ({"engine": "duckdb"}, "engine"),
        ({"signed": True}, "signed"),
        ({"versions": 2}, "versions"),
        ({"messages": []}, "no message like"),
        ({"messages": [*published().messages, Message(START, "regulatory_report.seal failed")]}, "nothing explains"),
        ({"messages": [*published().messages, Message(START, LATE)]}, "nothing explains"),
        ({"answered": {"chosen": "publicar", "by": None, "note": ""}}, "answered by: 'policy' instead of ''"),
    ],
)
def test_any_other_end_fails_the_drill(changes, told):
    assert any(told in difference for difference in differences(drill("s3_down"), published(**changes), NIGHT, []))


def test_an_alarm_of_a_deadline_that_was_missed_is_no_false_alarm():
    late = published(messages=[*published().messages, Message(START, LATE)], delivered=NIGHT.at("05:40"))
    assert differences(drill("s3_down"), late, NIGHT, []) == []


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("Run manual__2026-11-24T19:18:43.232916+00:00 is failed at 05:30 of the night", True),
        ("Run manual__2026-11-24T19:25:34.429108+00:00 is running at 05:30 of the night", False),
        ("Answer: http://x/runs/manual__2026-11-24T19%3A25%3A34.429108%2B00%3A00/tasks/ask", False),
        ("the night has left no trace", False),
    ],
)
def test_the_alarm_of_a_run_that_an_earlier_drill_killed_is_not_this_nights(text, other):
    assert of_other_runs(text, ["manual__2026-11-24T19:25:34.429108+00:00"]) == other


def test_a_drill_whose_fault_could_not_be_made_fails():
    assert differences(drill("s3_down"), published(), NIGHT, [RuntimeError("x")]) == ["the drill itself failed: x"]


def test_the_record_must_say_who_answered_what():
    asked = drill("person_holds")
    said = {"chosen": "retener", "by": asked.fault.answer.who, "note": asked.fault.answer.note}
    messages = [Message(START, "ASK: report x"), Message(START, "HELD: report x")]
    held = Outcome("held", messages, answered=said)
    assert differences(asked, held, NIGHT, []) == []
    assert differences(asked, replace(held, answered=said | {"by": "Anonymous"}), NIGHT, [])


def test_the_product_does_not_know_of_drills():
    dags = Path(__file__).parents[3] / "dags"
    assert not [path for path in dags.rglob("*.py") if "drill" in path.read_text(encoding="utf-8").lower()]
