"""Who is silent that should not be: one cause, once."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from podemos.contracts.holidays import is_free
from podemos.core.store import MemoryStore
from podemos.mobile import watch_state
from podemos.mobile.budget import PER_DEVICE_DAY, RULES, Past, Silence, allocate
from podemos.mobile.silence import Cause, Kind, Watch
from podemos.mobile.watch import half_of, local

ZONE = "America/Mexico_City"
BEGIN = datetime(2026, 10, 5, 6, tzinfo=UTC)  # a Monday, local midnight
TOWNS = {"Oaxaca": 8, "Puebla": 6}
PHONES = {f"{town[:2]}{n}": town for town, phones in TOWNS.items() for n in range(phones)}
Gone = Callable[[str, datetime], bool]


def at(day: int, hour: float = 0) -> datetime:
    return BEGIN + timedelta(days=day, hours=hour)


def heard(instant: datetime, gone: Gone) -> set[str]:
    """Phones that are heard from 08:00 to 17:00 of workdays nearly always, else every few hours."""
    local_time = instant - timedelta(hours=6)
    works = local_time.weekday() < 5 and 8 <= local_time.hour < 17 and not is_free(local_time.date())
    rng = random.Random(int(instant.timestamp()))
    return {phone for phone in PHONES if rng.random() < (0.9 if works else 0.2) and not gone(phone, instant)}


def new_watch() -> Watch:
    watch = Watch(local, is_free)
    for phone, town in PHONES.items():
        watch.enrol(phone, town, ZONE)
    return watch


def run(
    watch: Watch, first: datetime, last: datetime, gone: Gone = lambda *_: False
) -> Iterator[tuple[Cause, datetime]]:
    for half in range(half_of(first), half_of(last)):
        instant = datetime.fromtimestamp(half * 1800, UTC)
        yield from ((cause, instant + timedelta(minutes=30)) for cause in watch.step(half, heard(instant, gone)))


@pytest.fixture
def learned() -> Watch:
    watch = new_watch()
    assert list(run(watch, at(0), at(21))) == []
    return watch


def test_a_stolen_phone_is_told_once_within_its_next_working_window(learned: Watch) -> None:
    found = list(run(learned, at(21), at(25), lambda phone, when: phone == "Oa3" and when >= at(21, 14)))
    [(cause, told)] = found
    assert (cause.kind, cause.subject) == (Kind.DEVICE, "Oa3")
    assert at(21, 17) < told <= at(22, 17.5)


def test_a_town_without_towers_is_one_cause_and_blames_no_phone(learned: Watch) -> None:
    def dark(phone: str, when: datetime) -> bool:
        return PHONES[phone] == "Oaxaca" and at(22, 9) <= when < at(23, 18) and not at(22, 15) <= when < at(22, 15.5)

    found = list(run(learned, at(21), at(26), dark))
    [(cause, told)] = found
    assert (cause.kind, cause.subject) == (Kind.REGION, "Oaxaca")
    assert told <= at(22, 12)
    assert learned.causes == {}  # it is over


def test_a_phone_that_is_lost_while_its_town_is_dark_is_told_when_the_town_is_back(learned: Watch) -> None:
    def dark(phone: str, when: datetime) -> bool:
        return PHONES[phone] == "Oaxaca" and at(22, 9) <= when < (at(99) if phone == "Oa1" else at(23, 18))

    causes = [cause for cause, _ in run(learned, at(21), at(28), dark)]
    assert [(cause.kind, cause.subject) for cause in causes] == [(Kind.REGION, "Oaxaca"), (Kind.DEVICE, "Oa1")]


def test_when_nobody_is_heard_it_is_our_own_door(learned: Watch) -> None:
    causes = [cause for cause, _ in run(learned, at(21), at(24), lambda _, when: at(22, 9) <= when < at(22, 16))]
    assert [cause.kind for cause in causes] == [Kind.FLEET]


def test_a_holiday_and_a_day_off_at_home_are_no_silence(learned: Watch) -> None:
    """Monday 2 November is free; on Tuesday half a town stays at home and its phones are heard now and then."""
    assert is_free(date(2026, 11, 2))

    def away(phone: str, when: datetime) -> bool:
        weekend_like = random.Random(f"{phone}{when}").random() < 0.75
        return phone in {"Oa0", "Oa1", "Oa2", "Oa3"} and at(29) <= when < at(30) and weekend_like

    assert list(run(learned, at(21), at(31), away)) == []


def test_a_watch_that_is_saved_and_read_at_every_look_decides_the_same(learned: Watch) -> None:
    lake = MemoryStore()
    watch_state.save(lake, learned)
    other = watch_state.load(lake, Watch(local, is_free))

    def gone(phone: str, when: datetime) -> bool:
        return (phone == "Pu2" and when >= at(21, 10)) or (PHONES[phone] == "Oaxaca" and at(22, 8) <= when < at(22, 20))

    expected, found = list(run(learned, at(21), at(24), gone)), []
    for hours in range(0, 72, 6):
        found += run(other, at(21, hours), at(21, hours + 6), gone)
        watch_state.save(lake, other)
        other = watch_state.load(lake, Watch(local, is_free))
    assert found == expected
    assert {cause.kind for cause, _ in expected} == {Kind.DEVICE, Kind.REGION}
    assert other.causes == learned.causes


def test_a_fleet_that_was_just_switched_on_is_judged_by_nobody() -> None:
    assert list(run(new_watch(), at(0), at(13), lambda phone, when: phone == "Oa0" and when >= at(8))) == []


def test_alarms_cost_no_more_than_the_budget_and_the_phone_that_costs_most_is_patient() -> None:
    pasts = {str(n): Past(56, ()) for n in range(99)} | {"often": Past(56, [Silence(1.0, 1.0)] * 9)}
    steps = allocate(pasts)
    assert steps["often"] > 0
    assert RULES[steps["often"]].whole > 1.0
    assert sum(step > 0 for step in steps.values()) < 50
    assert PER_DEVICE_DAY <= 1 / 1000
