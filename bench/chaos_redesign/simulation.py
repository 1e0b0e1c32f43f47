"""Actors that take turns on one simulated clock: threads, of which exactly one runs, chosen by the case's dice."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field


class Ended(BaseException):
    """Unwinds an actor when its case is over."""


@dataclass(eq=False)
class Actor:
    """One thread of the case."""

    name: str
    body: Callable[[], None]
    user: str = ""
    turn: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    ready: Callable[[], bool] | None = None
    wakes: float | None = 0.0
    done: bool = False
    error: BaseException | None = None
    deadline: float | None = None
    """When the statement that it runs is cancelled."""
    waited: float = 0.0
    """Seconds that the statement has waited for locks."""


class Simulation:
    """Runs actors until the first one has ended."""

    def __init__(self, dice: random.Random) -> None:
        self.dice, self.now = dice, 0.0
        self.actors: list[Actor] = []
        self.current: Actor | None = None
        self._hub = threading.Semaphore(0)
        self._over = False

    def spawn(self, name: str, body: Callable[[], None], user: str = "") -> Actor:
        """A new actor; it gets its turn later."""
        actor = Actor(name, body, user)
        actor.wakes = self.now
        self.actors.append(actor)
        threading.Thread(target=self._live, args=(actor,), name=name, daemon=True).start()
        return actor

    def pause(self, seconds: float) -> None:
        """The running actor waits."""
        self.wait(None, self.now + seconds)

    def wait(self, ready: Callable[[], bool] | None, until: float | None = None) -> bool:
        """The running actor waits until `ready`, or until an instant; whether it was ready."""
        actor = self.current
        assert actor is not None  # noqa: S101 - an actor is running
        actor.ready, actor.wakes = ready, until
        self._hub.release()
        actor.turn.acquire()
        if self._over:
            raise Ended
        return ready is None or ready()

    def run(self, main: Actor, most: float = 10.0**7) -> None:
        """Gives turns until `main` has ended; then ends the others.

        Raises:
            RuntimeError: nobody can go on, or the simulated time is over.
        """
        while not main.done:
            able = [a for a in self.actors if not a.done and self._able(a)]
            if not able:
                wakes = [a.wakes for a in self.actors if not a.done and a.wakes is not None]
                if not wakes or min(wakes) > most:
                    raise RuntimeError(
                        f"at {self.now:.0f} s nobody can go on: {[a.name for a in self.actors if not a.done]}"
                    )
                self.now = max(self.now, min(wakes))
                continue
            self._turn(able[self.dice.randrange(len(able))] if len(able) > 1 else able[0])
            self.actors = [a for a in self.actors if not a.done or a is main]
        self.end()

    def end(self) -> None:
        """Unwinds whoever is still there."""
        self._over = True
        for actor in self.actors:
            if not actor.done:
                self._turn(actor)

    def _turn(self, actor: Actor) -> None:
        self.current = actor
        actor.turn.release()
        self._hub.acquire()

    def _able(self, actor: Actor) -> bool:
        due = actor.wakes is not None and actor.wakes <= self.now
        return due or (actor.ready is not None and actor.ready())

    def _live(self, actor: Actor) -> None:
        actor.turn.acquire()
        try:
            if not self._over:
                actor.body()
        except Ended:
            pass
        except BaseException as error:  # the case looks at it
            actor.error = error
        actor.done = True
        self._hub.release()
