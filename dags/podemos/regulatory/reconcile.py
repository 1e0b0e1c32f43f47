"""Compares control, seal, warehouse and rules. Finds; does not judge: the gate does."""

from __future__ import annotations

import io
from contextlib import suppress
from datetime import date
from typing import Any

from podemos.contracts.sources import Sources
from podemos.core.errors import AlreadyExists
from podemos.core.fingerprint import Fingerprint
from podemos.core.manifest import read_ref
from podemos.core.store import ObjectStore
from podemos.regulatory import keys, level_business, level_control, level_history, level_warehouse
from podemos.regulatory.results import Result
from podemos.warehouse.port import Warehouse


def reconcile(normalised_key: str, *, lake: ObjectStore, warehouse: Warehouse, sources: Sources) -> str:
    """Reconciles a loaded night and returns the key of its results.

    Raises:
        DataFault: the manifest is not of stage `normalised`, or the seal it names was changed.
    """
    normalised, ref = keys.read_stage(lake, normalised_key, "normalised")
    seal = read_ref(lake, normalised["seal"])
    day = date.fromisoformat(normalised["business_date"])
    sealed = {entry["source"]: entry for entry in seal["sources"]}
    held = level_warehouse.totals(day, warehouse)
    results: list[Result] = []
    for entry in normalised["sources"]:
        source = sources.source(entry["source"])
        if entry.get("lake_branches") is not None:
            results.append(level_history.compare(source, entry, sealed[source.id], day, lake=lake, warehouse=warehouse))
        results += level_control.compare(source, entry, sealed[source.id], lake)
        results += level_warehouse.compare(
            source,
            entry,
            sealed[source.id],
            held.pop(source.id, Fingerprint()),
            day,
            lake=lake,
            warehouse=warehouse,
        )
    results += [level_warehouse.stranger(system, total, day) for system, total in sorted(held.items())]
    results += level_business.compare(sources, normalised["sources"], day, warehouse)
    rows = [result.to_dict() for result in results]
    document: dict[str, Any] = {
        "stage": "reconciliation",
        "business_date": day.isoformat(),
        "night": normalised["night"],
        "rehearsal": normalised["rehearsal"],
        "normalised": ref.to_dict(),
        "results": rows,
    }
    committed = keys.commit_stage(lake, keys.folder_of(normalised_key), "reconciliation", document)
    _for_analysts(rows, committed.key.removesuffix("json") + "parquet", lake)
    return committed.key


def _for_analysts(rows: list[dict[str, Any]], key: str, lake: ObjectStore) -> None:
    """The same rows as a parquet file, for queries over many nights; the manifest is what counts."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    with suppress(AlreadyExists):
        lake.put_new(key, sink.getvalue())
