"""The rules give the days that the law and the CNBV name; the dates are copied from their calendars."""

from datetime import date

import pytest

from podemos.contracts.holidays import Holiday, easter_sunday, holidays, is_free

BY_LAW = {
    2024: "01-01 02-05 03-18 05-01 09-16 10-01 11-18 12-25",
    2025: "01-01 02-03 03-17 05-01 09-16 11-17 12-25",
    2026: "01-01 02-02 03-16 05-01 09-16 11-16 12-25",
    2030: "01-01 02-04 03-18 05-01 09-16 10-01 11-18 12-25",
}
BANKS = {2025: "04-17 04-18 11-02 12-12", 2026: "04-02 04-03 11-02 12-12"}


@pytest.mark.parametrize(("kind", "calendar"), [("law", BY_LAW), ("banks", BANKS)])
def test_the_free_days_of_a_year_are_those_of_its_calendar(kind: str, calendar: dict[int, str]) -> None:
    for year, days in calendar.items():
        found = sorted(day for day, holiday in holidays().of(year).items() if holiday.kind == kind)
        assert found == [date.fromisoformat(f"{year}-{day}") for day in days.split()]


def test_easter_is_where_the_church_has_it() -> None:
    assert [easter_sunday(year) for year in (2000, 2024, 2025, 2038)] == [
        date(2000, 4, 23),
        date(2024, 3, 31),
        date(2025, 4, 20),
        date(2038, 4, 25),
    ]


def test_a_day_that_no_rule_names_is_not_free() -> None:
    assert is_free(date(2026, 11, 16))
    assert not is_free(date(2026, 11, 20))


def test_a_rule_that_is_two_is_refused() -> None:
    with pytest.raises(ValueError, match="give month and day"):
        Holiday(nombre="dos", kind="law", month=1, day=1, easter=2)
