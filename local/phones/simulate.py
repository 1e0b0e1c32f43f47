"""Days of a fleet in seconds: the shipped door and the reference client on one simulated clock.

A phone acts in visits. When its client would sleep, its next visit is later instead; when its link is down, at the
link's return. The door's clock is the simulation's, so Retry-After, skew and the days of the inbox's keys are as they
would be.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from local.phones.client import GaveUp
from local.phones.fleet import Fleet
from local.phones.links import Direct, Faulty, Weather
from local.phones.phone import Phone
from local.phones.truth import Truth
from podemos.core.clock import Clock
from podemos.mobile.receive import Door

_EVERY = timedelta(minutes=30)
"""Between two synchronisations when nothing waits: a heartbeat then."""
_AFTER_GIVING_UP = timedelta(minutes=15)
_STEP = timedelta(seconds=1)
"""A batch takes about so long."""


class _Later(Exception):
    """The client wants to sleep."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


@dataclass(slots=True)
class Simulated:
    """What came of it.

    Attributes:
        truth: of the phones.
        ended: when the last phone had nothing left.
        requests: of all phones.
        waited: how often the door said 429.
    """

    truth: Truth = field(default_factory=Truth)
    ended: datetime | None = None
    requests: int = 0
    waited: int = 0


def simulate(fleet: Fleet, make_door: Callable[[Clock], Door], weather: Weather | None = None) -> Simulated:
    """Lives the whole script, and then until every phone that is left has emptied its outbox.

    Args:
        fleet: the script.
        make_door: the door, on the clock that it is given.
        weather: of the links.
    """
    world = _World(fleet, make_door, weather or Weather())
    world.run()
    return world.result


class _World:
    def __init__(self, fleet: Fleet, make_door: Callable[[Clock], Door], weather: Weather) -> None:
        self.now = fleet.start
        self.result = Simulated()
        self._fleet = fleet
        door = Direct(make_door(lambda: self.now))
        self._phones = [
            Phone(
                life, fleet.seed, Faulty(door, weather, random.Random(f"link/{fleet.seed}/{life.number}")),
                lambda: self.now, self._sleep, lambda: self.now.timestamp(), self.result.truth,
            )
            for life in fleet.phones
        ]  # fmt: skip
        self._todo: list[tuple[datetime, int, int]] = []
        """(when, phone, what): a capture's number, or _VISIT."""
        self._wiped: set[int] = set()
        for at, phone in enumerate(self._phones):
            for number, capture in enumerate(phone.life.captures):
                heapq.heappush(self._todo, (capture.at, at, number))
            heapq.heappush(self._todo, (fleet.start + _EVERY * (at % 30) / 30, at, _VISIT))

    def run(self) -> None:
        """Until nothing is left to do."""
        while self._todo:
            when, at, what = heapq.heappop(self._todo)
            self.now = max(self.now, when)
            phone = self._phones[at]
            if phone.life.stolen_at is not None and self.now >= phone.life.stolen_at:
                self._steal(at)
            elif what == _VISIT:
                self._visit(at)
            else:
                phone.capture(phone.life.captures[what])
        self.result.ended = self.now
        for phone in self._phones:
            self.result.requests += phone.client.synced.attempts
            self.result.waited += phone.client.synced.waited

    def _steal(self, at: int) -> None:
        if at not in self._wiped:
            self._wiped.add(at)
            self._phones[at].wipe()

    def _visit(self, at: int) -> None:
        phone = self._phones[at]
        if not phone.life.online(self.now):
            self._again(at, phone.life.back_at(self.now))
            return
        try:
            if self._reinstalls(at):
                phone.reinstall()
                self._wiped.add(at)
            if phone.client.step():
                self._again(at, self.now + _STEP)
                return
            if self.now >= self._fleet.end:
                return
            phone.client.heartbeat()
            self._again(at, self.now + _EVERY)
        except _Later as later:
            self._again(at, self.now + timedelta(seconds=later.seconds))
        except GaveUp:
            self._again(at, self.now + _AFTER_GIVING_UP)

    def _reinstalls(self, at: int) -> bool:
        due = self._phones[at].life.reinstalled_at
        return due is not None and self.now >= due and at not in self._wiped

    def _again(self, at: int, when: datetime) -> None:
        heapq.heappush(self._todo, (when, at, _VISIT))

    def _sleep(self, seconds: float) -> None:
        raise _Later(seconds)


_VISIT = -1
