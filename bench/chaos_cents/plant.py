"""Plants a case's defect, each in its place between two stages, and keeps what the judge is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bench.chaos_cents import files
from bench.chaos_cents.draw import CLEAN, OWN, Case
from bench.chaos_cents.rows import Defect, Line, Sides, choose, shown, sides
from bench.report.content import CLIENTS, CURATED_KEY, DAY, LAKE, SYSTEMS, Night, Payment, curated, redelivered
from bench.report.redshift import Redshift
from local.sources.generate import ships_row_hashes
from podemos.core.manifest import read
from podemos.core.money import cents_of
from podemos.core.store import MemoryStore
from podemos.regulatory import canonical, second
from podemos.regulatory.keys import inbox
from podemos.regulatory.movement import Movement, MovementFile

Words = tuple[str, ...]


@dataclass
class Planted:
    """What the judge knows: each of `units` must be named by one line of the evidence that holds all its words."""

    case: Case
    kind: str = ""
    where: str = ""
    units: list[Words] = field(default_factory=list)
    sides: Sides | None = None


class Plant:
    """One case's hands on a night.

    Args:
        case: what to plant.
        night: the content as it is without a defect.
    """

    def __init__(self, case: Case, night: Night) -> None:
        self.case, self._night, self._dice = case, night, case.dice()
        self.planted = Planted(case)
        self._defect: Defect | None = None
        if case.place in ("source", OWN):
            self._choose([*self._of_systems(), *self._of_lake()], [*SYSTEMS])
        elif case.place == "historicos":
            self._choose(self._of_lake(), [*SYSTEMS])
        elif case.place not in (CLEAN, "control"):
            self._choose([*self._of_systems(), *self._of_lake()], [*SYSTEMS, LAKE])

    def _of_systems(self) -> Iterator[Line]:
        for source_id, delivery in self._night.deliveries.items():
            for file in delivery.files:
                yield from (Line(source_id, m.id_movimiento, m.cents, m) for m in file.movements)

    def _of_lake(self) -> Iterator[Line]:
        yield from (Line(LAKE, p.name, p.cents, p) for p in self._night.payments if p.counts)

    def _choose(self, lines: Any, targets: Sequence[Any]) -> None:
        known = list(lines)
        chosen = self._dice.choice(sorted({line.system for line in known}))
        of_system = [line for line in known if line.system == chosen]
        defect = choose(self.case.kind, of_system, self._dice, targets)
        defect = defect or choose("cent", of_system, self._dice, targets)
        assert defect is not None  # noqa: S101 - every system has rows
        if defect.kind == "system" and chosen == LAKE and self.case.place in ("source", OWN, "historicos"):
            branch = defect.rows[0].row.branch
            defect = replace(defect, target=self._dice.choice([b for b in CLIENTS if b != branch]))
        self._defect, self.planted.kind = defect, defect.kind
        self.planted.where = ", ".join(f"{line.system} {line.id}" for line in defect.rows)
        self.planted.sides = sides(defect, known)
        self.planted.units = [shown(line) for line in defect.rows]

    @property
    def defect(self) -> Defect:
        """The drawn defect."""
        assert self._defect is not None  # noqa: S101 - asked for in places that have one
        return self._defect

    def delivered(self, lake: MemoryStore) -> None:
        """After every control file was written, and before the seal."""
        if self.case.place == "control":
            self._control(lake)
        if self.case.place != "source":
            return
        if self.defect.rows[0].system == LAKE:
            lake.replace(CURATED_KEY, curated(self._payments()))
            return
        self.planted.units = []
        for source_id, changed in self._changed().items():
            delivery, system = self._night.deliveries[source_id], SYSTEMS[source_id]
            edited = redelivered(delivery, system, changed, control=False)
            hashed = ships_row_hashes(self._night.content, system)
            for file, before in zip(edited.files, delivery.files, strict=True):
                if file.name in changed:
                    lake.replace(edited.prefix + file.name, file.data)
                    expected, found = (_pesos(sum(m.cents for m in f.movements)) for f in (before, file))
                    self.planted.units.append(
                        (source_id, file.name, f"expected {len(before.movements)} rows", expected, found)
                    )
            if hashed:
                self.planted.units += [(source_id, line.id) for line in self.defect.rows]

    def own_truth(self) -> Night:
        """The night whose sources made the defect themselves: control files and row hashes speak of it."""
        if self.case.place != OWN:
            return self._night
        if self.defect.rows[0].system == LAKE:
            return Night(self._night.content, self._night.deliveries, self._payments())
        deliveries = dict(self._night.deliveries)
        for source_id, changed in self._changed().items():
            deliveries[source_id] = redelivered(deliveries[source_id], SYSTEMS[source_id], changed, control=True)
        return Night(self._night.content, deliveries, self._night.payments)

    def _changed(self) -> dict[str, dict[str, list[Any]]]:
        """Movements by system and file name, where the defect touches them."""
        source_id, ids = self.defect.rows[0].system, {line.id for line in self.defect.rows}
        found = {
            source_id: {
                file.name: files.in_source(file.movements, source_id, self.defect)
                for file in self._night.deliveries[source_id].files
                if ids & {m.id_movimiento for m in file.movements}
            }
        }
        if self.defect.kind == "system":
            target = self._night.deliveries[self.defect.target].files[-1]
            found[self.defect.target] = {target.name: [*target.movements, self._moved()]}
        return found

    def _moved(self) -> Any:
        """The row as the other system writes it, in an encoding of fewer letters perhaps."""
        row, encoding = self.defect.rows[0].row, SYSTEMS[self.defect.target].encoding
        return replace(row, concepto=row.concepto and row.concepto.encode(encoding, "replace").decode(encoding))

    def _payments(self) -> list[Payment]:
        ids, found = {line.id: line for line in self.defect.rows}, []
        for payment in self._night.payments:
            line = ids.get(payment.name)
            if line is None:
                found.append(payment)
            elif self.defect.kind == "doubled":
                found += [payment, payment]
            elif self.defect.kind == "day":
                found.append(replace(payment, day=DAY + timedelta(days=1)))
            elif self.defect.kind == "system":
                found.append(replace(payment, branch=self.defect.target))
            elif self.defect.kind != "missing":
                other = next((o.cents for o in self.defect.rows if o is not line), line.cents + self.defect.more)
                found.append(replace(payment, cents=other))
        return found

    def _control(self, lake: MemoryStore) -> None:
        """A control file that says a cent or a row more or less of one of its files."""
        source_id = self._dice.choice(list(SYSTEMS))
        key = f"{inbox(source_id, DAY)}control.json"
        document = json.loads(lake.get(key))
        file = self._dice.choice(document["files"])
        name, more = {"cent": ("cents", 1), "missing": ("rows", -1), "doubled": ("rows", 1)}[self.case.kind]
        file[name] += more
        document[name] += more
        lake.replace(key, json.dumps(document).encode())
        self.planted.kind, self.planted.where = self.case.kind, f"{source_id} {file['name']}"
        self.planted.units = [(source_id, file["name"], f"expected {file['rows']} rows", _pesos(file["cents"]))]

    @contextmanager
    def reading(self) -> Iterator[None]:
        """While an engine reads that has the fault itself."""
        if self.case.place == "reader":
            defect = self.defect

            class Faulty(MovementFile):
                def add(self, movement: Movement) -> None:
                    for one in files.in_movement(movement, defect):
                        super().add(one)

                def extend(self, movements: Any) -> None:
                    for row in movements.to_pylist():
                        self.add(Movement(**row | {"monto": cents_of(row["monto"])}))

            with patch.object(canonical, "MovementFile", Faulty):
                yield
        elif self.case.place == "second":
            exact = second.read_sealed

            def faulty(seal: Any, path: Path, **more: Any) -> dict[str, str]:
                unreadable = exact(seal, path, **more)
                path.write_bytes(files.in_parquet(path.read_bytes(), self.defect))
                return unreadable

            with patch.object(second, "read_sealed", faulty):
                yield
        else:
            yield

    def after(self, stage: str, key: str, lake: MemoryStore, reports: MemoryStore, warehouse: Redshift) -> None:
        """What the hand does when a stage has ended with that key."""
        place, source_id = self.case.place, self._defect.rows[0].system if self._defect else ""
        if (stage, place) in (("normalise", "normalised"), ("load", "normalised_late")):
            files.normalised(lake, key, source_id, self.defect)
        elif (stage, place) == ("second", "second_file"):
            _replace(lake, read(lake, key)[0]["data"]["key"], lambda data: files.in_parquet(data, self.defect))
        elif (stage, place) in (("load", "movimientos"), ("decide", "movimientos_late")):
            self._in_table(warehouse, "core.movimientos")
        elif (stage, place) == ("load", "historicos"):
            self._in_table(warehouse, "core.pagos_historicos")
        elif (stage, place) == ("build", "staged"):
            listed = {file["name"]: file["key"] for file in read(lake, key)[0]["files"]}
            _replace(lake, listed["movimientos.csv"], lambda data: files.in_csv(data, self.defect))
        elif (stage, place) == ("publish", "published"):
            csv = key.replace("manifest.json", "movimientos.csv")
            _replace(reports, csv, lambda data: files.in_csv(data, self.defect))

    def _in_table(self, warehouse: Redshift, table: str) -> None:
        """The defect as SQL of a hand in the warehouse."""
        defect, ours = self.defect, table == "core.movimientos"
        day = f"fecha_contable = DATE '{DAY}'"
        where = [f"{day} AND {_where(line, ours)}" for line in defect.rows]
        if defect.kind == "swap":
            amounts = [line.cents for line in reversed(defect.rows)]
        else:
            amounts = [defect.rows[0].cents + defect.more]
        column = "id_sistema" if ours else "id_sucursal"
        target = f"'{defect.target}'" if ours else defect.target
        statements = {
            "missing": [f"DELETE FROM {table} WHERE {where[0]}"],
            "doubled": [f"INSERT INTO {table} SELECT * FROM {table} WHERE {where[0]}"],
            "day": [
                f"UPDATE {table} SET fecha_contable = DATE '{date.fromordinal(DAY.toordinal() + 1)}' WHERE {where[0]}"
            ],
            "system": [f"UPDATE {table} SET {column} = {target} WHERE {where[0]}"],
        }.get(defect.kind) or [
            f"UPDATE {table} SET monto = {cents // 100}.{cents % 100:02d} WHERE {one}"
            for one, cents in zip(where, amounts, strict=True)
        ]
        for sql in statements:
            if warehouse.run(sql).affected != 1:
                raise RuntimeError(f"nothing was planted by: {sql}")


def _where(line: Line, movements: bool) -> str:
    if movements:
        return f"id_sistema = '{line.system}' AND id_movimiento = '{line.id}'"
    return f"id_sucursal = {line.row.branch} AND id_pago = {line.row.id}"


def _replace(store: MemoryStore, key: str, change: Callable[[bytes], bytes]) -> None:
    before = store.get(key)
    after = change(before)
    if after == before:
        raise RuntimeError(f"nothing was planted in {key}")
    store.replace(key, after)


def _pesos(cents: int) -> str:
    return f"{cents // 100:,}.{cents % 100:02d}"
