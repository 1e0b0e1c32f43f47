"""Old days are proven in turns, so that all of history is compared with the branches every so many nights.

History is cut into slices by calendar month: month m since January 2000 is in slice m mod n, and everything before in
slice 0. Slice k's turn is each day whose ordinal is k mod n; it is due from then until a certification has compared it.
So a night that was missed is made up for by the next ones, a few slices each, and nobody keeps a schedule: what is due
follows from the date and from what the last certification says. Which months a branch has, nobody needs to know: a
month that is empty at the branch is asked for too, so a day whose rows all vanished is found.

Whole months are few ranges on the date's index, and what adjoins is one range.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from podemos.core.clock import from_iso

FIRST = "2000-01-01"
Span = tuple[str, str]
"""The first day and the first day after it."""


@dataclass(frozen=True, slots=True)
class Older:
    """What a branch's server was asked about beside its window.

    Attributes:
        of: into how many slices history is cut.
        slices: those that it was asked about.
        days: single days: those whose rows are read again in the same snapshot.
    """

    of: int
    slices: tuple[int, ...] = ()
    days: tuple[str, ...] = ()

    def holds(self, day: str) -> bool:
        """Whether the day was asked about. A day that no calendar has never is."""
        return day in self.days or slice_of(day, self.of) in self.slices

    def spans(self, since: date) -> list[Span]:
        """The days it stands for, before a window: apart from each other, and none in it."""
        found = [] if 0 not in self.slices else [("0001-01-01", FIRST)]
        end = since.isoformat()
        months = (month for month in range(_month(end) + 1) if month % self.of in self.slices)
        found += [(_begins(month), _begins(month + 1)) for month in months]
        found += [(day, (date.fromisoformat(day) + timedelta(days=1)).isoformat()) for day in self.days]
        return _apart([(first, min(after, end)) for first, after in found if first < end])

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {"of": self.of, "slices": list(self.slices), "days": list(self.days)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any] | None) -> Older | None:
        """The inverse of `to_dict`."""
        return cls(data["of"], tuple(data["slices"]), tuple(data["days"])) if data else None


@dataclass(frozen=True, slots=True)
class Verified:
    """Of which snapshot each slice of a branch-table was last compared with the lake.

    Attributes:
        of: into how many slices history is cut.
        at: instant of the snapshot, ISO, by slice.
    """

    of: int
    at: Mapping[int, str]

    def of_day(self, day: str) -> str | None:
        """The snapshot as of which a day was last compared with its slice."""
        found = slice_of(day, self.of)
        return None if found is None else self.at.get(found)

    def after(self, older: Older, as_of: str) -> Verified:
        """This, and what was compared now. Slices of another cut say nothing."""
        before = self.at if self.of == older.of else {}
        return Verified(older.of, {**before, **dict.fromkeys(older.slices, as_of)})

    def to_dict(self) -> dict[str, Any]:
        """JSON form: one entry per slice."""
        return {"of": self.of, "at": [self.at.get(number) for number in range(self.of)]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Verified:
        """The inverse of `to_dict`."""
        return cls(data["of"], {number: at for number, at in enumerate(data["at"]) if at})


def due(verified: Verified | None, today: date, of: int, most: int) -> tuple[int, ...]:
    """The slices whose turn came and that no certification has compared since, the longest waiting first.

    Args:
        verified: what the last certification says of the branch-table.
        today: the UTC day of the pull.
        of: how many slices.
        most: so many at most.
    """
    at = verified.at if verified and verified.of == of else {}
    last = {number: from_iso(at[number]).date().toordinal() if number in at else 0 for number in range(of)}
    turn = {number: today.toordinal() - (today.toordinal() - number) % of for number in range(of)}
    waiting = [number for number in range(of) if last[number] < turn[number]]
    return tuple(sorted(sorted(waiting, key=lambda number: (last[number], turn[number]))[:most]))


def slice_of(day: str, of: int) -> int | None:
    """The slice of a day; None for what is no day of a calendar."""
    return max(0, _month(day)) % of if is_day(day) else None


def is_day(text: str) -> bool:
    """Whether it is a day that exists: not `nulo`, not a zero date."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def touched(older: Iterable[Older]) -> list[Older]:
    """Whole slices that hold everything asked for, by any branch; one entry per cut of history."""
    found: dict[int, set[int]] = {}
    for one in older:
        numbers = [slice_of(day, one.of) for day in one.days]
        found.setdefault(one.of, set()).update(one.slices, [number for number in numbers if number is not None])
    return [Older(of, tuple(sorted(numbers))) for of, numbers in sorted(found.items()) if numbers]


def _apart(spans: list[Span]) -> list[Span]:
    """The same days in as few spans as possible, in order."""
    found: list[Span] = []
    for first, after in sorted(spans):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(after, found[-1][1]))
        else:
            found.append((first, after))
    return found


def _month(day: str) -> int:
    """Months since January 2000; negative before."""
    return (int(day[:4]) - 2000) * 12 + int(day[5:7]) - 1


def _begins(month: int) -> str:
    return date(2000 + month // 12, month % 12 + 1, 1).isoformat()
