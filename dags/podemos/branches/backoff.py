"""Across runs: a branch whose server refuses or does not answer is asked less and less often, each at its own time.

A refused login counts towards the server's lock of our host or account, and a statement that met its limit costs the
till: such a branch is left out of the plan for half an hour, an hour, … four, with jitter. A branch that is merely
offline is asked by every run: that costs nobody anything, and intermittent links are short. The last runs before the
report ask everybody. Nothing depends on these records: without them every branch is due.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from podemos.branches.link import Trouble
from podemos.branches.state import BranchState, Pause
from podemos.core.zones import BUSINESS_ZONE, zone_table

_HARMS = {Trouble.REFUSED, Trouble.TIMEOUT}
_FIRST, _LONGEST, _FORGOTTEN = timedelta(minutes=30), timedelta(hours=4), timedelta(hours=6)
_CLOSING_HOURS = (0, 1)
"""Mexico City: the runs after the business day has ended, which feed the report."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a pull of a branch met, and whether anything was landed nevertheless."""

    branch: str
    troubles: frozenset[Trouble]
    landed: bool


def note(state: BranchState, outcomes: Iterable[Outcome], now: datetime) -> None:
    """Records a pause for each branch that another try soon would only harm."""
    for outcome in outcomes:
        if outcome.landed or not outcome.troubles & _HARMS:
            continue
        before = state.paused(outcome.branch)
        failures = before.failures + 1 if before and now < before.until + _FORGOTTEN else 1
        longest = min(_LONGEST, _FIRST * 2 ** min(failures - 1, 10))
        until = now + longest * random.uniform(0.5, 1.0)  # noqa: S311 - jitter
        state.pause(outcome.branch, Pause(failures, now, until))


def rests(pause: Pause | None, last_seen: datetime, now: datetime) -> bool:
    """Whether a branch is not due yet.

    Args:
        pause: its record.
        last_seen: its last snapshot: one after the record ends the pause.
        now: the clock.
    """
    if pause is None or pause.until <= now or pause.since < last_seen:
        return False
    return zone_table().local(BUSINESS_ZONE, now).hour not in _CLOSING_HOURS
