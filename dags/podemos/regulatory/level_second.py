"""Level 2, beside the warehouse: what was normalised = what the second engine read from the same sealed bytes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from podemos.contracts.sources import Source
from podemos.core.fingerprint import Fingerprint
from podemos.core.states import State
from podemos.core.store import ObjectStore
from podemos.regulatory.level_warehouse import pair
from podemos.regulatory.narrow import differences
from podemos.regulatory.results import Cause, Level, Pair, Result, Rule
from podemos.regulatory.second import SecondEngine


def compare(
    source: Source,
    entry: Mapping[str, Any],
    sealed: Mapping[str, Any],
    read: Fingerprint,
    unreadable: Mapping[str, str],
    day: date,
    *,
    lake: ObjectStore,
    engine: SecondEngine,
) -> Result:
    """One result per source: every column of every movement, where it stands in which file included.

    Args:
        source: the source.
        entry: its part of the normalised manifest.
        sealed: its part of the seal.
        read: the second engine's control totals.
        unreadable: by `<source>/<file>`, why the second engine could not read a file.
        day: the business day.
        lake: for the sealed bytes, when a difference is to be named.
        engine: the second engine, asked like the warehouse.
    """
    if engine.changed:
        return _changed(source, entry, read, sealed, day, lake, engine)
    expected = Fingerprint() if entry["state"] == State.MISSING else Fingerprint.from_dict(entry["totals"])
    if expected == read:
        return Result(source.id, Level.WAREHOUSE, Rule.SECOND, pair(expected), pair(read))
    cause, rows = differences(source, sealed, day, lake=lake, warehouse=engine, holder="the second engine")
    files = [f"{name}: {why}" for name, why in sorted(unreadable.items()) if name.startswith(f"{source.id}/")]
    named = [f"{source.id}: the second engine cannot read {line}" for line in files] + rows
    detail = named[0] if named else f"{source.id}: the two engines agree on every row read now; normalise again"
    return Result(
        source.id, Level.WAREHOUSE, Rule.SECOND, pair(expected), pair(read), cause=cause, detail=detail,
        units=tuple(named),
    )  # fmt: skip


def _changed(
    source: Source,
    entry: Mapping[str, Any],
    read: Fingerprint,
    sealed: Mapping[str, Any],
    day: date,
    lake: ObjectStore,
    engine: SecondEngine,
) -> Result:
    """The second engine's file is not the one it wrote: no source passes, and the rows that differ are named."""
    expected = Fingerprint() if entry["state"] == State.MISSING else Fingerprint.from_dict(entry["totals"])
    rows = (
        differences(source, sealed, day, lake=lake, warehouse=engine, holder="its file")[1] if expected != read else []
    )
    detail = f"the second engine's file: {engine.changed}{'; ' if rows else ''}{'; '.join(rows[:1])}"
    written, found = pair(expected), pair(read)
    return Result(
        source.id,
        Level.WAREHOUSE,
        Rule.SECOND,
        written,
        Pair(found.rows, found.cents, f"{found.digest} changed"),
        cause=Cause.CHANGED,
        detail=detail,
        units=tuple(rows),
    )
