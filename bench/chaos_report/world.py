"""The stores and the warehouse of a simulated night: they fail by its clock, and kill a task at a drawn write."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, BinaryIO

from bench.chaos_report.faults import BROKEN, CHANGING, EDITED, MISCOUNTED, NEVER, Arrival, Faults
from bench.report.content import CURATED_KEY, DAY, LAKE, Night
from bench.report.redshift import Redshift
from bench.report.stages import at
from podemos.core.errors import SourceUnavailable
from podemos.core.store import MemoryStore, ObjectInfo
from podemos.regulatory.versions import newest


class Killed(BaseException):
    """The process died in the middle of a write: nothing that it runs goes on, whatever it would catch."""


class Outage(OSError):
    """The store does not answer."""


@dataclass
class Time:
    """The simulated minute."""

    minute: float = 0.0

    def __call__(self) -> datetime:
        """As the stages are told."""
        return at("02:00") + timedelta(minutes=self.minute)


@dataclass
class Writes:
    """Counts the writes of all stores."""

    kills: dict[int, bool]
    done: int = 0


class Store(MemoryStore):
    """A bucket that is down for a while, and at some writes of which its writer dies."""

    def __init__(self, bucket: str, faults: Faults, time: Time, writes: Writes) -> None:
        super().__init__(bucket)
        self._faults, self._time, self._writes = faults, time, writes
        self.overwritten: list[str] = []

    def _up(self) -> None:
        if self._faults.store[0] <= self._time.minute < self._faults.store[1]:
            raise Outage(f"{self.bucket} does not answer")

    def get(self, key: str, version: str = "") -> bytes:
        """As the store."""
        self._up()
        return super().get(key, version)

    def open(self, key: str, version: str = "") -> BinaryIO:
        """As the store."""
        self._up()
        return super().open(key, version)

    def head(self, key: str) -> ObjectInfo | None:
        """As the store."""
        self._up()
        return super().head(key)

    def list(self, prefix: str, start_after: str = "") -> Iterator[ObjectInfo]:
        """As the store."""
        self._up()
        return super().list(prefix, start_after)

    def put_new(self, key: str, data: bytes, content_type: str = "application/octet-stream") -> None:
        """As the store, or the writer dies before or after it."""
        self._up()
        self._writes.done += 1
        after = self._writes.kills.get(self._writes.done)
        if after is False:
            raise Killed(key)
        super().put_new(key, data, content_type)
        if after:
            raise Killed(key)

    def replace(self, key: str, data: bytes, content_type: str = "application/json") -> None:
        """As the store; remembered, since nothing of a report may be replaced."""
        self._up()
        if key in self._objects:
            self.overwritten.append(key)
        super().replace(key, data, content_type)

    def outside(self, key: str, data: bytes) -> None:
        """What a source puts; it is not one of our tasks."""
        MemoryStore.replace(self, key, data)


class Warehouse:
    """The port, which does not answer for a while."""

    def __init__(self, redshift: Redshift, faults: Faults, time: Time) -> None:
        self._redshift, self._faults, self._time = redshift, faults, time
        self.asked = 0

    def up(self) -> None:
        """Fails while it is down."""
        start, end = self._faults.warehouse
        if start <= self._time.minute < end:
            raise SourceUnavailable("warehouse: no answer")
        self.asked += 1

    def execute(self, *given: Any, **named: Any) -> None:
        """As the port."""
        self.up()
        self._redshift.execute(*given, **named)

    def fetch(self, *given: Any, **named: Any) -> Iterator[Any]:
        """As the port."""
        self.up()
        return self._redshift.fetch(*given, **named)

    def send(self, batch: Any) -> None:
        """Sends the load."""
        self.up()
        self._redshift.send(batch)


@dataclass
class Sealed:
    """Who sealed (`airflow` or `contingency`) in which minute, the id of its night, and what came of it."""

    who: str
    minute: float
    night: str = ""
    outcome: str = ""


@dataclass
class Ended:
    """What a night left.

    Attributes:
        seals: in the order in which they were made.
        published: the minute in which the first version was delivered.
        alerts: minute and text of what people were told.
    """

    lake: Store
    reports: Store
    warehouse: Warehouse
    seals: list[Sealed] = field(default_factory=list)
    published: float | None = None
    alerts: list[tuple[float, str]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    @property
    def judged(self) -> Sealed:
        """The seal of the newest version, or without one the last of which something came, or the last."""
        version = newest(self.reports, DAY, rehearsal=False)
        if version is not None:
            night = version.manifest["build"]["key"].split("/")[-2]
            return next(seal for seal in self.seals if seal.night == night)
        last = (self.seals or [Sealed("nobody", 240)])[-1]
        return next((seal for seal in reversed(self.seals) if seal.outcome), last)


@dataclass
class Deliveries:
    """Puts each source's objects when their minute has come."""

    content: Night
    faults: Faults
    lake: Store
    _put: set[str] = field(default_factory=set)

    def until(self, minute: float) -> None:
        """Everything that has happened by then."""
        for source, arrival in self.faults.arrivals.items():
            if arrival.flaw != NEVER and arrival.minute <= minute and source not in self._put:
                self._put.add(source)
                self._deliver(source, arrival)
            if arrival.flaw == CHANGING and arrival.changes <= minute and f"{source}!" not in self._put:
                self._put.add(f"{source}!")
                self._edit(source)

    def _objects(self, source: str) -> list[tuple[str, bytes]]:
        if source != LAKE:
            return list(self.content.deliveries[source].objects())
        return list(self.content.lake())

    def _deliver(self, source: str, arrival: Arrival) -> None:
        *others, (control, document) = self._objects(source)
        for key, data in others:
            self.lake.outside(key, data)
        if arrival.flaw == EDITED:
            self._edit(source)
        if arrival.flaw == BROKEN:
            document = document[: len(document) // 2]
        if arrival.flaw == MISCOUNTED:
            changed = json.loads(document)
            changed["files"][0]["cents"] += 1
            changed["cents"] += 1
            document = json.dumps(changed).encode()
        self.lake.outside(control, document)

    def _edit(self, source: str) -> None:
        """A file's bytes become others: a row goes, and where it is no text, its end."""
        key = CURATED_KEY if source == LAKE else self.content.deliveries[source].objects().__next__()[0]
        self.lake.outside(key, self.lake._objects[key][-1] + b"\n")
