"""Compares control, seal, both engines, warehouse and rules. Finds; does not judge: the gate does."""

from __future__ import annotations

import io
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from podemos.contracts.sources import Policy, Sources
from podemos.core.clock import Clock, from_iso
from podemos.core.errors import AlreadyExists, DataFault, SourceUnavailable
from podemos.core.fingerprint import Fingerprint
from podemos.core.manifest import read_ref
from podemos.core.states import State
from podemos.core.store import ObjectStore
from podemos.regulatory import keys, level_business, level_control, level_history, level_second, level_warehouse
from podemos.regulatory.results import Cause, Level, Pair, Result, Rule, Severity
from podemos.regulatory.second import ENGINE, SecondEngine, opened
from podemos.warehouse.port import Warehouse


@dataclass(frozen=True, slots=True)
class _Night:
    """What a reconciliation compares, in manifests."""

    day: date
    normalised: Mapping[str, Any]
    sealed: Mapping[str, Mapping[str, Any]]
    second: Mapping[str, Any]


def reconcile(
    normalised_key: str,
    second_key: str,
    loaded_key: str | None,
    *,
    lake: ObjectStore,
    warehouse: Warehouse,
    sources: Sources,
    policy: Policy,
    clock: Clock,
) -> str:
    """Reconciles a night and returns the key of its results.

    Sealed bytes, normalised movements, warehouse and second engine must hold the same rows. Where the warehouse cannot
    be asked, and the policy allows it, the second engine stands in for it, and the results say so.

    Args:
        normalised_key: of stage `normalised`.
        second_key: of stage `second`.
        loaded_key: the load's result; None when the load failed.
        lake: the bucket of the evidence.
        warehouse: holds the loaded day.
        sources: the configured sources.
        policy: whether, and after how long, the second engine may stand in.
        clock: now.

    Raises:
        SourceUnavailable: the warehouse does not answer, and there is time to ask again.
        DataFault: a manifest is not of its stage, or the seal it names was changed.
    """
    normalised, ref = keys.read_stage(lake, normalised_key, "normalised")
    second, second_ref = keys.read_stage(lake, second_key, "second")
    if second["seal"] != normalised["seal"]:
        raise DataFault(f"{lake.uri(second_key)} is of another seal than {lake.uri(normalised_key)}; rerun both")
    seal = read_ref(lake, normalised["seal"])
    day = date.fromisoformat(normalised["business_date"])
    about = _Night(day, normalised, {entry["source"]: entry for entry in seal["sources"]}, second)
    reason = ""
    with opened(second, lake) as engine:
        try:
            if loaded_key is None:
                raise SourceUnavailable("the load did not succeed")
            results = _by_warehouse(about, lake, warehouse, sources)
        except SourceUnavailable as error:
            given_up = from_iso(seal["sealed_at"]) + timedelta(minutes=policy.warehouse_minutes)
            if not policy.second_engine_alone or (loaded_key and clock() < given_up):
                raise
            reason = f"the warehouse was not asked: {error}"
            results = _by_second_engine(about, engine, sources, reason)
        results += _both_engines(about, lake, engine, sources)
    for entry in normalised["sources"]:
        results += level_control.compare(
            sources.source(entry["source"]), entry, about.sealed[entry["source"]], lake
        )  # fmt: skip
    rows = [result.to_dict() for result in results]
    document: dict[str, Any] = {
        "stage": "reconciliation",
        "business_date": day.isoformat(),
        "night": normalised["night"],
        "rehearsal": normalised["rehearsal"],
        "engine": ENGINE if reason else "redshift",
        "engine_reason": reason,
        "normalised": ref.to_dict(),
        "second": second_ref.to_dict(),
        "results": rows,
    }
    committed = keys.commit_stage(lake, keys.folder_of(normalised_key), "reconciliation", document)
    _for_analysts(rows, committed.key.removesuffix("json") + "parquet", lake)
    return committed.key


def _by_warehouse(about: _Night, lake: ObjectStore, warehouse: Warehouse, sources: Sources) -> list[Result]:
    """What was loaded, compared with what was normalised; and the rules of the business, asked of the warehouse."""
    held = level_warehouse.totals(about.day, warehouse)
    results: list[Result] = []
    for entry in about.normalised["sources"]:
        source, sealed = sources.source(entry["source"]), about.sealed[entry["source"]]
        if entry.get("lake_branches") is not None:
            results.append(level_history.compare(source, entry, sealed, about.day, lake=lake, warehouse=warehouse))
        found = held.pop(source.id, Fingerprint())
        results += level_warehouse.compare(source, entry, sealed, found, about.day, lake=lake, warehouse=warehouse)
    results += [level_warehouse.stranger(system, total, about.day) for system, total in sorted(held.items())]
    return results + level_business.compare(sources, about.normalised["sources"], about.day, warehouse)


def _by_second_engine(about: _Night, engine: Warehouse, sources: Sources, reason: str) -> list[Result]:
    """The rules that need no warehouse; what only the warehouse can tell is listed as not compared."""
    results = level_business.without_clients(sources, about.normalised["sources"], about.day, engine)
    for entry in about.normalised["sources"]:
        if entry["state"] != State.MISSING:
            detail = f"{entry['source']}: {reason}"
            results += [
                Result(entry["source"], level, rule, Pair(1), Pair(0), Severity.YELLOW, Cause.NOT_COMPARED, "", detail)
                for level, rule in ((Level.WAREHOUSE, Rule.WAREHOUSE), (Level.BUSINESS, Rule.CLIENT))
            ]
    return results


def _both_engines(about: _Night, lake: ObjectStore, engine: SecondEngine, sources: Sources) -> list[Result]:
    """What the second engine read, compared with what was normalised."""
    read = level_warehouse.totals(about.day, engine)
    return [
        level_second.compare(
            sources.source(entry["source"]),
            entry,
            about.sealed[entry["source"]],
            read.get(entry["source"], Fingerprint()),
            about.second["unreadable"],
            about.day,
            lake=lake,
            engine=engine,
        )
        for entry in about.normalised["sources"]
    ]


def _for_analysts(rows: list[dict[str, Any]], key: str, lake: ObjectStore) -> None:
    """The same rows as a parquet file, for queries over many nights; the manifest is what counts."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    with suppress(AlreadyExists):
        lake.put_new(key, sink.getvalue())
