"""Plans a compaction: which objects, by which engine, and which sealed days get their one file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from podemos.core import manifest
from podemos.core.clock import Clock, iso
from podemos.core.store import ObjectStore
from podemos.core.zones import zone_table
from podemos.mobile import layout, places, revisions
from podemos.mobile.partition import Partition
from podemos.mobile.revisions import Revision

MB = 1 << 20
WORKER_BYTES = 64 * MB
"""A worker compacts so much (of packed JSON) in a few minutes and in bounded memory; above it, Spark does."""
MOST_BYTES = 4096 * MB
"""One revision takes no more; the rest is a backlog, and the next revision follows at once."""
MOST_OBJECTS = 200_000
SEALING_DAYS = 40
"""Days looked back for sealed partitions that wait for their one file."""


class Engine(StrEnum):
    """Who compacts."""

    WORKER = "worker"
    GLUE = "glue"
    NONE = "none"


def plan_compaction(listing_key: str, *, lake: ObjectStore, clock: Clock) -> str:
    """Writes the plan of the next revision.

    Args:
        listing_key: of `arrivals.list_arrivals`.
        lake: the lake.
        clock: now.

    Returns:
        The plan's key.
    """
    listing, ref = manifest.read(lake, listing_key)
    document = planned(lake, listing, clock)
    document["listing"] = ref.to_dict()
    content = manifest.sha256(manifest.canonical(document))
    return manifest.commit(lake, places.plan(document["revision"], content), document).key


def planned(lake: ObjectStore, listing: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """The plan as a document.

    Objects are taken in the order in which they were received; what exceeds a revision's bounds is left and counted.
    """
    previous = listing["previous"]
    before = revisions.read(lake, previous["key"]) if previous else Revision()
    today = zone_table().accounting_day(clock())
    taken = list(_bounded(listing["objects"]))
    seal = sealing(lake, before, today)
    return {
        "kind": "mobile.plan",
        "revision": before.number + 1,
        "previous": previous,
        "listed": listing["listed"],
        "planned": iso(clock()),
        "today": today.isoformat(),
        "objects": taken,
        "left": len(listing["objects"]) - len(taken),
        "seal": seal,
        "engine": engine(taken, seal).value,
    }


def engine(objects: list[list[Any]], seal: Iterable[str]) -> Engine:
    """Who compacts these objects: a worker while they are few, else Spark."""
    if not objects and not list(seal):
        return Engine.NONE
    return Engine.WORKER if sum(size for _, _, size in objects) <= WORKER_BYTES else Engine.GLUE


def sealing(lake: ObjectStore, before: Revision, today: date) -> list[str]:
    """Partitions that have just been sealed and pay to be merged, though no row of theirs need have arrived."""
    first = today - timedelta(days=SEALING_DAYS)
    months = {(first + timedelta(days=ahead)).isoformat()[:7] for ahead in range(SEALING_DAYS + 1)}
    known = revisions.partitions(lake, before, months)
    return sorted(name for name, found in known.items() if _waits(name, found, today))


def _waits(name: str, partition: Partition, today: date) -> bool:
    return layout.is_sealed(name, today) and bool(layout.to_merge(partition, 0, sealed=True))


def _bounded(objects: list[list[Any]]) -> Iterator[list[Any]]:
    """Whole objects while they fit, at least one."""
    total = 0
    for at, (key, etag, size) in enumerate(objects):
        total += size
        if at and (total > MOST_BYTES or at >= MOST_OBJECTS):
            return
        yield [key, etag, size]


def today_of(plan: dict[str, Any]) -> date:
    """The accounting day on which it was planned: a retry on another day decides alike."""
    return date.fromisoformat(plan["today"])


def compacted(plan_key: str, *, lake: ObjectStore) -> bool:
    """Whether Spark has nothing to do: the plan has its result, or is a worker's."""
    return (
        manifest.read(lake, plan_key)[0]["engine"] != Engine.GLUE or lake.head(places.result_of(plan_key)) is not None
    )
