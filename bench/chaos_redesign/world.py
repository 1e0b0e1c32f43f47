"""The table of a case, everything that hangs on it, and those who write, read and grant while it is redesigned.

The model is what was committed, kept beside the warehouse: it knows nothing of the redesign.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from bench.chaos_redesign.server import Server
from bench.chaos_redesign.simulation import Simulation
from local.aws.redshift.errors import RedshiftError
from local.aws.redshift.session import Result

TABLE = "core.pagos_historicos"
STRANGER = "analista"
_COLUMNS = ("id_sucursal", "id_pago", "id_cliente", "monto", "fecha_pago", "status_pago", "otros_datos")
_CREATE = f"""CREATE TABLE {TABLE} (id_sucursal BIGINT NOT NULL, id_pago BIGINT NOT NULL, id_cliente BIGINT NOT NULL,
    monto DECIMAL(18, 2) NOT NULL, fecha_pago DATE, status_pago VARCHAR(20) NOT NULL,
    otros_datos VARCHAR(60) ENCODE lzo, PRIMARY KEY (id_sucursal, id_pago)) DISTSTYLE EVEN SORTKEY (id_pago)"""
Row = tuple[int, int, str | None, str, str | None]
"""Client, cents, date, status, text."""


def seed_statements() -> list[str]:
    """Schemas, table, comments, grants, policies, views."""
    comments = [f"COMMENT ON COLUMN {TABLE}.{name} IS 'Columna {name}'" for name in _COLUMNS]
    return [
        "CREATE SCHEMA core",
        "CREATE SCHEMA ops",
        "CREATE TABLE ops.writer_pagos (candado BIGINT NOT NULL) DISTSTYLE ALL SORTKEY (candado)",
        _CREATE,
        f"COMMENT ON TABLE {TABLE} IS 'Pagos; la historia'",
        *comments,
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {TABLE} TO {STRANGER}",
        f"GRANT SELECT ON {TABLE} TO GROUP gerentes",
        f"GRANT SELECT (monto, fecha_pago) ON {TABLE} TO ROLE auditoria",
        f"ALTER TABLE {TABLE} OWNER TO cobranza",
        f"ATTACH MASKING POLICY oculta ON {TABLE} (otros_datos) TO PUBLIC PRIORITY 10",
        f"CREATE VIEW core.v AS SELECT monto, otros_datos FROM {TABLE}",
        f"CREATE VIEW core.v_tarde AS SELECT monto, otros_datos FROM {TABLE} WITH NO SCHEMA BINDING",
        "GRANT SELECT ON core.v TO GROUP gerentes",
        "COMMENT ON VIEW core.v IS 'Vista'",
    ]


@dataclass
class World:
    """What the judge compares with.

    Attributes:
        rows: by key, as committed.
        granted: grants that somebody gave on the way: (privilege, identity).
        stale: what a reader saw that was not so.
        longest: the longest wait of a reader's statement.
    """

    dice: random.Random
    simulation: Simulation
    server: Server
    rows: dict[tuple[int, int], Row] = field(default_factory=dict)
    granted: list[str] = field(default_factory=list)
    comment: str = "Pagos; la historia"
    stale: list[str] = field(default_factory=list)
    longest: float = 0.0
    writes: int = 0
    refused: int = 0
    _next: int = 1000

    def insert_text(self) -> tuple[str, Callable[[], None]]:
        """An INSERT of some rows, and what it does to the model."""
        new = {}
        for _ in range(self.dice.randint(1, 3)):
            self._next += 1
            new[(self.dice.randint(1, 3), self._next)] = self._row()
        values = ", ".join(f"({s}, {p}, {_values(row)})" for (s, p), row in new.items())
        return f"INSERT INTO {TABLE} VALUES {values}", lambda: self.rows.update(new)

    def change_text(self) -> tuple[str, Callable[[], None]]:
        """An UPDATE or DELETE of a row, sometimes of its text alone, sometimes to another month."""
        key = self.dice.choice(sorted(self.rows))
        where = f"WHERE id_sucursal = {key[0]} AND id_pago = {key[1]}"
        kind = self.dice.choice(("text", "month", "cents", "delete"))
        if kind == "delete":
            return f"DELETE FROM {TABLE} {where}", lambda: _drop(self.rows, key)
        column, value = {
            "text": ("otros_datos", f"nota {self.dice.randint(1, 10**6)}"),
            "month": ("fecha_pago", self._date()),
            "cents": ("monto", self.dice.randint(1, 10**6)),
        }[kind]
        at = {"text": 4, "month": 2, "cents": 1}[kind]
        shown = f"{value // 100}.{value % 100:02}" if kind == "cents" else "NULL" if value is None else f"'{value}'"

        def apply() -> None:
            if key in self.rows:
                self.rows[key] = (*self.rows[key][:at], value, *self.rows[key][at + 1 :])  # type: ignore[assignment]

        return f"UPDATE {TABLE} SET {column} = {shown} {where}", apply

    def write(self, statements: list[tuple[str, Callable[[], None]]], mutex: bool) -> None:
        """One writer's transaction; refused, it is as if it had not been."""
        texts = [text for text, _ in statements]
        lock = ["LOCK ops.writer_pagos"] if mutex else []

        def committed(results: list[Result]) -> None:
            for (_, apply), result in zip(statements, results[len(lock) :], strict=True):
                if result.affected > 0:
                    apply()
            self.writes += 1

        try:
            self.server.transaction([*lock, *texts], committed=committed)
        except RedshiftError:
            self.refused += 1

    def stranger(self, gap: float, most: int) -> None:
        """Writes single statements without a mutex, and at once when a swap is under way."""
        for number in range(most):
            self._wait(gap if number < most / 2 else None)
            text = self.insert_text() if self.dice.random() < 0.4 or not self.rows else self.change_text()
            self.write([text], mutex=False)

    def loader(self, gap: float, most: int) -> None:
        """Our load: its mutex first, then several statements in one transaction."""
        for number in range(most):
            self._wait(gap if number < most / 2 else None)
            changes = [self.change_text() for _ in range(2)] if len(self.rows) > 4 else []
            self.write([self.insert_text(), *changes[: self.dice.randint(0, 2)]], mutex=True)

    def reader(self, gap: float, most: int) -> None:
        """Reads by name and by both views; what it sees must be what was committed when it began."""
        for number in range(most):
            self._wait(gap if number < most / 2 else None)
            source = self.dice.choice((TABLE, "core.v", "core.v_tarde"))
            text = f"SELECT COUNT(*) AS n, SUM(monto) AS m, SUM(LEN(otros_datos)) AS t FROM {source}"
            expected: list[tuple[int, int, int]] = []

            def look(seen: list[tuple[int, int, int]] = expected) -> None:
                seen.append(self._sums())

            actor = self.simulation.current
            assert actor is not None  # noqa: S101 - an actor is running
            try:
                (found,) = self.server.transaction([text], before=look)
            except RedshiftError as error:
                self.stale.append(f"{source} could not be read: {error}")
                continue
            finally:
                self.longest = max(self.longest, actor.waited)
            seen = (int(found.rows[0][0]), int((found.rows[0][1] or 0) * 100), int(found.rows[0][2] or 0))
            if seen != expected[0]:
                self.stale.append(
                    f"at {self.simulation.now:.1f} s {source} showed {seen} where {expected[0]} was committed"
                )

    def dba(self, gap: float) -> None:
        """Grants something and changes the comment on the way."""
        self.simulation.pause(self.dice.uniform(0, gap))
        who = f"nueva_{self.dice.randint(1, 9)}"

        def granted(_: list[Result]) -> None:
            self.granted.append(who)
            self.comment = f"Pagos de {who}"

        try:
            self.server.transaction(
                [f"GRANT SELECT ON {TABLE} TO {who}", f"COMMENT ON TABLE {TABLE} IS 'Pagos de {who}'"],
                committed=granted,
            )
        except RedshiftError:
            self.refused += 1

    def fill(self, rows: int) -> str:
        """The first rows."""
        for number in range(1, rows + 1):
            self.rows[(number % 3 + 1, number)] = self._row()
        return f"INSERT INTO {TABLE} VALUES " + ", ".join(
            f"({s}, {p}, {_values(r)})" for (s, p), r in self.rows.items()
        )

    def _wait(self, gap: float | None) -> None:
        """For a while, or until a swap begins; without a gap for a swap alone."""
        until = None if gap is None else self.simulation.now + self.dice.expovariate(1 / gap)
        calm = self.server.swapping
        self.simulation.wait(lambda: self.server.swapping > calm, until)
        self.simulation.pause(self.dice.choice((0.0, 0.05, 0.3, 1.0)))

    def _row(self) -> Row:
        text = None if self.dice.random() < 0.3 else f"nota {self.dice.randint(1, 99)} ñ"
        return self.dice.randint(1, 9), self.dice.randint(1, 10**6), self._date(), "PAGADO", text

    def _date(self) -> str | None:
        if self.dice.random() < 0.05:
            return None
        return f"2026-{self.dice.randint(8, 10):02}-{self.dice.choice((1, 15, 28)):02}"

    def _sums(self) -> tuple[int, int, int]:
        rows = self.rows.values()
        return len(self.rows), sum(row[1] for row in rows), sum(len(row[4] or "") for row in rows)


def _values(row: Row) -> str:
    client, cents, day, status, text = row
    quoted = ("NULL" if value is None else f"'{value}'" for value in (day, status, text))
    return f"{client}, {cents // 100}.{cents % 100:02}, {', '.join(quoted)}"


def _drop(rows: dict[tuple[int, int], Row], key: tuple[int, int]) -> None:
    rows.pop(key, None)
