"""Level 2: what was normalised = what the warehouse holds, per system by count, cents and digest.

Where they differ, the sealed source bytes are read once more and compared row by row with the warehouse: the row is
named whatever of the two copies was touched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from podemos.contracts.sources import Source
from podemos.core.errors import DataFault, NotFound
from podemos.core.fingerprint import Fingerprint
from podemos.core.states import State
from podemos.core.store import ObjectStore
from podemos.regulatory.frozen import freeze
from podemos.regulatory.narrow import differences
from podemos.regulatory.results import Cause, Level, Pair, Result, Rule
from podemos.regulatory.second import SecondEngine
from podemos.warehouse.port import Warehouse


def totals(day: date, warehouse: Warehouse) -> dict[str, Fingerprint]:
    """What the warehouse holds of the day, per system."""
    rows = warehouse.fetch("regulatory/fingerprint_movimientos.sql", {"business_date": day})
    return {
        row["id_sistema"]: Fingerprint(int(row["renglones"]), int(row["centavos"]), int(row["huella"])) for row in rows
    }


def compare(
    source: Source,
    entry: Mapping[str, Any],
    sealed: Mapping[str, Any],
    held: Fingerprint,
    day: date,
    *,
    lake: ObjectStore,
    warehouse: Warehouse,
) -> Iterator[Result]:
    """The results of one source at level 2; a missing source must have no row in the warehouse."""
    expected = Fingerprint()
    if entry["state"] != State.MISSING:
        yield _stored(source, entry, sealed, day, lake)
        expected = Fingerprint.from_dict(entry["totals"])
    if expected == held:
        yield _result(source.id, Rule.WAREHOUSE, pair(expected), pair(held))
        return
    cause, rows = differences(source, sealed, day, lake=lake, warehouse=warehouse)
    if not rows:
        detail = f"{source.id}: the warehouse agrees with the sealed bytes, the normalised file does not"
    else:
        detail = rows[0] if len(rows) == 1 else f"{rows[0]} (the first of several)"
    yield _result(source.id, Rule.WAREHOUSE, pair(expected), pair(held), cause=cause, detail=detail, units=tuple(rows))


def stranger(system: str, held: Fingerprint, day: date) -> Result:
    """Rows of a system that no configuration knows."""
    detail = f"{system}: {held.count} movements of {day} in the warehouse, but no such source in sources.yaml"
    return _result(system, Rule.WAREHOUSE, Pair(), pair(held), cause=Cause.STRANGER, detail=detail)


def _result(source: str, rule: Rule, expected: Pair, actual: Pair, **more: Any) -> Result:
    return Result(source, Level.WAREHOUSE, rule, expected, actual, **more)


def pair(total: Fingerprint) -> Pair:
    """Control totals as one side of a comparison."""
    return Pair(total.count, total.cents, str(total.digest))


def _stored(
    source: Source, entry: Mapping[str, Any], sealed: Mapping[str, Any], day: date, lake: ObjectStore
) -> Result:
    """The normalised file is still the one that was written; if not, the rows that were changed are named."""
    key, wanted = entry["data"]["key"], entry["data"]["sha256"]
    try:
        found = freeze(lake, key)["sha256"]
    except NotFound:
        found = "absent"
    if found == wanted:
        return _result(source.id, Rule.STORED, Pair(digest=wanted), Pair(digest=found), unit=key)
    detail = f"{source.id}: {lake.uri(key)} was changed after it was written; restore its first version and load again"
    return _result(
        source.id,
        Rule.STORED,
        Pair(digest=wanted),
        Pair(digest=found),
        cause=Cause.CHANGED,
        unit=key,
        detail=detail,
        units=_edited(source, sealed, day, key, lake) if found != "absent" else (),
    )


def _edited(source: Source, sealed: Mapping[str, Any], day: date, key: str, lake: ObjectStore) -> tuple[str, ...]:
    """The rows of a normalised file that are not those of the sealed bytes; none if it is no parquet file any more."""
    with TemporaryDirectory(prefix="edited-") as name:
        path = Path(name) / "movimientos.parquet"
        path.write_bytes(lake.get(key))
        try:
            engine = SecondEngine(path)
        except DataFault:
            return ()
        try:
            return tuple(differences(source, sealed, day, lake=lake, warehouse=engine, holder="the normalised file")[1])
        finally:
            engine.close()
