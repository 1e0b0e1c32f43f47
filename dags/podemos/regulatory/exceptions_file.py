"""`exceptions.json`: everything that is not in the report, such that published + excepted = expected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from podemos.contracts.sources import Sources
from podemos.core.states import State
from podemos.core.store import ObjectStore
from podemos.regulatory.excepted import read_excepted

SCHEMA = "podemos/exceptions/1"


def exceptions(
    decision: Mapping[str, Any], normalised: Mapping[str, Any], lake: ObjectStore, sources: Sources
) -> dict[str, Any] | None:
    """The document (see include/schemas/exceptions.schema.json), or None when nothing is excepted.

    The number of movements listed is bounded by the policy: more of them hold the report.
    """
    movements: list[dict[str, Any]] = []
    for entry in normalised["sources"]:
        if entry["state"] != State.MISSING and entry["excepted"]["rows"]:
            movements += read_excepted(lake.get(entry["excepted"]["data"]["key"]))
    if not (movements or decision["incomplete"] or decision["branches_not_certified"]):
        return None
    incomplete = {one["source"]: one for one in decision["incomplete"]}
    return {
        "schema": SCHEMA,
        "business_date": decision["business_date"],
        "outcome": decision["outcome"],
        "policy_version": decision["policy"]["version"],
        "sources": [
            _source(entry, incomplete.get(entry["source"]), sources)
            for entry in normalised["sources"]
            if entry["source"] in incomplete or entry.get("excepted", {}).get("rows")
        ],
        "movements": movements,
        "branches": decision["branches_not_certified"],
    }


def _source(entry: Mapping[str, Any], gap: Mapping[str, str] | None, sources: Sources) -> dict[str, Any]:
    """One source: expected is null when it delivered no control file, since nobody knows then."""
    source = sources.source(entry["source"])
    known = entry["state"] != State.MISSING
    published = {"rows": entry["totals"]["count"], "cents": entry["totals"]["cents"]} if known else None
    return {
        "source": source.id,
        "criticality": source.criticality.value,
        "state": gap["state"] if gap else State.EXCEPTED.value,
        "reason": gap["reason"] if gap else "single movements are excepted",
        "effect": source.absence,
        "owner": source.owner,
        "contact": source.contact,
        "usual_rows": source.expected_rows,
        "expected": entry["declared"] if known else None,
        "published": published or {"rows": 0, "cents": 0},
        "excepted": {n: entry["excepted"][n] for n in ("rows", "cents", "unknown_rows")} if known else None,
    }
