"""How far a pull reaches back where rows come late: measured, limited, forgotten."""

from __future__ import annotations

from datetime import date
from typing import Any

from podemos.branches import look_back
from podemos.branches.bound import HoldBack, clock
from podemos.branches.look_back import LookBack

from .chain import part

CLOCK = "2026-11-19 12:15:00.000000"
WINDOWS = {"pagos": {"001": ["2026-11-19 06:15:00.000000", CLOCK]}}
TODAY = date(2026, 11, 20)


def healed(cursor: str, day: str = "2026-11-19") -> dict[str, Any]:
    return {"pagos": {day: {"001": {"late": 1, "late_from": cursor}}}}


def test_the_clock_of_a_snapshot_is_its_bound_and_what_was_held_back() -> None:
    assert clock("2026-11-19 12:00:00.000000", 900) == CLOCK
    assert clock("2026-10-31 23:59:59", 2) == "2026-11-01 00:00:01"
    assert [clock(bound, 5) for bound in ("0001-01-01 00:00:00", "20261119", "-9223372036854775808", "")] == [""] * 4
    assert part("001", 1).clock == "", "a part of a release that recorded no hold-back"
    assert HoldBack("lag", 900).seconds == 900


def test_a_window_ends_at_the_clock_of_the_last_snapshot_without_the_row_and_is_as_long_as_the_limit() -> None:
    assert look_back.window({"clock_before": CLOCK}, 6) == ("2026-11-19 06:15:00.000000", CLOCK)
    assert look_back.window({"clock_before": "2026-11-19 01:15:00"}, 6) == (
        "2026-11-18 19:15:00",
        "2026-11-19 01:15:00",
    )
    assert look_back.window({"clock_before": CLOCK}, 0) is None
    assert look_back.window({}, 6) is None


def test_the_latest_row_of_the_last_days_decides_and_what_is_older_is_forgotten() -> None:
    first = look_back.measured({}, healed("2026-11-19 12:00:00.500000"), WINDOWS, TODAY, 30)
    assert first == {"pagos": {"001": {"2026-11-20": 900}}}
    again = look_back.measured(first, healed("2026-11-19 12:10:00.000000", "2026-11-02"), WINDOWS, TODAY, 30)
    assert again == first, "the largest of the day"
    later = look_back.measured(first, healed("2026-11-19 12:10:00.000000"), WINDOWS, date(2026, 12, 19), 30)
    assert later == {"pagos": {"001": {"2026-11-20": 900, "2026-12-19": 301}}}
    assert look_back.measured(later, {}, {}, date(2026, 12, 20), 30) == {"pagos": {"001": {"2026-12-19": 301}}}
    assert look_back.measured(later, {}, {}, date(2027, 1, 18), 30) == {}


def test_only_the_watermark_of_the_certified_snapshot_is_lowered() -> None:
    lateness = {
        "pagos": {"001": {"2026-11-20": 900, "2026-11-21": 60}, "002": {"2026-11-20": 5}, "003": {"2026-11-20": 5}}
    }
    said = {"as_of": "2026-11-20T08:00:00Z", "cut": False}
    left = look_back.left(lateness, {"pagos": {"001": said, "002": said | {"cut": True}}})
    assert left == {"pagos": {"001": {"as_of": said["as_of"], "seconds": 900}}}, "after a cut nothing is sent twice"
    found = look_back.of_certification(left)[("pagos", "001")]
    assert found == LookBack("2026-11-20T08:00:00Z", 900)
    assert (found.of("2026-11-20T08:00:00Z"), found.of("2026-11-20T08:30:00Z")) == (900, 0)
