"""The lake and the clock of one case, in memory: writers die at drawn writes, listings come in any order."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from bench.chaos_mobile.phones import START
from podemos.core.store import ObjectInfo
from podemos.mobile.upload import MemoryUploads


class Killed(BaseException):
    """Stands for kill -9: nothing catches it."""


class Time:
    """The simulated instant."""

    def __init__(self) -> None:
        self.minute = 0.0

    def __call__(self) -> datetime:
        """As the stages are told."""
        return START + timedelta(minutes=self.minute)


class Lake(MemoryUploads):
    """The object store's promises, unkindly kept.

    Attributes:
        before, after: called at each write of a compactor with its number, before and after it takes effect.
        listing: called in the middle of a listing.
        overwritten: keys that a compactor replaced; only the index of the newest revision may be.
    """

    def __init__(self, draw: random.Random) -> None:
        super().__init__("chaos")
        self._draw = draw
        self.writes = 0
        self.before: Callable[[int], None] = lambda number: None
        self.after: Callable[[int], None] = lambda number: None
        self.listing: Callable[[], None] = lambda: None
        self.overwritten: set[str] = set()

    def list(self, prefix: str, start_after: str = "") -> Iterator[ObjectInfo]:
        """In any order; what is created meanwhile may be in it or not."""
        found = [*super().list(prefix, start_after)]
        self.listing()
        if self._draw.random() < 0.5:
            found = [*super().list(prefix, start_after)]
        self._draw.shuffle(found)
        yield from found

    def put_new(self, key: str, data: bytes, content_type: str = "application/octet-stream") -> None:
        """A compactor's write."""
        self._write(lambda: MemoryUploads.put_new(self, key, data, content_type))

    def put_file(self, key: str, path: Path, content_type: str = "application/octet-stream") -> None:
        """The same."""
        self.put_new(key, path.read_bytes(), content_type)

    def replace(self, key: str, data: bytes, content_type: str = "application/json") -> None:
        """A compactor's write of an index."""
        self.overwritten.add(key)
        self._write(lambda: MemoryUploads.replace(self, key, data, content_type))

    def put_upload(self, key: str, data: bytes, metadata: dict[str, str]) -> None:  # type: ignore[override]
        """A phone's; no compactor dies of it."""
        before, after = self.before, self.after
        self.before = self.after = lambda number: None
        number = self.writes
        try:
            super().put_upload(key, data, metadata)
        finally:
            self.before, self.after, self.writes = before, after, number

    def _write(self, write: Callable[[], None]) -> None:
        self.writes += 1
        number = self.writes
        self.before(number)
        write()
        self.after(number)
