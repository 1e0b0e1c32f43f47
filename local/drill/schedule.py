"""What is to happen at which minute of the night, and what did."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from podemos.core.clock import Clock, system_clock
from podemos.core.night import OPENS, Night


@dataclass(frozen=True, slots=True)
class Event:
    """Something to do at an instant; `act` returns what it did, in one line (nothing to tell: empty)."""

    at: datetime
    act: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened, and when."""

    at: datetime
    what: str


def opened_at(night: Night, clock: str) -> Night:
    """The same night, begun so long ago that its clock shows `clock` at `night.start`."""
    return Night(night.business_date, night.start - (night.at(clock) - night.at(OPENS)), night.seconds_per_hour)


class Schedule(threading.Thread):
    """Acts at the given instants, in order of time. An act that fails is recorded, and the later ones still happen.

    Attributes:
        happened: what happened so far.
        failures: errors of acts: the drill did not do what it says.
    """

    def __init__(
        self, events: Iterable[Event], tell: Callable[[Happening], None] = lambda _: None, clock: Clock = system_clock
    ) -> None:
        super().__init__(name="drill", daemon=True)
        self._events = sorted(events, key=lambda event: event.at)
        self._tell, self._clock = tell, clock
        self._over = threading.Event()
        self.happened: list[Happening] = []
        self.failures: list[Exception] = []

    def run(self) -> None:
        """Act until nothing is left or `stop`."""
        for event in self._events:
            left = (event.at - self._clock()) / timedelta(seconds=1)
            if self._over.wait(max(0.0, left)):
                return
            try:
                said = event.act()
            except Exception as failure:
                self.failures.append(failure)
                said = f"could not be done: {failure}"
            if said:
                self.happened.append(Happening(self._clock(), said))
                self._tell(self.happened[-1])

    def stop(self) -> None:
        """Drop what has not happened and wait for what is happening."""
        self._over.set()
        if self.is_alive():
            self.join()
