"""Lists what lies in the inbox and no manifest covers yet.

A set difference by key and ETag, never a watermark: a listing may come in any order, and an object that appears
behind one that was seen is found by the next listing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any

from podemos.core import manifest
from podemos.core.clock import Clock, from_iso, iso
from podemos.core.errors import AlreadyExists
from podemos.core.store import ObjectStore
from podemos.mobile import keys, places, revisions
from podemos.mobile.revisions import Revision

OVERLAP = timedelta(days=2)
"""Days listed again each time: the folder is named by the clock of who received, and its write may have taken long."""
STRAY = "otros"
"""Where objects are counted whose key names no received day."""


def list_arrivals(*, lake: ObjectStore, clock: Clock) -> str:
    """Lists the inbox objects that the newest manifest does not cover.

    The received days since the previous listing, two of them again; the whole inbox in the first listing of a day.

    Returns:
        The key of the listing.
    """
    found = arrivals(lake, revisions.latest(lake), clock)
    content = manifest.sha256(manifest.canonical(found))
    return manifest.commit(lake, places.listing(content), found).key


def arrivals(lake: ObjectStore, revision: Revision, clock: Clock) -> dict[str, Any]:
    """The listing as a document: `objects` are (key, ETag, bytes), in key order."""
    now = clock()
    covered: dict[str, set[tuple[str, str]]] = {}
    fresh = []
    for info in _listed(lake, list(_prefixes(revision, now.date()))):
        day = received_day(info.key)
        if day not in covered:
            covered[day] = set(_covered(lake, revision, day))
        if (info.key, info.etag) not in covered[day]:
            fresh.append([info.key, info.etag, info.size])
    return {
        "kind": "mobile.listing",
        "previous": revision.ref.to_dict() if revision.ref else None,
        "listed": iso(now),
        "objects": sorted(fresh),
    }


def received_day(key: str) -> str:
    """The received day that a key names."""
    day = key.removeprefix(keys.INBOX).partition("/")[0]
    try:
        return date.fromisoformat(day).isoformat()
    except ValueError:
        return STRAY


def _covered(lake: ObjectStore, revision: Revision, day: str) -> Iterator[tuple[str, str]]:
    if day in revision.covered:
        yield from ((key, etag) for key, etag in revisions.packed(lake, revision.covered[day]))


def _prefixes(revision: Revision, today: date) -> Iterator[str]:
    """Folders to list. A day's first listing takes everything, however old its folder."""
    listed = from_iso(revision.document["listed"]).date() if revision.ref else None
    if listed is None or listed != today:
        yield keys.INBOX
        return
    first = listed - OVERLAP
    for ahead in range((today + timedelta(days=1) - first).days + 1):
        yield f"{keys.INBOX}{first + timedelta(days=ahead)}/"


def _listed(lake: ObjectStore, prefixes: Iterable[str]) -> Iterator[Any]:
    for prefix in prefixes:
        yield from lake.list(prefix)


def covering(lake: ObjectStore, revision: Revision, objects: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The covered lists after these objects were compacted: references by received day, each list written once."""
    by_day: dict[str, set[tuple[str, str]]] = {}
    for key, etag in objects:
        by_day.setdefault(received_day(key), set()).add((key, etag))
    found = dict(revision.covered)
    for day, new in sorted(by_day.items()):
        data = revisions.pack(sorted(new | set(_covered(lake, revision, day))))
        content = manifest.sha256(data)
        put_once(lake, places.covered(day, content), data, "application/gzip")
        found[day] = {"key": places.covered(day, content), "sha256": content}
    return found


def put_once(lake: ObjectStore, key: str, data: bytes, content_type: str = "application/octet-stream") -> bool:
    """Creates an object whose key ends in its content's hash; False when it was there already."""
    try:
        lake.put_new(key, data, content_type)
    except AlreadyExists:
        return False
    return True
