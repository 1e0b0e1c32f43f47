"""Business time against zoneinfo: an independent reading of the same tzdata."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from podemos.core.errors import ContractViolation, DataFault
from podemos.core.zones import Wall, zone_table

ZONES = sorted(zone_table().zones())
# The machine's own tzdata may say otherwise of the decades before.
instants = st.datetimes(datetime(2015, 1, 2), datetime(2039, 12, 30))


@given(st.sampled_from(ZONES), instants)
@example("America/Tijuana", datetime(2026, 11, 1, 8, 30))
@example("America/Tijuana", datetime(2026, 11, 1, 9, 30))
@example("America/Mexico_City", datetime(2022, 10, 30, 6, 59, 59))
def test_every_instant_has_the_wall_time_that_zoneinfo_gives(zone: str, naive: datetime) -> None:
    instant = naive.replace(tzinfo=UTC)
    assert zone_table().local(zone, instant) == instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


@given(st.sampled_from(ZONES), instants)
@example("America/Tijuana", datetime(2026, 3, 8, 2, 30))
@example("America/Tijuana", datetime(2026, 11, 1, 1, 30))
def test_every_wall_time_resolves_as_zoneinfo_with_fold_zero(zone: str, wall: datetime) -> None:
    resolved = zone_table().resolve(zone, wall)
    assert resolved.instant == wall.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)


def test_a_fold_and_a_gap_are_told_apart() -> None:
    table = zone_table()
    assert table.resolve("America/Tijuana", datetime(2026, 11, 1, 1, 30)).kind is Wall.FOLD
    assert table.resolve("America/Tijuana", datetime(2026, 3, 8, 2, 30)).kind is Wall.GAP
    assert table.resolve("America/Mexico_City", datetime(2026, 11, 1, 1, 30)).kind is Wall.NORMAL


def test_a_late_evening_in_tijuana_belongs_to_the_next_business_day() -> None:
    table = zone_table()
    instant = table.resolve("America/Tijuana", datetime(2026, 11, 19, 22, 30)).instant
    assert table.accounting_day(instant) == date(2026, 11, 20)


@given(st.sampled_from(ZONES))
def test_the_table_covers_its_years_without_hole_or_overlap(zone: str) -> None:
    spans = zone_table()._spans[zone]
    assert all(a.local_to == b.local_from for a, b in zip(spans, spans[1:], strict=False))
    assert spans[0].local_from == datetime(1970, 1, 1) and spans[-1].local_to == datetime(2040, 1, 1)


def test_an_unknown_zone_and_an_absurd_year_are_named() -> None:
    with pytest.raises(ContractViolation, match="Europe/Madrid"):
        zone_table().resolve("Europe/Madrid", datetime(2026, 1, 1))
    with pytest.raises(DataFault, match="1969"):
        zone_table().resolve("America/Cancun", datetime(1969, 1, 1))


def test_the_instant_of_a_clock_time() -> None:
    assert zone_table().instant_at(date(2026, 11, 20), "06:00") == datetime(2026, 11, 20, 12, tzinfo=UTC)
    summer = zone_table().instant_at(date(2022, 7, 1), "06:00")
    assert summer - datetime(2022, 7, 1, 11, tzinfo=UTC) == timedelta(0)
