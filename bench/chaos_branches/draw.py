"""Draws schedules from a seed: the stories of a branch, and what happens to its pulls."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bench.chaos_branches.calendar import ACTIVE, ATTEMPTS, BEGINNING, DAY, QUIET, attempt_at
from bench.chaos_branches.schedule import PROFILES, Fault, Schedule, Unit
from bench.chaos_branches.source import TABLES, Op

ZONES = ("America/Mexico_City", "America/Tijuana", "America/Cancun", "America/Hermosillo", "America/Ciudad_Juarez")
FAULTS = ("cut", "kill_before", "kill_after", "usurp")
_NOTES = (None, "abono", "ñandú ¼", "", "pago 'doble' \\ \"x\"", "línea\nnueva", "🏦")


def generate(seed: int, index: int, nights: tuple[int, ...] = tuple(range(len(ACTIVE)))) -> Schedule:
    """The schedule of a seed and index; `nights` are the active ones that it knows."""
    return _Drawing(random.Random(f"{seed}:{index}"), index, nights).schedule()


def edited_behind_its_first_load(case: Schedule) -> Schedule:
    """The case with a first load of payments that dies between two pages; then an edit behind it and one ahead.

    No other fault strikes; the edits are further back than the next pull looks by itself.
    """
    first, second = case.pulls[:2]
    dies = Unit("first load dies", faults=(Fault(*first, "kill_after", 16 + case.index % 3),))
    at, end = attempt_at(*first) + 300.0, attempt_at(*second) - 10_000.0
    actions: list[Any] = []
    for number, (moment, key) in enumerate(((at, 1), ((at + end) / 2, 8)), 9_000):
        edit = Op("edit", "pagos", key, {"otros_datos": f"corregido {number}"})
        actions += [(moment, ("write", number, edit)), (moment, ("commit", number))]
    calm = [unit for unit in case.units if not unit.faults]
    return replace(case, units=(calm[0], dies, Unit("edit behind", tuple(actions)), *calm[1:]))


def moved_out_of_the_window(case: Schedule, night: int) -> Schedule:
    """The case with a payment that moves, without a trace in its cursor, to a day that no pull looks at for weeks."""
    at = attempt_at(night, 0) - DAY
    move = Op("edit", "pagos", 5, {"fecha_pago": "2026-07-01 12:00:00"}, None)
    moved = Unit("moved far", ((at, ("write", 9_010, move)), (at, ("commit", 9_010))))
    return replace(case, units=(*case.units, moved))


class _Drawing:
    """Draws one schedule."""

    def __init__(self, rng: random.Random, index: int, nights: tuple[int, ...]) -> None:
        self.rng, self.index = rng, index
        self.promised = rng.random() < 0.4
        self.step = rng.choice((0.002, 0.05, 1.5, 40.0))
        self.keys = {"clientes": 3, "prestamos": 3, "pagos": 8}
        self.numbers = 0
        self.pulls = tuple(
            (night, attempt)
            for night in (*nights, *range(len(ACTIVE), len(ACTIVE) + len(QUIET)))
            for attempt in range(len(ATTEMPTS))
            if (attempt == 1 and (night >= len(ACTIVE) or rng.random() < 0.85))
            or (night < len(ACTIVE) and rng.random() < 0.25)
        )

    def schedule(self) -> Schedule:
        rng = self.rng
        zone = rng.choice(ZONES)
        # An autumn hour may fall into any gap; only zones without one keep every promise of clocks.
        jumps = self._jumps() if rng.random() < 0.4 else []
        units = [self._first(), *jumps, *self._outages()]
        units += [self._story() for _ in range(rng.randint(6, 14))]
        units += [self._fault(pull) for pull in self.pulls if pull[0] < len(ACTIVE) and rng.random() < 0.3]
        return Schedule(
            self.index,
            zone,
            rng.choice(PROFILES),
            self.promised,
            rng.random() < 0.25,
            self.step,
            self.pulls,
            tuple(units),
        )

    def _first(self) -> Unit:
        """What the branch had before the first pull."""
        ops = [self._put("clientes", key) for key in range(1, 4)]
        ops += [self._put("prestamos", key) for key in range(1, 4)]
        ops += [self._put("pagos", key, -3.0 * DAY) for key in range(1, 9)]
        return self._transaction("first rows", attempt_at(0, 0) - DAY, ops, 1.0)

    def _story(self) -> Unit:
        stories = [self._payments, self._tie, self._edit, self._family, self._open, self._race, self._race]
        if not self.promised:
            stories += [self._untouched, self._untouched, self._delete, self._older, self._long, self._move,
                        self._restore, self._drift, self._return, self._rollback]  # fmt: skip
        return self.rng.choice(stories)()

    # What the watermark promises to see

    def _payments(self) -> Unit:
        at = self._moment()
        return self._transaction("payments", at, [self._new_payment(at) for _ in range(self.rng.randint(1, 3))], 0.5)

    def _tie(self) -> Unit:
        """Rows of one microsecond, more than a page, committed by two transactions apart."""
        at = self._moment()
        actions: list[Any] = []
        for apart in (0.0, self.rng.choice((0.0, 0.3, 30.0))):
            number = self._number()
            actions += [(at, ("write", number, self._new_payment(at))) for _ in range(self.rng.randint(1, 5))]
            actions.append((at + apart, ("commit", number)))
        return Unit("tie", tuple(actions))

    def _edit(self) -> Unit:
        at = self._moment()
        return self._transaction("edit", at, [Op("edit", "pagos", self._key("pagos"), self._change())], 0.2)

    def _family(self) -> Unit:
        """A client, a loan and a payment: at once, or the payment first."""
        at = self._moment()
        for table in ("clientes", "prestamos"):
            self.keys[table] += 1
        client, loan = self.keys["clientes"], self.keys["prestamos"]
        self.keys["pagos"] += 1
        ops = [
            self._put("clientes", client),
            self._put("prestamos", loan, more={"id_cliente": str(client)}),
            self._put("pagos", self.keys["pagos"], at, {"id_cliente": str(client), "id_prestamo": str(loan)}),
        ]
        if self.rng.random() < 0.5:
            return self._transaction("family", at, ops, 0.5)
        actions: list[Any] = []
        for op in reversed(ops):
            number = self._number()
            actions += [(at, ("write", number, op)), (at, ("commit", number))]
            at = min(at + self.rng.choice((1.0, 0.5 * DAY, 5 * DAY)), self._end())
        return Unit("family, the payment first", tuple(actions))

    def _open(self) -> Unit:
        """A transaction that is open while a pull looks; its first statement may run for a while."""
        begun = self._pull_moment() - self.rng.uniform(0.0, 60.0)
        length = self.rng.uniform(1.0, 180.0)
        number = self._number()
        actions: list[Any] = []
        if self.rng.random() < 0.4:
            actions.append((begun, ("begin_statement", number)))
        for _ in range(self.rng.randint(1, 4)):
            moment = begun + self.rng.uniform(0.0, length)
            actions.append((moment, ("write", number, self._new_payment(moment))))
        return Unit("open", (*actions, (begun + length, ("commit", number))))

    def _race(self) -> Unit:
        """A transaction that began before another one's row and commits between two statements of a pull."""
        pull = self._pull()
        begun, other = pull - self.rng.uniform(2.5, 170.0), pull - self.rng.uniform(0.0, 2.0)
        long, short = self._number(), self._number()
        actions = (
            (begun, ("write", long, self._new_payment(begun))),
            (other, ("write", short, self._new_payment(other))),
            (other, ("commit", short)),
            (pull + self.step * self.rng.uniform(0.5, 8.0), ("commit", long)),
        )
        return Unit("race", actions)

    # What only the fingerprint sees

    def _untouched(self) -> Unit:
        """An edit that leaves the cursor where it was: the same microsecond."""
        table = self.rng.choice(("pagos", "pagos", "clientes", "prestamos"))
        change = self._change() if table == "pagos" else (
            {"nombre": self.rng.choice(("Ana", "José Núñez"))} if table == "clientes" else
            {"monto_credito": self._money()}
        )  # fmt: skip
        return self._transaction("untouched", self._moment(), [Op("edit", table, self._key(table), change, None)], 0.1)

    def _delete(self) -> Unit:
        table = self.rng.choice(("pagos", "pagos", "pagos", "clientes"))
        ops = [Op("delete", table, self._key(table)) for _ in range(self.rng.randint(1, 2))]
        return self._transaction("delete", self._moment(), ops, 0.1)

    def _older(self) -> Unit:
        """The application sets the cursor itself, older than now."""
        at = self._moment()
        op = replace(self._new_payment(at), stamp=self.rng.choice((1.0, 600.0, 3600.0, 3 * DAY)))
        return self._transaction("older cursor", at, [op], 0.1)

    def _long(self) -> Unit:
        """Open longer than any hold-back."""
        at = self._moment()
        until = min(at + self.rng.choice((1_000.0, 4_000.0, DAY, 4 * DAY)), self._end())
        number = self._number()
        return Unit("long", ((at, ("write", number, self._new_payment(at))), (max(at, until), ("commit", number))))

    def _move(self) -> Unit:
        """To another business day, with or without touching the cursor."""
        at = self._moment()
        day = {"fecha_pago": self._wall(at - self.rng.uniform(0.0, 4 * DAY))}
        stamp = self.rng.choice((0.0, None))
        return self._transaction("move", at, [Op("edit", "pagos", self._key("pagos"), day, stamp)], 0.1)

    def _restore(self) -> Unit:
        """From a backup of some time before; an edit that a pull has seen meanwhile is undone."""
        pull, number = self._pull(), self._number()
        edited = pull - self.rng.uniform(10.0, 200.0)
        saved, restored = edited - self.rng.uniform(1.0, 20_000.0), pull + self.rng.uniform(1_000.0, 3 * DAY)
        edit = Op("edit", "pagos", self._key("pagos"), self._change())
        actions = ((saved, ("save",)), (edited, ("write", number, edit)), (edited, ("commit", number)))
        return Unit("restore", (*actions, (min(restored, self._end()), ("restore",))))

    def _drift(self) -> Unit:
        one, other = sorted((self._moment(), self._moment()))
        table, kind = self.rng.choice(tuple(TABLES)), self.rng.choice(("missing", "narrowed", "wider", "gone"))
        return Unit("drift", ((one, ("alter", table, kind)), (other, ("mend", table))))

    def _return(self) -> Unit:
        """Deleted, and there again later."""
        one, other = sorted((self._moment(), self._moment()))
        key, number = self._key("pagos"), self._number()
        back = replace(self._put("pagos", key, one), stamp=self.rng.choice((0.0, DAY)))
        actions = [(one, ("write", number, Op("delete", "pagos", key))), (one, ("commit", number))]
        number = self._number()
        return Unit("return", (*actions, (other, ("write", number, back)), (other, ("commit", number))))

    def _rollback(self) -> Unit:
        at, number = self._moment(), self._number()
        write = (at, ("write", number, self._new_payment(at)))
        return Unit("rollback", (write, (at + self.rng.uniform(0.1, 900.0), ("rollback", number))))

    # Clocks, outages, faults

    def _jumps(self) -> list[Unit]:
        """A clock that is set: by ten minutes, or by a day. Promised: one jump that lasts, away from pulls."""
        jump = self.rng.choice((600.0, -600.0, -DAY, -DAY))
        pull = self._pull()
        at = pull + self.rng.uniform(5_000.0, 20_000.0)
        if self.promised or self.rng.random() < 0.3:
            if any(abs(at - attempt_at(*other)) < 4_000 for other in self.pulls):
                return []
            after = at + self.rng.uniform(1.0, 3_000.0)
            payments = [self._transaction("before the jump", pull - 100.0, [self._new_payment(pull)], 0.1),
                        self._transaction("after the jump", after, [self._new_payment(after)], 0.1)]  # fmt: skip
            return [Unit("jump", ((at, ("jump", jump)),)), *payments]
        back = self._moment()
        return [Unit("jump and back", ((at, ("jump", jump)), (max(at, back), ("jump", -jump))))]

    def _outages(self) -> list[Unit]:
        if self.rng.random() > 0.3:
            return []
        first = self.rng.randrange(1, len(ACTIVE))
        last = self.rng.randrange(first, len(ACTIVE))
        faults = [Fault(night, attempt, "offline") for night, attempt in self.pulls if first <= night <= last]
        return [Unit("outage", faults=tuple(faults))]

    def _fault(self, pull: tuple[int, int]) -> Unit:
        kind = self.rng.choice(FAULTS)
        at = self.rng.randrange(1, 4_000) if kind == "cut" else self.rng.randrange(1, 14)
        return Unit(kind, faults=(Fault(*pull, kind, at),))

    # Small draws

    def _transaction(self, what: str, at: float, ops: list[Op], length: float) -> Unit:
        number = self._number()
        moments = sorted(at + self.rng.uniform(0.0, length) for _ in ops)
        actions = [(moment, ("write", number, op)) for moment, op in zip(moments, ops, strict=True)]
        return Unit(what, (*actions, (at + length, ("commit", number))))

    def _put(self, table: str, key: int, at: float = 0.0, more: dict[str, str] | None = None) -> Op:
        rng = self.rng
        values: dict[str, str | None] = {
            "clientes": {"nombre": f"Clienta {key}", "curp": None, "telefono": f"55{key}", "fecha_alta": "2024-02-29"},
            "prestamos": {"id_cliente": str(min(key, 3)), "monto_credito": self._money(), "plazo_semanas": "24",
                          "tasa_anual": "61.5000", "fecha_desembolso": "2026-09-01", "estado": "VIGENTE"},
            "pagos": {"id_prestamo": str(rng.randint(1, 3)), "id_cliente": str(rng.randint(1, 3)),
                      "monto": self._money(), "fecha_pago": self._wall(at),
                      "status_pago": rng.choice(("PAGADO", "PAGADO", "PENDIENTE")), "otros_datos": rng.choice(_NOTES)},
        }[table]  # type: ignore[assignment]  # fmt: skip
        return Op("put", table, key, {**values, **(more or {})})

    def _new_payment(self, at: float) -> Op:
        self.keys["pagos"] += 1
        return self._put("pagos", self.keys["pagos"], at)

    def _change(self) -> dict[str, str | None]:
        name, value = self.rng.choice(
            (("monto", self._money()), ("otros_datos", "corregido"), ("status_pago", "RECHAZADO"))
        )
        return {name: value}

    def _money(self) -> str:
        return f"{self.rng.randint(1, 9_999_99) / 100:.2f}"

    def _key(self, table: str) -> int:
        return self.rng.randint(1, self.keys[table])

    def _wall(self, at: float) -> str:
        return (BEGINNING + timedelta(seconds=at - 21_600)).strftime("%Y-%m-%d %H:%M:%S")

    def _moment(self) -> float:
        """Anywhere between the first pull and the last active one, or right where a pull looks."""
        if self.rng.random() < 0.5:
            return min(self._pull_moment(), self._end())
        return self.rng.uniform(attempt_at(0, 0) - 3_600, self._end())

    def _pull(self) -> float:
        """When a pull begins."""
        return attempt_at(*self.rng.choice([pull for pull in self.pulls if pull[0] < len(ACTIVE)] or [(0, 1)]))

    def _pull_moment(self) -> float:
        """Between the statements of a pull, or shortly after it."""
        near = self.rng.choice((self.step * 14, self.step * 14, 1.0, 30.0, 300.0))
        return self._pull() + near * self.rng.random()

    def _end(self) -> float:
        return attempt_at(len(ACTIVE) - 1, len(ATTEMPTS) - 1) + 3_600.0

    def _number(self) -> int:
        self.numbers += 1
        return 100 + self.numbers
