"""Schedules: what one branch lives through. A schedule is a list of independent units, so that it can be shrunk."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from bench.chaos_branches.calendar import attempt_at, instant
from bench.chaos_branches.source import Source

FIRST_BRANCH = 1000
"""Ids above every real branch's: they are longer, so they never collide."""


@dataclass(frozen=True, slots=True)
class Profile:
    """How a branch is pulled."""

    page_rows: int
    hold_back: str
    lag_seconds: int = 900
    narrow_rows: int = 500


PROFILES = (
    Profile(3, "lag", narrow_rows=2),
    Profile(7, "lag"),
    Profile(3, "transactions"),
    Profile(50, "transactions", narrow_rows=2),
)


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one pull: `cut` after so many bytes, `kill` or `usurp` at the n-th write, or `offline`."""

    night: int
    attempt: int
    kind: str
    at: int = 0


@dataclass(frozen=True, slots=True)
class Unit:
    """One story: actions at the server, or faults of pulls."""

    what: str
    actions: tuple[tuple[float, tuple[Any, ...]], ...] = ()
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Schedule:
    """Everything that decides one case.

    Attributes:
        promised: it holds only what the watermark promises to see by itself: no day may differ after a complete pull,
            not even to be healed.
        pulls: (night, attempt) that are tried.
    """

    index: int
    zone: str
    profile: Profile
    promised: bool
    coarse: bool
    step: float
    pulls: tuple[tuple[int, int], ...]
    units: tuple[Unit, ...]

    @property
    def branch(self) -> str:
        """The branch's id."""
        return str(FIRST_BRANCH + self.index)

    def source(self) -> Source:
        """The server at the beginning."""
        actions = [action for unit in self.units for action in unit.actions]
        return Source(self.zone, self.coarse, sorted(actions, key=lambda one: one[0]))

    def fault(self, night: int, attempt: int) -> Fault | None:
        """What happens to a pull."""
        found = [f for unit in self.units for f in unit.faults if (f.night, f.attempt) == (night, attempt)]
        return found[0] if found else None

    def to_json(self) -> str:
        """A canonical text."""
        return json.dumps(asdict(self), sort_keys=True, default=list)

    def moved(self, index: int) -> Schedule:
        """The same at another branch."""
        return replace(self, index=index)

    def told(self) -> Iterable[str]:
        """One line per action and fault, in order of time."""
        lines = [(at, f"{instant(at):%d %H:%M:%S.%f} {' '.join(map(str, action))}") for u in self.units
                 for at, action in u.actions]  # fmt: skip
        lines += [(attempt_at(f.night, f.attempt), f"{instant(attempt_at(f.night, f.attempt)):%d %H:%M:%S.%f} pull: "
                   f"{f.kind} {f.at}") for u in self.units for f in u.faults]  # fmt: skip
        head = f"branch {self.branch}, {self.zone}, {self.profile.page_rows} rows a page, {self.profile.hold_back}"
        return [head, *(text for _, text in sorted(lines))]


def digest(schedules: Iterable[Schedule]) -> str:
    """SHA-256 of all cases."""
    total = hashlib.sha256()
    for schedule in schedules:
        total.update(schedule.to_json().encode())
    return total.hexdigest()
