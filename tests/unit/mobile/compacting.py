"""One run of the DAG's stages without Airflow, over a store in memory."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from podemos.core.errors import NotNeeded
from podemos.mobile import arrivals, compact, files, plan, publish, revisions, verify
from podemos.mobile.upload import MemoryUploads
from tests.unit.mobile import events


class World:
    """A lake and a clock."""

    def __init__(self, start: datetime = events.START + timedelta(hours=1)) -> None:
        self.lake, self.now = MemoryUploads(), start

    def clock(self) -> datetime:
        return self.now

    def list(self) -> str:
        return arrivals.list_arrivals(lake=self.lake, clock=self.clock)

    def plan(self) -> str:
        return plan.plan_compaction(self.list(), lake=self.lake, clock=self.clock)

    def compact(self, planned: str) -> str:
        with contextlib.suppress(NotNeeded):
            compact.compact_in_worker(planned, lake=self.lake, uploads=self.lake)
        return planned

    def publish(self, planned: str, backlog: Callable[[dict[str, Any]], None] | None = None) -> str:
        return publish.publish_revision(planned, lake=self.lake, backlog=backlog)

    def run(self) -> str:
        """All of it; the revision in force."""
        key = self.publish(self.compact(self.plan()))
        if key:
            verify.verify_revision(key, lake=self.lake)
        return key

    def put(self, batch: Any, **about: Any) -> str:
        return events.put(self.lake, list(batch), self.now, **about)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Everything that the newest revision has of a table."""
        found = revisions.partitions(self.lake, revisions.latest(self.lake))
        chosen = [file for name, each in found.items() if name.startswith(f"{table}/") for file in each.files]
        return files.read_all(self.lake, chosen).to_pylist() if chosen else []

    def ids(self) -> list[str]:
        """Of all events."""
        return sorted(row["event_id"] for kind in events.KINDS for row in self.rows(kind))

    def totals(self) -> dict[str, int]:
        return dict(revisions.latest(self.lake).document["totals"])
