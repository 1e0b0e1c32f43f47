"""`resumen.json`: totals per source and type, and how complete they are. No instant of the run is in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from podemos.contracts.sources import Sources
from podemos.core.states import State
from podemos.regulatory.render import Totals, sum_of, totals_of
from podemos.regulatory.results import Cause, Rule

SCHEMA = "podemos/resumen/1"


def summary(
    decision: Mapping[str, Any],
    normalised: Mapping[str, Any],
    reconciliation: Mapping[str, Any],
    totals: Totals,
    sources: Sources,
) -> dict[str, Any]:
    """The summary document (see include/schemas/summary.schema.json)."""
    total = sum_of(totals)
    return {
        "schema": SCHEMA,
        "business_date": decision["business_date"],
        "outcome": decision["outcome"],
        "currency": "MXN",
        "movements": total.count,
        "cents": total.cents,
        "sources": [_source(entry, totals, sources) for entry in normalised["sources"]],
        "completeness": {
            "sources_expected": len(normalised["sources"]),
            "sources_incomplete": [
                {name: one[name] for name in ("source", "criticality", "state", "effect")}
                for one in decision["incomplete"]
            ],
            "branches_expected": sum(len(entry.get("branches", ())) for entry in normalised["sources"]),
            "branches_not_certified": decision["branches_not_certified"],
            "excepted_movements": decision["excepted_movements"],
            "unknown_clients": _unknown_clients(reconciliation),
        },
    }


def _unknown_clients(reconciliation: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Movements of clients that no branch knows, by source; None when the warehouse could not be asked."""
    rows = [row for row in reconciliation["results"] if row["rule"] == Rule.CLIENT]
    if any(row["cause"] == Cause.NOT_COMPARED for row in rows):
        return None
    return [
        {"source": row["source"], "movements": row["actual_rows"], "cents": row["actual_cents"]}
        for row in rows
        if row["actual_rows"]
    ]


def _source(entry: Mapping[str, Any], totals: Totals, sources: Sources) -> dict[str, Any]:
    source = sources.source(entry["source"])
    missing = entry["state"] == State.MISSING
    return {
        "id": source.id,
        "name": source.nombre,
        "criticality": source.criticality.value,
        "state": entry["state"],
        "published": totals_of(totals, source.id),
        "expected": None if missing else entry["declared"],
        "excepted": None if missing else {name: entry["excepted"][name] for name in ("rows", "cents", "unknown_rows")},
    }
