"""When things happen: seconds since the first day's midnight in UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

BEGINNING = datetime(2026, 10, 12, tzinfo=UTC)
"""The border's change of hour (1 November) lies within the suite."""
ACTIVE = (0, 1, 2, 3, 6, 13, 24, 33)
QUIET = (34, 35)
NIGHTS = ACTIVE + QUIET
"""Days of the nights. Uneven gaps give outages of 1 to 30 days in few Spark jobs."""
DAY = 86_400.0
ATTEMPTS = (-30_000.0, 0.0, 1_900.0)
"""Pulls around a night: the afternoon before, the night itself, and a second look."""
PULLS_A_DAY = 40
"""What the house's schedule has, about."""
_NIGHT = 27_000.0


def attempt_at(night: int, attempt: int) -> float:
    """When a pull begins."""
    return NIGHTS[night] * DAY + _NIGHT + ATTEMPTS[attempt]


def certified_at(night: int) -> float:
    """When a night is planned, curated and certified."""
    return NIGHTS[night] * DAY + _NIGHT + 20_000.0


def instant(seconds: float) -> datetime:
    """The instant of a time of the suite."""
    return BEGINNING + timedelta(microseconds=round(seconds * 1e6))


def business_date(night: int) -> date:
    """The day that a night delivers to the report."""
    return (BEGINNING + timedelta(days=NIGHTS[night] - 1)).date()
