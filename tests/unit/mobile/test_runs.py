"""Sequence numbers that were seen, and the holes between them."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from podemos.core.zones import zone_table
from podemos.mobile.runs import Hole, Run, added, by_day, holes, of_events

START = datetime(2026, 11, 10, 15, tzinfo=UTC)
ZONE = "America/Mexico_City"
NUMBERS = st.lists(st.integers(1, 60), max_size=40)


def at(sequence: int) -> tuple[int, datetime]:
    return sequence, START + timedelta(hours=sequence)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(NUMBERS, max_size=5), st.integers(0, 70))
def test_runs_and_holes_are_the_numbers_whatever_the_order_and_however_often(parts: list[list[int]], head: int) -> None:
    runs: tuple[Run, ...] = ()
    for part in [*parts, *parts[::-1]]:
        runs = added(runs, of_events(map(at, part)))
    seen = {number for part in parts for number in part}
    assert [n for run in runs for n in range(run.first, run.last + 1)] == sorted(seen)
    assert all(run.first_at == int(at(run.first)[1].timestamp()) for run in runs)
    assert all(run.last_at == int(at(run.last)[1].timestamp()) for run in runs)
    missing = [n for hole in holes(runs, head) for n in range(hole.first, hole.last + 1)]
    assert missing == [n for n in range(1, max(head, *seen, 0) + 1) if n not in seen]


def days_of(hole: Hole, until: datetime = START) -> dict[date, int]:
    return by_day(hole, until=until, zone=ZONE, zones=zone_table())


def test_events_between_two_of_the_same_day_are_of_that_day() -> None:
    noon = datetime(2026, 11, 12, 18, tzinfo=UTC)
    runs = of_events([(96, noon), (101, noon + timedelta(hours=2))])
    assert days_of(list(holes(runs, 101))[1]) == {date(2026, 11, 12): 4}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(1, 500), st.integers(0, 200), st.integers(-5, 200))
def test_the_days_of_a_hole_hold_each_number_once_and_lie_between_the_neighbours(
    n: int, begin: int, hours: int
) -> None:
    before, after = START + timedelta(hours=begin), START + timedelta(hours=begin + hours)
    first, last = int(before.timestamp()), int(after.timestamp())
    found = days_of(Hole(11, 10 + n, Run(1, 10, first, first), Run(11 + n, 11 + n, last, last)))
    assert sum(found.values()) == n
    local = [zone_table().local(ZONE, instant).date() for instant in (before, max(before, after))]
    assert min(found) >= local[0]
    assert max(found) <= local[1]
    for k in range(1, n + 1):  # each where the even division puts it
        instant = before + timedelta(seconds=max(0, last - first)) * k / (n + 1)
        found[zone_table().local(ZONE, instant).date()] -= 1
    assert set(found.values()) == {0}


def test_what_lacks_at_the_end_lies_before_the_phone_was_last_heard() -> None:
    run = of_events([(1, START)])[0]
    found = days_of(Hole(2, 5, run, None), until=START + timedelta(days=2))
    assert sum(found.values()) == 4
    assert set(found) <= {date(2026, 11, 10), date(2026, 11, 11), date(2026, 11, 12)}
