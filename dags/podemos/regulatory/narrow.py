"""Names the rows in which the warehouse differs from a source's sealed bytes, which are read once more for it.

Two passes, so that memory holds one number per movement, and whole movements only for the few that are named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from podemos.contracts.sources import Source
from podemos.core.money import cents_of, format_pesos
from podemos.core.states import State
from podemos.core.store import ObjectStore
from podemos.regulatory.canonical import canonical_file
from podemos.regulatory.excepted import read_excepted
from podemos.regulatory.movement import COLUMNS, Movement, digest_of
from podemos.regulatory.readers import BATCH_ROWS
from podemos.regulatory.results import Cause
from podemos.warehouse.port import Row, Warehouse

NAMED = 20
"""Rows that are named; the others are counted."""
_SEEN = -1


@dataclass
class _Found:
    """What differs: movements as the warehouse holds them, and ids that it lacks."""

    doubled: list[Movement] = field(default_factory=list)
    strangers: list[Movement] = field(default_factory=list)
    changed: dict[str, Movement] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    read_twice: list[Movement] = field(default_factory=list)
    more: int = 0

    def room(self) -> bool:
        """Whether another row may be named; if not, it is counted."""
        if len(self.doubled) + len(self.strangers) + len(self.changed) + len(self.lost) < NAMED:
            return True
        self.more += 1
        return False


def sealed_movements(
    source: Source, sealed: Mapping[str, Any], day: date, lake: ObjectStore, work: Path
) -> Iterator[Movement]:
    """The movements of the sealed bytes; none for a missing source."""
    if sealed["state"] != State.MISSING:
        yield from _read(canonical_file(source, sealed, day, lake, work).movements.path)


def sealed_amounts(
    source: Source, sealed: Mapping[str, Any], day: date, lake: ObjectStore, work: Path
) -> Iterator[tuple[str, int]]:
    """Id and cents of every row of the day that has both in the sealed bytes, whether it is a movement or excepted."""
    if sealed["state"] != State.MISSING:
        found = canonical_file(source, sealed, day, lake, work)
        yield from ((movement.id_movimiento, movement.monto) for movement in _read(found.movements.path))
        for row in read_excepted(found.excepted.path.read_bytes()):
            if row["id_movimiento"] and row["cents"] is not None:
                yield row["id_movimiento"], row["cents"]


def differences(
    source: Source,
    sealed: Mapping[str, Any],
    day: date,
    *,
    lake: ObjectStore,
    warehouse: Warehouse,
    holder: str = "the warehouse",
) -> tuple[Cause, list[str]]:
    """The rows that differ, one line each, and the class of the first; a last line counts those that are not named.

    Empty when the warehouse, or who else is asked as `holder`, agrees with the sealed bytes.
    """
    with TemporaryDirectory(prefix="narrow-") as scratch:
        path = Path(scratch) / "movimientos.parquet"
        digests, twice = _digests(sealed_movements(source, sealed, day, lake, Path(scratch)))
        rows = warehouse.fetch("regulatory/select_system.sql", {"business_date": day, "id_sistema": source.id})
        found = _compare(digests, (_movement(row, source.id, day) for row in rows))
        found.read_twice = twice
        named = found.changed.keys() | set(found.lost)
        expected = {m.id_movimiento: m for m in _read(path) if m.id_movimiento in named} if named else {}
    lines = list(_lines(found, expected, holder))
    if found.more:
        lines.append((Cause.CHANGED, f"and {found.more} more movement(s) of {source.id}"))
    return (lines[0][0] if lines else Cause.CHANGED), [text for _, text in lines]


def _digests(movements: Iterator[Movement]) -> tuple[dict[str, int], list[Movement]]:
    """Each movement's digest by id, and the first few that were read twice: then our reading has a fault."""
    digests: dict[str, int] = {}
    twice: list[Movement] = []
    for movement in movements:
        if movement.id_movimiento in digests and len(twice) < NAMED:
            twice.append(movement)
        digests[movement.id_movimiento] = digest_of(movement)
    return digests, twice


def _compare(digests: dict[str, int], held: Iterator[Movement]) -> _Found:
    found = _Found()
    for movement in held:
        digest = digests.get(movement.id_movimiento)
        digests[movement.id_movimiento] = _SEEN
        if digest == digest_of(movement) or not found.room():
            continue
        if digest == _SEEN:
            found.doubled.append(movement)
        elif digest is None:
            found.strangers.append(movement)
        else:
            found.changed[movement.id_movimiento] = movement
    found.lost = [name for name, digest in digests.items() if digest != _SEEN and found.room()]
    return found


def _lines(found: _Found, expected: Mapping[str, Movement], holder: str) -> Iterator[tuple[Cause, str]]:
    for movement_id, held in found.changed.items():
        yield Cause.CHANGED, f"{_name(held)}: {_difference(expected[movement_id], held, holder)}"
    for read in found.read_twice:
        yield Cause.DOUBLED, f"{_name(read)}: {format_pesos(read.monto)} read twice {_where(read)}"
    for held in found.doubled:
        yield Cause.DOUBLED, f"{_name(held)}: twice in {holder}, {format_pesos(held.monto)}"
    for held in found.strangers:
        yield Cause.STRANGER, f"{_name(held)}: {format_pesos(held.monto)} in {holder}, not in the source"
    for movement_id in found.lost:
        wanted = expected[movement_id]
        where = _where(wanted)
        yield Cause.LOST, f"{_name(wanted)}: {format_pesos(wanted.monto)} {where}, not in {holder}"


def _name(movement: Movement) -> str:
    """A till's payment is named the way its branch knows it."""
    branch, _, payment = movement.id_movimiento.partition("-")
    if movement.id_sistema == "sucursales" and payment:
        return f"sucursal {branch}, {movement.fecha_contable}, pago {payment}"
    return f"{movement.id_sistema}, {movement.fecha_contable}, {movement.id_movimiento}"


def _where(movement: Movement) -> str:
    return "at the till" if movement.id_sistema == "sucursales" else f"in the source (row {movement.fila})"


def _difference(expected: Movement, held: Movement, holder: str) -> str:
    if expected.monto != held.monto:
        return f"{format_pesos(expected.monto)} {_where(expected)}, {format_pesos(held.monto)} in {holder}"
    fields = [name for name, a, b in zip(Movement._fields, expected, held, strict=True) if a != b]
    return f"{', '.join(fields)} differ(s) between the source (row {expected.fila}) and {holder}"


def _read(path: Path) -> Iterator[Movement]:
    """The movements of a canonical parquet file."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(BATCH_ROWS, columns=list(COLUMNS)):
            for row in batch.to_pylist():
                yield Movement(**row | {"monto": cents_of(row["monto"])})


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
