"""What every system really holds for a day. Only the judge imports this: the platform under test must not see it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from local.sources import day
from local.sources.generate import movements_of
from local.sources.movements import Movement


class NothingKnown(RuntimeError):
    """No delivery was ever prepared for the date."""


def record_of(state: Path, business_date: date) -> day.Record:
    """What was decided for the date.

    Raises:
        NothingKnown: nothing was.
    """
    found = day.read(state, business_date)
    if found is None:
        raise NothingKnown(
            f"no source has delivered for {business_date}; run `python -m local.sources deliver --date {business_date}`"
        )
    return found


def held_by_sources(content: day.Content) -> Iterator[tuple[str, Movement]]:
    """Source id and movement, of every system, generated anew: no file that was delivered is read."""
    for system in content.configured:
        for group in movements_of(content, system):
            for movement in group:
                yield system.id, movement
