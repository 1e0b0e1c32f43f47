"""The forecast of 06:00 from the marks of earlier nights, on the night's clock, also of a compressed one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from podemos.core.clock import iso
from podemos.core.night import Night
from podemos.core.store import MemoryStore
from podemos.regulatory import marks
from podemos.regulatory.earlier import CHAIN, quantile
from podemos.regulatory.forecast import Forecast, forecast, warn
from tests.unit.regulatory.deliveries import ALL, DAY, NIGHT, memory

MINUTE = timedelta(minutes=1)
REHEARSAL = Night(DAY, NIGHT.start + timedelta(hours=9), 30)


def mark(lake: MemoryStore, night: Night, stage: str, clock: str, lasted: timedelta = MINUTE) -> None:
    ended = night.at(clock)
    marks.leave(lake, night, stage, ended - lasted, ended)


def lived(lake: MemoryStore, night: Night, *, arrived: str, stages: Mapping[str, timedelta]) -> None:
    """A night in which the last source, spei, came at `arrived` and each stage took its time."""
    for source in ALL.sources:
        mark(lake, night, f"wait.{source.id}.arrived", arrived if source.id == "spei" else "02:20")
    at = night.at(arrived)
    for stage in CHAIN:
        marks.leave(lake, night, stage, at, at + stages[stage])
        at += stages[stage]


def past(lake: MemoryStore, nights: int, *, slow: int = 0, clock: Night = NIGHT) -> None:
    """So many nights: three minutes a stage, in the slow ones half an hour."""
    for back in range(1, nights + 1):
        span = 30 * MINUTE if back <= slow else 3 * MINUTE
        earlier = replace(clock, business_date=clock.business_date - timedelta(days=back),
                          start=clock.start - timedelta(days=back))  # fmt: skip
        lived(lake, earlier, arrived="03:30", stages=dict.fromkeys(CHAIN, span))


def found(lake: MemoryStore, at: str, night: Night = NIGHT) -> Forecast:
    return forecast(night, night.at(at), lake=lake, sources=ALL)


def test_a_night_without_history_is_forecast_by_assumptions_and_says_so() -> None:
    told = found(memory(), "02:00")
    assert (told.nights, told.night.clock(told.finish), told.percent, told.meets) == (0, "04:23", 100, True)
    assert "assumed" in told.basis
    assert told.path[0][1] == "04:00", "every source may still come at its cut-off"


def test_a_night_goes_on_as_the_nights_before_did() -> None:
    lake = memory()
    past(lake, 20)
    early = found(lake, "02:30")
    assert (early.nights, early.night.clock(early.finish)) == (20, "03:54")
    for source in ALL.sources:
        if source.id != "spei":
            mark(lake, NIGHT, f"wait.{source.id}.arrived", "02:20")
    late = found(lake, "03:50")
    assert late.path[0] == ("wait for spei", "03:50")
    mark(lake, NIGHT, "wait.spei.arrived", "03:58")
    mark(lake, NIGHT, "seal", "04:01")
    sealed = found(lake, "04:02")
    assert (sealed.night.clock(sealed.finish), sealed.path[0]) == ("04:22", ("normalise", "04:04"))
    assert dict(sealed.latest)["warehouse given up"] == "05:42"
    for stage, clock in zip(CHAIN[1:], ("04:05", "04:09", "04:12", "04:14", "04:17", "04:20", "04:22"), strict=True):
        mark(lake, NIGHT, stage, clock)
    done = found(lake, "04:30")
    assert (done.night.clock(done.finish), done.percent, done.path) == ("04:22", 100, ())


def test_the_probability_is_the_share_of_nights_that_would_be_in_time() -> None:
    lake = memory()
    past(lake, 20, slow=5)
    told = found(lake, "03:00")
    assert (told.percent, told.meets, told.night.clock(told.finish)) == (75, False, "03:54")
    assert told.night.clock(told.late) == "07:30"


def test_a_stage_that_takes_longer_than_ever_moves_the_end_with_it() -> None:
    lake = memory()
    past(lake, 20)
    mark(lake, NIGHT, "seal", "04:01")
    assert NIGHT.clock(found(lake, "05:50").finish) == "06:08"


def test_a_missing_source_means_a_question_until_a_quarter_to_six() -> None:
    lake = memory()
    past(lake, 20)
    mark(lake, NIGHT, "wait.cajeros.missing", "03:00")
    mark(lake, NIGHT, "gate", "04:10")
    assert NIGHT.clock(found(lake, "04:11").finish) == "05:54"
    mark(lake, NIGHT, "decide", "04:13")
    marks.leave(lake, NIGHT, marks.PENDING, NIGHT.at("04:14"), NIGHT.at("04:14"), {"until": iso(NIGHT.at("05:45"))})
    asked = found(lake, "04:20")
    assert (NIGHT.clock(asked.finish), asked.path[0]) == ("05:54", ("ask", "05:45"))


def test_a_rehearsal_is_forecast_on_its_own_clock_from_rehearsals() -> None:
    lake = memory()
    past(lake, 20, slow=20)
    told = found(lake, "02:00", REHEARSAL)
    assert (told.nights, REHEARSAL.clock(told.finish)) == (0, "04:23")
    for n in range(6):
        earlier = replace(REHEARSAL, start=REHEARSAL.start - timedelta(minutes=10 * (n + 1)))
        lived(lake, earlier, arrived="03:30", stages=dict.fromkeys(CHAIN, timedelta(seconds=2)))
    told = found(lake, "02:00", REHEARSAL)
    assert (told.nights, REHEARSAL.clock(told.finish)) == (6, "04:02"), "work is not compressed, arrivals are"


def test_only_a_forecast_that_misses_is_told_and_once() -> None:
    lake, sent = memory(), list[tuple[str, str]]()

    def look(at: str) -> None:
        def clock() -> datetime:
            return NIGHT.at(at)

        warn(night=NIGHT, lake=lake, clock=clock, sources=ALL, send=lambda s, b, a: sent.append((s, b)))

    past(lake, 20)
    look("04:30")
    assert sent == []
    lake = memory()
    past(lake, 20, slow=20)
    look("04:30")
    look("04:31")
    ((subject, body),) = sent
    assert subject == f"Report {DAY}: 06:00 will probably be missed (08:30)"
    assert "Latest safe start: contingency runner, 05:46" in body
    assert "docs/runbooks/regulatory_report.md#the-forecast" in body


def test_a_night_that_was_run_by_hand_is_no_history() -> None:
    lake = memory()
    for n in range(1, 9):
        start = NIGHT.start - timedelta(days=n) + timedelta(microseconds=7)
        night = replace(NIGHT, business_date=DAY - timedelta(days=n), start=start)
        lived(lake, night, arrived="03:30", stages=dict.fromkeys(CHAIN, MINUTE))
    assert found(lake, "02:00").nights == 0


@pytest.mark.parametrize(("percent", "value"), [(1, 1), (25, 1), (50, 2), (75, 3), (95, 4), (100, 4)])
def test_a_quantile_is_one_of_the_values(percent: int, value: int) -> None:
    assert quantile([1, 2, 3, 4], percent) == value
