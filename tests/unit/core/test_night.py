"""The night clock."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podemos.core.night import Night


def test_a_scheduled_night_opens_at_two_in_mexico_city_and_ends_at_six() -> None:
    night = Night.scheduled(date(2026, 11, 19))
    assert night.start == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert night.at("06:00") == datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert not night.rehearsal


def test_a_night_of_summer_2022_was_an_hour_earlier() -> None:
    assert Night.scheduled(date(2022, 7, 1)).at("06:00") == datetime(2022, 7, 2, 11, tzinfo=UTC)


def test_a_rehearsal_is_the_same_night_compressed() -> None:
    night = Night(date(2026, 11, 19), datetime(2026, 11, 24, 15, tzinfo=UTC), seconds_per_hour=30)
    assert night.rehearsal
    assert night.at("04:00") - night.start == timedelta(seconds=60)
    assert night.at("01:30") == night.start - timedelta(seconds=15)


@given(st.integers(0, 11 * 60), st.sampled_from([10, 30, 3600]))
def test_the_clock_reads_back_what_at_gave(minutes: int, scale: int) -> None:
    night = Night(date(2026, 11, 19), datetime(2026, 11, 24, 15, tzinfo=UTC), scale)
    clock = f"{(2 + minutes // 60) % 24:02d}:{minutes % 60:02d}"
    assert night.clock(night.at(clock)) == clock


@pytest.mark.parametrize("clock", ["6:00", "24:00", "06:60", "0600"])
def test_a_malformed_clock_time_is_refused(clock: str) -> None:
    with pytest.raises(ValueError):
        Night.scheduled(date(2026, 11, 19)).at(clock)
