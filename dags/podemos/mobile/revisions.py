"""The chain of revisions: what the compacted tables hold, committed one small manifest after the other.

A manifest names a node per month, and a node the files of its partitions: a manifest stays small for ten years, and a
compaction writes anew only the months that it touches.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from podemos.core import manifest
from podemos.core.errors import DataFault, NotFound
from podemos.core.manifest import Ref
from podemos.core.store import ObjectStore
from podemos.mobile import places
from podemos.mobile.partition import Partition, month_of


@dataclass(frozen=True, slots=True)
class Revision:
    """A committed revision and its manifest; number 0 is the empty beginning, which no manifest holds."""

    number: int = 0
    ref: Ref | None = None
    document: Mapping[str, Any] = field(default_factory=dict)

    @property
    def months(self) -> Mapping[str, Any]:
        """References of the month nodes."""
        found: Mapping[str, Any] = self.document.get("months", {})
        return found

    @property
    def covered(self) -> Mapping[str, Any]:
        """References of the lists of compacted inbox objects, by received day."""
        found: Mapping[str, Any] = self.document.get("covered", {})
        return found


def latest(lake: ObjectStore) -> Revision:
    """The newest revision. The index only shortens the listing: manifests decide."""
    try:
        hint = str(json.loads(lake.get(places.LATEST))["key"])
    except (NotFound, ValueError, KeyError, TypeError):
        hint = ""
    newest = hint
    for found in lake.list(places.MANIFESTS, start_after=hint):
        newest = max(newest, found.key)
    return read(lake, newest) if newest else Revision()


def read(lake: ObjectStore, key: str) -> Revision:
    """A revision by its key.

    Raises:
        NotFound: there is none.
    """
    document, ref = manifest.read(lake, key)
    return Revision(document["revision"], ref, document)


def before(lake: ObjectStore, revision: Revision) -> Revision:
    """The revision that another one follows."""
    previous = revision.document.get("previous")
    return read(lake, previous["key"]) if previous else Revision()


def remember(lake: ObjectStore, key: str) -> None:
    """Moves the index that `latest` starts from."""
    lake.replace(places.LATEST, json.dumps({"key": key}).encode())


def partitions(lake: ObjectStore, revision: Revision, months: Iterable[str] | None = None) -> dict[str, Partition]:
    """The partitions of some months, or of all.

    Args:
        lake: the lake.
        revision: whose.
        months: names of nodes; those that the revision does not have are empty.
    """
    wanted = revision.months if months is None else sorted(set(months) & set(revision.months))
    found: dict[str, Partition] = {}
    for name in wanted:
        node = manifest.read_ref(lake, revision.months[name])
        found |= {title: Partition.from_dict(data) for title, data in node["partitions"].items()}
    return found


def named(lake: ObjectStore, revision: Revision, names: Iterable[str]) -> dict[str, Partition]:
    """The partitions of these names; one that does not exist is empty."""
    wanted = sorted(set(names))
    found = partitions(lake, revision, {month_of(name) for name in wanted})
    return {name: found.get(name, Partition()) for name in wanted}


def packed(lake: ObjectStore, ref: Mapping[str, Any]) -> Any:
    """The JSON of a packed object that must be the very one referred to.

    Raises:
        DataFault: its bytes changed.
    """
    data = lake.get(ref["key"])
    if manifest.sha256(data) != ref["sha256"]:
        raise DataFault(f"{lake.uri(ref['key'])} was changed; restore it from its version history")
    return json.loads(gzip.decompress(data))


def pack(document: Any) -> bytes:
    """JSON, packed; the same bytes for the same content."""
    return gzip.compress(json.dumps(document, sort_keys=True, separators=(",", ":")).encode(), compresslevel=5, mtime=0)
