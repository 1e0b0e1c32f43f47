"""Whether what was landed is still what the manifests recorded: an altered cent is named while its evidence lasts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

from podemos.branches import narrow, revisions
from podemos.branches.revisions import Revision
from podemos.core import manifest
from podemos.core.errors import NotFound
from podemos.core.store import ObjectStore
from podemos.core.table import Table
from podemos.core.zones import zone_table

_THREADS = 16


def altered(
    lake: ObjectStore, revision: Revision, tables: tuple[Table, ...], business_date: date
) -> dict[str, list[str]]:
    """Lines by branch about chunks with amounts whose bytes changed, among those gathered since the business day began.

    Chunks that a curation refused are always looked at: they are named until they are restored.
    """
    found: dict[str, list[str]] = {}
    for table in tables:
        if table.amount is None or not table.partitioned:
            continue
        entries = {chunk["key"]: chunk for chunk in _gathered(lake, revision, table, business_date)}
        entries |= {chunk["key"]: chunk for chunk in revision.document["altered"].get(table.name, ())}
        with ThreadPoolExecutor(_THREADS) as pool:
            sound = list(pool.map(lambda chunk: _sound(lake, chunk), entries.values()))
        for chunk, good in zip(entries.values(), sound, strict=True):
            if not good:
                found.setdefault(chunk["branch"], []).extend(narrow.altered_chunk(lake, table, chunk))
    return found


def _gathered(lake: ObjectStore, revision: Revision, table: Table, business_date: date) -> list[dict[str, Any]]:
    """Chunks of all revisions since the business day began, newest first, and of this one in any case."""
    since = zone_table().instant_at(business_date, "00:00").isoformat()[:10]
    chunks: list[dict[str, Any]] = []
    step = revision.document
    while True:
        chunks += step["chunks"].get(table.name, [])
        if not step["previous"] or step["planned"][:10] < since:
            return chunks
        step = revisions.read(lake, step["previous"]["key"]).document


def _sound(lake: ObjectStore, chunk: dict[str, Any]) -> bool:
    try:
        return manifest.sha256(lake.get(chunk["key"])) == str(chunk["sha256"])
    except NotFound:
        return False
