"""Exactly once, without a window: rows against the index.

The first of an id stands. The same content again is a duplicate, other content under the same id a conflict: it goes
to quarantine with both versions, and money is never decided by which came last.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

_EPOCH = date(1970, 1, 1)
_DAYS = range((date(2015, 1, 1) - _EPOCH).days, (date(2100, 1, 1) - _EPOCH).days)
_DAY_MILLISECONDS = 86_400_000
_VERSION_AT = 14
_UUID_LENGTH = 36


def bucket(event_id: str) -> str:
    """The index bucket of an id: a pure function of it, of no clock.

    The UTC day inside a UUIDv7 (in its canonical, lower-case text), else the first byte of the id's hash.
    """
    if len(event_id) == _UUID_LENGTH and event_id[_VERSION_AT] == "7":
        try:
            day = int(event_id[:8] + event_id[9:13], 16) // _DAY_MILLISECONDS
        except ValueError:
            day = -1
        if day in _DAYS:
            return _day_bucket(day)
    return f"h-{hashlib.sha256(event_id.encode()).hexdigest()[:2]}"


@lru_cache(maxsize=4096)
def _day_bucket(day: int) -> str:
    return f"d-{_EPOCH + timedelta(days=day)}"


@dataclass(frozen=True, slots=True)
class Seen:
    """A row as it arrives.

    Attributes:
        event_id: of an event; of what is none, an id made of its bytes.
        content: digest of what was meant.
        order: decides among rows of one compaction: received, object, line.
        row: what the caller knows it by.
    """

    event_id: str
    content: str
    order: tuple[object, ...]
    row: int


@dataclass(slots=True)
class Merged:
    """What became of the rows, by the caller's numbers.

    Attributes:
        new: to be kept.
        conflicts: rows that say something else than the row that stands.
        stands: the caller's number of the standing row of a conflict, where it is a new one.
        repeated: how many rows said what was known.
    """

    new: list[int] = field(default_factory=list)
    conflicts: list[int] = field(default_factory=list)
    stands: dict[str, int] = field(default_factory=dict)
    repeated: int = 0


def merge(arrived: Iterable[Seen], known: Mapping[str, Sequence[str]]) -> Merged:
    """Compares rows with each other and with the index.

    Args:
        arrived: in any order; the earliest of an id stands.
        known: contents by id, the standing one first, of at least those ids of `arrived` that the index has.
    """
    contents = {event_id: list(found) for event_id, found in known.items()}
    found = Merged()
    for seen in sorted(arrived, key=lambda each: each.order):
        before = contents.setdefault(seen.event_id, [])
        if seen.content in before:
            found.repeated += 1
            continue
        if before:
            found.conflicts.append(seen.row)
        else:
            found.new.append(seen.row)
            found.stands[seen.event_id] = seen.row
        before.append(seen.content)
    return found
