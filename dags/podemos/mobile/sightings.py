"""Which sequence numbers of each phone have arrived: taken from the compacted tables, a revision at a time.

Files of a revision that the one before did not have are read for three columns; adding is idempotent, so a merged file
does no harm. What lies in the inbox and is not compacted yet is on its way: its key names the range. If the state is
lost it is made anew from all files.
"""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from podemos.core.clock import Clock
from podemos.core.errors import NotFound
from podemos.core.store import ObjectStore
from podemos.mobile import arrivals, files, places, revisions
from podemos.mobile.keys import parse_inbox_key
from podemos.mobile.partition import File, Partition
from podemos.mobile.revisions import Revision
from podemos.mobile.runs import Run, added, of_events

KEY = "mobile/watch/sightings.json.gz"


@dataclass(slots=True)
class Sightings:
    """What has arrived, by device.

    Attributes:
        revision: key of the revision up to which it was read; empty before the first.
        seen: events in the tables.
        refused: numbers of lines in quarantine: they arrived, and are no longer the phone's debt.
    """

    revision: str = ""
    seen: dict[str, tuple[Run, ...]] = field(default_factory=dict)
    refused: dict[str, tuple[Run, ...]] = field(default_factory=dict)

    def arrived(self, device: str) -> tuple[Run, ...]:
        """Both."""
        return added(self.seen.get(device, ()), self.refused.get(device, ()))


def load(lake: ObjectStore) -> Sightings:
    """The state as it was saved; empty when there is none."""
    try:
        data = json.loads(gzip.decompress(lake.get(KEY)))
    except NotFound:
        return Sightings()
    seen, refused = (
        {device: tuple(Run(*run) for run in found) for device, found in data[name].items()}
        for name in ("seen", "refused")
    )
    return Sightings(data["revision"], seen, refused)


def save(lake: ObjectStore, state: Sightings) -> None:
    """Replaces it."""
    document = {"revision": state.revision} | {
        name: {device: [[r.first, r.last, r.first_at, r.last_at] for r in found] for device, found in devices.items()}
        for name, devices in (("seen", state.seen), ("refused", state.refused))
    }
    lake.replace(KEY, gzip.compress(json.dumps(document, sort_keys=True).encode(), mtime=0), "application/gzip")


def advance(state: Sightings, revision: Revision, lake: ObjectStore) -> None:
    """Reads what a revision has that the state does not know yet."""
    if revision.ref is None or revision.ref.key == state.revision:
        return
    before = revisions.read(lake, state.revision) if state.revision else Revision()
    for table, file in _fresh(lake, before, revision):
        refused = table == places.QUARANTINE
        at = "recibido_en" if refused else "capturado_en"
        rows = files.read(lake, file, ["id_dispositivo", "secuencia", at])
        events = defaultdict(list)
        for device, sequence, instant in zip(*(rows[name].to_pylist() for name in rows.column_names), strict=True):
            if device is not None and sequence is not None:
                events[device].append((sequence, instant))
        target = state.refused if refused else state.seen
        for device, found in events.items():
            target[device] = added(target.get(device, ()), of_events(found))
    state.revision = revision.ref.key


def on_their_way(lake: ObjectStore, revision: Revision, clock: Clock) -> Mapping[str, list[tuple[int, int]]]:
    """Ranges of numbers in uploads that no revision covers yet, by device."""
    found = defaultdict(list)
    for key, _, _ in arrivals.arrivals(lake, revision, clock)["objects"]:
        named = parse_inbox_key(key)
        if named is not None and named.last:
            found[named.id_dispositivo].append((named.first, named.last))
    return found


def _fresh(lake: ObjectStore, before: Revision, now: Revision) -> Iterator[tuple[str, File]]:
    """Files of events and quarantine that only the later revision has, with their table."""
    months = [name for name, ref in now.months.items() if before.months.get(name) != ref]
    old = {file.key for file in _files(partition.files for partition in _partitions(lake, before, months).values())}
    for name, partition in sorted(_partitions(lake, now, months).items()):
        table = name.partition("/")[0]
        if table != places.INDEX:
            yield from ((table, file) for file in partition.files if file.key not in old)


def _partitions(lake: ObjectStore, revision: Revision, months: Iterable[str]) -> Mapping[str, Partition]:
    return revisions.partitions(lake, revision, months)


def _files(groups: Iterable[Iterable[File]]) -> Iterator[File]:
    for group in groups:
        yield from group
