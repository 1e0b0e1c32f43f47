"""The night clock: every instant of a night derives from one object, so a rehearsal is the same night, compressed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from podemos.core.zones import zone_table

OPENS = "02:00"
ANSWER_BY = "05:45"
"""Until then a person may decide about an incomplete report; then the policy does."""
DEADLINE = "06:00"


@dataclass(frozen=True, slots=True)
class Night:
    """The night after `business_date`, from 02:00 to 06:00 in Mexico City.

    Attributes:
        business_date: the day being reported.
        start: the instant that counts as 02:00.
        seconds_per_hour: 3600 for a real night; less for a rehearsal.
    """

    business_date: date
    start: datetime
    seconds_per_hour: int = 3600

    @classmethod
    def scheduled(cls, business_date: date) -> Night:
        """The real night: 02:00 Mexico City time on the day after."""
        return cls(business_date, zone_table().instant_at(business_date + timedelta(days=1), OPENS))

    @property
    def rehearsal(self) -> bool:
        """Whether time is compressed."""
        return self.seconds_per_hour != 3600

    def at(self, clock: str) -> datetime:
        """The instant that counts as ``HH:MM`` of this night; 22:00 to 01:59 lie before its start.

        Raises:
            ValueError: `clock` is not ``HH:MM``.
        """
        minutes = _minutes(clock) - _minutes(OPENS)
        if minutes > 12 * 60:
            minutes -= 24 * 60
        return self.start - (-minutes * timedelta(seconds=self.seconds_per_hour)) // 60  # whole microseconds, upwards

    def clock(self, instant: datetime) -> str:
        """What the night's clock shows at `instant`, ``HH:MM``."""
        minutes = 60 * (instant - self.start) // timedelta(seconds=self.seconds_per_hour) + _minutes(OPENS)
        return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"


def _minutes(clock: str) -> int:
    hour, _, minute = clock.partition(":")
    if not (len(hour) == len(minute) == 2 and int(hour) < 24 and int(minute) < 60):
        raise ValueError(f"{clock!r} is not HH:MM")
    return int(hour) * 60 + int(minute)
