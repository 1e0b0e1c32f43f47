"""One simulated phone: its app, its clock, its fate."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from local.phones.client import Client
from local.phones.fleet import Capture, Life
from local.phones.outbox import Outbox
from local.phones.transport import Transport
from local.phones.truth import Truth

_lock = threading.Lock()


class Phone:
    """A phone that lives its script.

    Args:
        life: the script.
        seed: of the fleet.
        transport: its link.
        now: true time.
        sleep: seconds.
        ticks: seconds of a clock that only goes forward.
        truth: is told of every capture and loss.
        folder: where its outbox is a file; None keeps it in memory.
        attempts: per request, before it gives up.
    """

    def __init__(
        self, life: Life, seed: int, transport: Transport, now: Callable[[], datetime],
        sleep: Callable[[float], None], ticks: Callable[[], float], truth: Truth, folder: Path | None = None,
        attempts: int = 12,
    ) -> None:  # fmt: skip
        self.life, self._truth, self._folder = life, truth, folder
        self._draw = random.Random(f"client/{seed}/{life.number}")
        self._installs = 0
        self._make = lambda outbox: Client(
            outbox, transport, life.branch, lambda: now() + life.skew, sleep, ticks, self._draw, attempts
        )
        self._install(head=0)

    def capture(self, capture: Capture) -> None:
        """The officer does something; the app must be installed."""
        stored = self.outbox.capture(
            capture.event_id,
            capture.event_type,
            dict(capture.event_data),
            capture.at + self.life.skew,
            self.life.branch,
            capture.photo,
            int(capture.event_data.get("partes", 1)),
        )
        with _lock:
            self._truth.capture(stored, self.life.device)

    def wipe(self) -> None:
        """The storage is gone: stolen, or the app removed. What was not acknowledged may be lost."""
        with _lock:
            unsent = self.outbox.unacknowledged()
            self._truth.lost |= unsent
            self._truth.photos -= self.outbox.photos_unsent()
        self.outbox.close()

    def reinstall(self) -> None:
        """A new installation asks where to go on counting; needs the link, and fails like any request without it."""
        head = self.client.head()
        self.wipe()
        self._install(head)

    def _install(self, head: int) -> None:
        self._installs += 1
        name = f"{self.life.device}-{self._installs}"
        path = ":memory:" if self._folder is None else self._folder / f"{name}.sqlite"
        self.outbox = Outbox(path, self.life.device, name, head)
        self.client = self._make(self.outbox)
