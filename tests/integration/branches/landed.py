"""What the lake holds, read the slow and obvious way: the judge of the pull tests."""

from __future__ import annotations

from typing import Any

from podemos.branches import chunk, keys
from podemos.branches.landing import Part
from podemos.contracts.tables import contract
from podemos.core import fingerprint, manifest
from podemos.core.fingerprint import Fingerprint
from podemos.core.money import cents_of
from podemos.core.store import ObjectStore


def parts(lake: ObjectStore, table: str = "", branch: str = "") -> list[Part]:
    """Committed parts, in order of sequence."""
    found = [Part.from_dict(manifest.read(lake, info.key)[0]) for info in lake.list(keys.PULLS)]
    chosen = [p for p in found if table in ("", p.table) and branch in ("", p.branch)]
    return sorted(chosen, key=lambda part: (part.table, part.branch, part.seq, part.part))


def rows(lake: ObjectStore, part: Part) -> list[dict[str, Any]]:
    """Rows of a part, its chunk verified."""
    if part.chunk is None:
        return []
    data = lake.get(part.chunk.key)
    assert manifest.sha256(data) == part.chunk.sha256
    return chunk.read(data).to_pylist()


def winners(lake: ObjectStore, table: str, branch: str) -> dict[int, dict[str, Any]]:
    """One row per key: the latest snapshot's."""
    found: dict[int, dict[str, Any]] = {}
    (key,) = contract(table).primary_key
    for part in parts(lake, table, branch):
        for row in rows(lake, part):
            if row["snapshot_seq"] >= found.get(row[key], row)["snapshot_seq"]:
                found[row[key]] = row
    return found


def prints(lake: ObjectStore, table: str, branch: str) -> dict[str, Fingerprint]:
    """Fingerprints of the winners per local day."""
    compiled = contract(table).compiled()
    totals: dict[str, Fingerprint] = {}
    for row in winners(lake, table, branch).values():
        day = row[compiled.business_date][:10] if compiled.business_date else keys.UNDATED
        text = fingerprint.row_text(None if row[c.name] is None else str(row[c.name]) for c in compiled.columns)
        cents = cents_of(row[compiled.amount]) if compiled.amount else 0
        totals[day] = totals.get(day, Fingerprint()) + Fingerprint(1, cents, fingerprint.row_digest(text))
    return totals


def said(lake: ObjectStore, table: str, branch: str) -> dict[str, Fingerprint]:
    """What the branch's own server said in its latest snapshot."""
    return dict([part for part in parts(lake, table, branch) if part.final][-1].fingerprints)
