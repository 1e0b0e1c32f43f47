"""The days on which a lender in Mexico does not work: `include/config/holidays.yaml`, as rules."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Literal, Self

from pydantic import Field, model_validator

from podemos.contracts.loading import Strict, config_file, load

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Holiday(Strict):
    """One rule: a day of a month, the nth weekday of a month, or a number of days from Easter Sunday."""

    nombre: str
    kind: Literal["law", "banks"]
    month: int | None = Field(None, ge=1, le=12)
    day: int | None = Field(None, ge=1, le=31)
    weekday: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] | None = None
    nth: int | None = Field(None, ge=1, le=4)
    easter: int | None = None
    since: int = 1900
    every: int = Field(1, ge=1, description="years")

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        given = tuple(value is not None for value in (self.month, self.day, self.weekday, self.nth, self.easter))
        allowed = {(True, True, False, False, False), (True, False, True, True, False), (False,) * 4 + (True,)}
        if given not in allowed:
            raise ValueError(f"{self.nombre}: give month and day, or month, weekday and nth, or easter")
        return self

    def of(self, year: int) -> date | None:
        """Its day in a year, or None if the year has none."""
        if year < self.since or (year - self.since) % self.every:
            return None
        if self.easter is not None:
            return easter_sunday(year) + timedelta(days=self.easter)
        assert self.month is not None  # noqa: S101 - as the validator says
        if self.day is not None:
            return date(year, self.month, self.day)
        assert self.weekday is not None and self.nth is not None  # noqa: S101
        first = date(year, self.month, 1)
        ahead = (WEEKDAYS.index(self.weekday) - first.weekday()) % 7
        return first + timedelta(days=ahead + 7 * (self.nth - 1))


class Holidays(Strict):
    """All rules."""

    holidays: tuple[Holiday, ...] = Field(min_length=1)

    def of(self, year: int) -> dict[date, Holiday]:
        """The free days of a year."""
        return {day: holiday for holiday in self.holidays if (day := holiday.of(year)) is not None}


def easter_sunday(year: int) -> date:
    """Of the Gregorian calendar (Meeus, Jones, Butcher)."""
    century, rest = divmod(year, 100)
    moon = (19 * (year % 19) + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    week = (32 + 2 * (century % 4) + 2 * (rest // 4) - moon - rest % 4) % 7
    shift = moon + week - 7 * ((year % 19 + 11 * moon + 22 * week) // 451) + 114
    return date(year, shift // 31, shift % 31 + 1)


@cache
def holidays() -> Holidays:
    """The rules in force, read once."""
    return load(Holidays, config_file("holidays.yaml"))


@cache
def is_free(day: date) -> bool:
    """Whether the day is one of them, by law or for banks."""
    return day in _of_year(day.year)


@cache
def _of_year(year: int) -> frozenset[date]:
    return frozenset(holidays().of(year))
