"""The chain of revisions: what the lake holds, committed one small manifest after the other."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from podemos.branches import keys
from podemos.core import manifest
from podemos.core.errors import NotFound
from podemos.core.manifest import Ref
from podemos.core.store import ObjectStore


@dataclass(frozen=True, slots=True)
class Revision:
    """A committed revision and its manifest."""

    number: int
    ref: Ref
    document: dict[str, Any]


def latest(lake: ObjectStore) -> Revision | None:
    """The newest revision, or None before the first. The index only shortens the listing: manifests decide."""
    try:
        hint = json.loads(lake.get(keys.LATEST_REVISION))["key"]
    except (NotFound, ValueError, KeyError):
        hint = ""
    newest = hint
    for found in lake.list(keys.REVISIONS, start_after=hint):
        newest = found.key
    return read(lake, newest) if newest else None


def read(lake: ObjectStore, key: str) -> Revision:
    """A revision by its key.

    Raises:
        NotFound: there is none.
    """
    document, ref = manifest.read(lake, key)
    return Revision(document["revision"], ref, document)


def remember(lake: ObjectStore, key: str) -> None:
    """Moves the index that `latest` starts from."""
    lake.replace(keys.LATEST_REVISION, json.dumps({"key": key}).encode())
