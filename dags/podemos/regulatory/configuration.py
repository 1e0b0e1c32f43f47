"""The configuration that a night was read with, kept by content beside its seal: a report can be made again from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from podemos.contracts.loading import check
from podemos.contracts.sources import Sources
from podemos.core import manifest
from podemos.core.errors import DataFault
from podemos.core.manifest import Ref
from podemos.core.paths import config_file
from podemos.core.store import ObjectStore

FOLDER = "regulatory/configuration/"


def commit(lake: ObjectStore, sources: Sources) -> Ref:
    """Keeps the configured sources and the digest of the zone table; the same content is there once."""
    document = {"sources": sources.model_dump(mode="json")["sources"], "zones_sha256": _zones()}
    name = manifest.sha256(manifest.canonical(document))
    return manifest.commit(lake, f"{FOLDER}{name[:32]}.json", document)


def of_seal(lake: ObjectStore, seal: Mapping[str, Any]) -> Sources:
    """The sources as they were when the night was sealed.

    Raises:
        DataFault: the zone table is another one now, or the kept configuration was changed.
    """
    document = manifest.read_ref(lake, seal["configuration"])
    if document["zones_sha256"] != _zones():
        raise DataFault(
            f"zones.csv is not the one of {seal['business_date']} (SHA-256 {document['zones_sha256'][:16]}…): check "
            "out the revision that published it, or name its folder in PODEMOS_CONFIG"
        )
    return check(Sources, {"sources": document["sources"]}, seal["configuration"]["key"])


def _zones() -> str:
    return manifest.sha256(config_file("zones.csv").read_bytes())
