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
from podemos.core.errors import NotFound
from podemos.core.fingerprint import Fingerprint
from podemos.core.money import format_pesos
from podemos.core.states import State
from podemos.core.store import ObjectStore
from podemos.regulatory.frozen import freeze
from podemos.regulatory.movement import Movement, digest_of
from podemos.regulatory.narrow import sealed_movements
from podemos.regulatory.results import Cause, Level, Pair, Result, Rule
from podemos.warehouse.port import Row, Warehouse

NAMED = 20


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
        yield _stored(source, entry, lake)
        expected = Fingerprint.from_dict(entry["totals"])
    if expected == held:
        yield _result(source.id, Rule.WAREHOUSE, _pair(expected), _pair(held))
        return
    cause, rows = _narrow(source, sealed, day, lake=lake, warehouse=warehouse)
    detail = (
        rows[0] if rows else f"{source.id}: the warehouse agrees with the sealed bytes, the normalised file does not"
    )
    if len(rows) > 1:
        detail += f"; and {len(rows) - 1} more"
    yield _result(
        source.id, Rule.WAREHOUSE, _pair(expected), _pair(held), cause=cause, detail=detail, units=tuple(rows[:NAMED])
    )


def stranger(system: str, held: Fingerprint, day: date) -> Result:
    """Rows of a system that no configuration knows."""
    detail = f"{system}: {held.count} movements of {day} in the warehouse, but no such source in sources.yaml"
    return _result(system, Rule.WAREHOUSE, Pair(), _pair(held), cause=Cause.STRANGER, detail=detail)


def _result(source: str, rule: Rule, expected: Pair, actual: Pair, **more: Any) -> Result:
    return Result(source, Level.WAREHOUSE, rule, expected, actual, **more)


def _pair(total: Fingerprint) -> Pair:
    return Pair(total.count, total.cents, str(total.digest))


def _stored(source: Source, entry: Mapping[str, Any], lake: ObjectStore) -> Result:
    """The normalised file is still the one that was written."""
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
    )


def _narrow(
    source: Source, sealed: Mapping[str, Any], day: date, *, lake: ObjectStore, warehouse: Warehouse
) -> tuple[Cause, list[str]]:
    """The rows that differ between the sealed bytes and the warehouse, and the class of the first."""
    with TemporaryDirectory(prefix="narrow-") as scratch:
        wanted = {m.id_movimiento: m for m in sealed_movements(source, sealed, day, lake, Path(scratch))}
    rows = warehouse.fetch("regulatory/select_system.sql", {"business_date": day, "id_sistema": source.id})
    found: list[tuple[Cause, str]] = []
    seen: set[str] = set()
    for row in rows:
        held = _movement(row, source.id, day)
        name = f"{source.id}, {day}, {held.id_movimiento}"
        expected = wanted.get(held.id_movimiento)
        if held.id_movimiento in seen:
            found.append((Cause.DOUBLED, f"{name}: twice in the warehouse, {format_pesos(held.monto)}"))
        elif expected is None:
            found.append((Cause.STRANGER, f"{name}: {format_pesos(held.monto)} in the warehouse, not in the source"))
        elif digest_of(held) != digest_of(expected):
            found.append((Cause.CHANGED, f"{_place(expected, name)}: {_difference(expected, held)}"))
        seen.add(held.id_movimiento)
    for movement in wanted.values():
        if movement.id_movimiento not in seen:
            name = f"{source.id}, {day}, {movement.id_movimiento}"
            at = f"{format_pesos(movement.monto)} in the source (row {movement.fila})"
            found.append((Cause.LOST, f"{name}: {at}, not in the warehouse"))
    return (found[0][0] if found else Cause.CHANGED), [text for _, text in found]


def _place(movement: Movement, name: str) -> str:
    """A till's payment is named the way its branch knows it."""
    branch, _, payment = movement.id_movimiento.partition("-")
    if movement.id_sistema == "sucursales" and payment:
        return f"sucursal {branch}, {movement.fecha_contable}, pago {payment}"
    return name


def _difference(expected: Movement, held: Movement) -> str:
    where = "at the till" if expected.id_sistema == "sucursales" else f"in the source (row {expected.fila})"
    if expected.monto != held.monto:
        return f"{format_pesos(expected.monto)} {where}, {format_pesos(held.monto)} in the warehouse"
    fields = [name for name, a, b in zip(Movement._fields, expected, held, strict=True) if a != b]
    return f"{', '.join(fields)} differ(s) between the source (row {expected.fila}) and the warehouse"


def _movement(row: Row, system: str, day: date) -> Movement:
    return Movement(
        day,
        system,
        row["id_movimiento"],
        row["id_sucursal"],
        row["id_cliente"],
        row["tipo"],
        int(row["centavos"]),
        row["moneda"],
        row["instante_utc"],
        row["concepto"],
        row["archivo_sha256"],
        int(row["fila"]),
    )
