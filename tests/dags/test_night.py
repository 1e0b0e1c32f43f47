"""Which day and night a run works on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest

from podemos.core.errors import ContractViolation
from podemos.orchestration.night import business_date_of, night_of
from podemos.regulatory.keys import night_folder


def context(run_after: datetime, **params):
    return {"params": params, "dag_run": SimpleNamespace(run_after=run_after)}


TWO_AT_NIGHT = datetime(2026, 11, 20, 8, tzinfo=UTC)  # 02:00 in Mexico City


@pytest.mark.parametrize(
    ("run_after", "expected"),
    [
        (TWO_AT_NIGHT, date(2026, 11, 19)),
        (datetime(2026, 11, 20, 5, 30, tzinfo=UTC), date(2026, 11, 18)),  # 23:30 of the 19th
        (datetime(2026, 11, 20, 6, 30, tzinfo=UTC), date(2026, 11, 19)),  # 00:30 of the 20th
    ],
)
def test_the_business_day_is_the_one_before_the_run_in_mexico_city(run_after, expected):
    assert business_date_of(context(run_after, business_date=None)) == expected


def test_a_given_business_date_stands():
    assert business_date_of(context(TWO_AT_NIGHT, business_date="2026-10-31")) == date(2026, 10, 31)


def test_a_scheduled_night_opens_at_two_and_is_no_rehearsal():
    night = night_of(context(TWO_AT_NIGHT))
    assert (night.start, night.rehearsal) == (TWO_AT_NIGHT, False)
    assert night.at("06:00") == TWO_AT_NIGHT + timedelta(hours=4)


def test_a_late_run_by_hand_has_the_cut_offs_of_its_real_night():
    night = night_of(context(datetime(2026, 11, 20, 21, tzinfo=UTC)))
    assert night.at("04:00") == TWO_AT_NIGHT + timedelta(hours=2)


def test_a_run_by_hand_is_a_night_of_its_own_with_the_same_cut_offs():
    scheduled = night_of(context(TWO_AT_NIGHT))
    by_hand = [night_of(context(TWO_AT_NIGHT + timedelta(hours=3, microseconds=part))) for part in (123456, 123457)]
    assert len({night_folder(night) for night in (scheduled, *by_hand)}) == 3
    assert all(night.at("04:00").replace(microsecond=0) == scheduled.at("04:00") for night in by_hand)
    assert not any(night.rehearsal for night in by_hand)


def test_a_rehearsal_opens_when_it_is_due_or_told_and_runs_compressed():
    due = datetime(2026, 11, 24, 15, tzinfo=UTC)
    given = {"business_date": "2026-11-19", "rehearsal_seconds_per_hour": 30}
    night = night_of(context(due, **given))
    assert (night.start, night.rehearsal) == (due, True)
    assert night.at("04:00") == due + timedelta(seconds=60)
    told = night_of(context(due, **given, night_start="2026-11-24T09:00:00-06:00"))
    assert told == night


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"business_date": "19/11/2026"}, "business_date: '19/11/2026' is not a date"),
        ({"rehearsal_seconds_per_hour": 30, "night_start": "soon"}, "night_start: 'soon' is not an instant"),
        ({"rehearsal_seconds_per_hour": 30, "night_start": "2026-11-24T15:00:00"}, "has no offset"),
    ],
)
def test_a_wrong_param_is_named(params, message):
    with pytest.raises(ContractViolation, match=message):
        night_of(context(TWO_AT_NIGHT, **params))
