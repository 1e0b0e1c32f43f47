"""How late a branch's rows really become visible, and how far its pulls therefore reach back.

A row that commits after a snapshot with a cursor older than the watermark is missed by the pull after it; the day's
fingerprint finds it, and the pull after that heals it. Its cursor then says how far back the pull would have had to
reach: the branch's clock at the last snapshot that lacked the row, less the cursor. Both are the branch's own wall
clock, so no zone and no clock of ours is in the number.

The largest number of the last `look_back_days` is how far the branch's next pulls reach below that clock: late rows are
then landed by the pull after they commit, instead of a day's reading later. What is later than `look_back_hours` does
not count: no look-back would have seen it. Nothing rests on the number; it costs rows that are sent again.

They are read last, after all that is new and all that is owed, as far as the snapshot's time allows; and only after a
snapshot that was read to its end and certified: after a cut the next pull goes on where it stopped, and sends nothing
twice. What they bring counts as healed, like what a range brings, so that the number lives while rows come late.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

Lateness = dict[str, dict[str, dict[str, int]]]
"""Table -> branch -> UTC day of a certification -> seconds: the latest row that it saw healed."""
Window = tuple[str, str]
"""Cursors that were late: from the first on, below the second, the branch's clock at the last snapshot without them."""


@dataclass(frozen=True, slots=True)
class Span:
    """Cursors from `first` on, below `end`: so many `seconds` were looked back."""

    seconds: int
    first: str
    end: str


@dataclass(frozen=True, slots=True)
class LookBack:
    """How far below the clock of a snapshot the next pull looks.

    Attributes:
        as_of: which snapshot, by the instant before it (ISO); below the watermark of any other nobody looks.
        seconds: how far.
    """

    as_of: str
    seconds: int

    def of(self, as_of: str) -> int:
        """The seconds, if the watermark is of that snapshot."""
        return self.seconds if as_of == self.as_of else 0


def window(entry: Mapping[str, Any], hours: int) -> Window | None:
    """Cursors that count as late when a later plan heals rows of a branch; None where no time says what is new.

    Args:
        entry: what the branch said in the plan before; its snapshot is the one that showed the difference.
        hours: `look_back_hours`.
    """
    clock = str(entry.get("clock_before", ""))
    if not clock or not hours:
        return None
    first = datetime.fromisoformat(clock) - timedelta(hours=hours)
    return first.strftime("%Y-%m-%d %H:%M:%S.%f")[: len(clock)], clock


def measured(
    before: Mapping[str, Any], healed: Mapping[str, Any], windows: Mapping[str, Any], today: date, days: int
) -> Lateness:
    """The lateness of the last days, with what a revision has healed.

    Args:
        before: of the certification before.
        healed: the revision's; `late_from` is the oldest cursor in the window.
        windows: the plan's, by table and branch.
        today: the day of this certification.
        days: `look_back_days`: what is older is forgotten.
    """
    last = (today - timedelta(days=days)).isoformat()
    found: Lateness = {}
    for table, branches in before.items():
        for branch, known in branches.items():
            if kept := {day: seconds for day, seconds in known.items() if day > last}:
                found.setdefault(table, {})[branch] = kept
    for table, by_day in healed.items():
        for branches in by_day.values():
            for branch, counts in branches.items():
                if "late_from" in counts:
                    passed = _seconds(counts["late_from"], windows[table][branch][1])
                    mine = found.setdefault(table, {}).setdefault(branch, {})
                    mine[today.isoformat()] = max(passed, mine.get(today.isoformat(), 0))
    return found


def left(lateness: Lateness, sources: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, dict[str, Any]]]:
    """What a certification leaves to the next pulls, by table and branch: nothing where the last pull was cut."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for table, branches in lateness.items():
        for branch, known in branches.items():
            entry = sources.get(table, {}).get(branch)
            if entry and entry["as_of"] and not entry["cut"]:
                seconds = max(known.values())
                found.setdefault(table, {})[branch] = {"as_of": entry["as_of"], "seconds": seconds}
    return found


def of_certification(tables: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> dict[tuple[str, str], LookBack]:
    """A certification's `look_back` by (table, branch)."""
    return {(table, branch): LookBack(**one) for table, found in tables.items() for branch, one in found.items()}


def _seconds(cursor: str, clock: str) -> int:
    """Rounded up, to a cursor that the pull includes."""
    return math.floor((datetime.fromisoformat(clock) - datetime.fromisoformat(cursor)).total_seconds()) + 1
