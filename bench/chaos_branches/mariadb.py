"""The same suite against a real MariaDB: the SQL, its snapshots, its locks and InnoDB's own view of open transactions.

Every schedule is a schema. Three writer sessions work in it while it is pulled: their statements are put between the
pull's own, at random, so that transactions begin before a snapshot and commit after it. A fourth session writes into
whatever schema is being pulled, without any order at all.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.chaos_branches.connection import lost
from bench.chaos_branches.schedule import Fault, Profile, Schedule, Unit
from bench.chaos_branches.shard import Case, Shard
from bench.chaos_branches.source import COLUMNS, TABLES
from bench.chaos_branches.writers import Crowd, Pen, Step
from local.branches.server import MariaDB
from local.branches.settings import Settings
from local.branches.testing import claimed_ports
from podemos.branches import pipeline
from podemos.contracts.branches import Branch
from podemos.core.clock import system_clock

NIGHTS = tuple(range(5))
_WRITING = 3
_LAG = Profile(3, "lag", 20, narrow_rows=2)
_LOOK = Profile(3, "transactions", narrow_rows=2)
_LOOK_EVERY = 8
"""InnoDB renews its view of transactions only for who asks less than ten times a second."""
_TABLES = (
    "CREATE TABLE {0}.clientes (id_cliente BIGINT PRIMARY KEY, nombre VARCHAR(120) NOT NULL, curp VARCHAR(18), "
    "telefono VARCHAR(20), fecha_alta DATE NOT NULL, updated_at DATETIME(6) NOT NULL DEFAULT NOW(6) ON UPDATE NOW(6), "
    "KEY (updated_at, id_cliente))",
    "CREATE TABLE {0}.prestamos (id_prestamo BIGINT PRIMARY KEY, id_cliente BIGINT NOT NULL, "
    "monto_credito DECIMAL(18,2) NOT NULL, plazo_semanas INT NOT NULL, tasa_anual DECIMAL(9,4) NOT NULL, "
    "fecha_desembolso DATE NOT NULL, estado VARCHAR(20) NOT NULL, "
    "updated_at DATETIME(6) NOT NULL DEFAULT NOW(6) ON UPDATE NOW(6), KEY (updated_at, id_prestamo))",
    "CREATE TABLE {0}.pagos (id_pago BIGINT PRIMARY KEY, id_prestamo BIGINT NOT NULL, id_cliente BIGINT NOT NULL, "
    "monto DECIMAL(18,2) NOT NULL, fecha_pago DATETIME NOT NULL, status_pago VARCHAR(20) NOT NULL, "
    "otros_datos VARCHAR(256), updated_at DATETIME(6) NOT NULL DEFAULT NOW(6) ON UPDATE NOW(6), "
    "KEY (updated_at, id_pago), KEY (fecha_pago))",
)
_FIRST = (
    "INSERT INTO {0}.clientes (id_cliente, nombre, fecha_alta) VALUES (1, 'María Ñandú', '2024-02-29'), (2, 'Ana', "
    "'2024-02-29')",
    "INSERT INTO {0}.prestamos (id_prestamo, id_cliente, monto_credito, plazo_semanas, tasa_anual, fecha_desembolso, "
    "estado) VALUES (1, 1, 8000, 24, 61.5, '2026-09-01', 'VIGENTE')",
)


def schedules(seed: int, count: int) -> list[Schedule]:
    """Cases for a real server: what is written is drawn while it runs, from the same seed."""
    found = []
    for index in range(count):
        rng = random.Random(f"mariadb {seed}:{index}")
        units = []
        for night in range(_WRITING):
            if rng.random() < 0.4:
                kind = rng.choice(("cut", "kill_before", "kill_after"))
                units.append(Unit(kind, faults=(Fault(night, 1, kind, rng.randrange(1, 12)),)))
        profile = _LOOK if index % _LOOK_EVERY == 0 else _LAG
        promised = rng.random() < 0.5
        pulls = sorted({(night, 1) for night in NIGHTS} | {(f.night, 2) for unit in units for f in unit.faults})
        found.append(Schedule(index, "America/Mexico_City", profile, promised, False, 0.0, tuple(pulls), tuple(units)))
    return found


class MariaShard(Shard):
    """Schedules on a real server.

    Args:
        schedules: of `schedules`.
        server: a running server.
        seed: of the writers.
    """

    def __init__(self, schedules: list[Schedule], server: MariaDB, seed: int) -> None:
        super().__init__(schedules)
        self._server, self._seed = server, seed
        self._writers = [self._session("READ COMMITTED") for _ in range(3)]
        self._root = self._session("REPEATABLE READ")
        self._steps: list[Step] = []
        self._crowd = Crowd(self._session("READ COMMITTED"))
        self._drawn: dict[str, Pen] = {}
        for one in schedules:
            self._create(one)

    def clock(self) -> datetime:
        """This machine's."""
        return system_clock()

    def owner(self, night: int, attempt: int) -> str:
        """The same task again: a night is shorter here than the lease of a worker that died."""
        return "corrida"

    def connect(self, branch: Branch) -> Any:
        """A session in the branch's schema, with writers at work before, during and after it."""
        case = self.current = self.cases[branch.id]
        case.connection = None
        pen = self._drawn[branch.id]
        if self._night < _WRITING:
            self._steps = pen.night()
            self._work(pen.rng.randint(0, len(self._steps)))
            self._crowd.enter(f"c{branch.id}")
        return _Watched(self, case, self._server.connect(f"c{branch.id}"), pen.rng)

    def night(self, night: int, shared: dict[str, bytes], guard: Any = None) -> Any:
        """All pulls of a night."""
        self._night = night
        return super().night(night, shared, guard)

    def between(self, rng: random.Random) -> None:
        """Called before each statement of a pull."""
        if self._steps and rng.random() < 0.6:
            self._work(rng.randint(1, 3))

    def leave(self) -> None:
        """A pull has ended: what is still to be written is written and committed."""
        self._crowd.leave()
        self._work(len(self._steps))

    def _work(self, count: int) -> None:
        for number, sql in self._steps[:count]:
            self._writers[number].query(sql)
        self._steps = self._steps[count:]

    def _create(self, schedule: Schedule) -> None:
        name = f"c{schedule.branch}"
        self._root.query(f"CREATE DATABASE {name}")
        for statement in (*_TABLES, *_FIRST):
            self._root.query(statement.format(name))
        self._drawn[schedule.branch] = Pen(random.Random(f"{self._seed} {schedule.index}"), name, schedule.promised)

    def _session(self, isolation: str) -> Any:
        connection = self._server.connect()
        connection.query("SET time_zone = '-06:00'")
        connection.query(f"SET SESSION TRANSACTION ISOLATION LEVEL {isolation}")
        return connection

    def version(self) -> str:
        """The server's."""
        return f"MariaDB {self._root.get_server_info().split('-')[0]}"

    def note_real(self, case: Case, table: str, rows: dict[int, Any]) -> None:
        """What the pull's own snapshot holds, read in its own session."""
        case.printed[table] = rows

    def _after(self, cases: list[Case]) -> None:
        self.leave()

    def report(self) -> dict[str, Any]:
        """At the end: what the schemas hold."""
        for branch, case in self.cases.items():
            self._root.query(f"USE c{branch}")
            case.source.content = {table: read(self._root, table) for table in TABLES}
        self._crowd.end()
        return super().report() | {"peers": {}, "crowd_rows": self._crowd.rows}


def read(connection: Any, table: str) -> dict[int, Any]:
    """All rows of a table as the driver's raw values."""
    connection.converter = {}
    connection.query(f"SELECT {', '.join(COLUMNS[table])} FROM {table}")
    return {int(row[0]): tuple(row) for row in connection.store_result().fetch_row(0)}


class _Watched:
    """The pull's session: others work between its statements, and its snapshot is written down."""

    def __init__(self, shard: MariaShard, case: Case, inner: Any, rng: random.Random) -> None:
        inner.query("SET time_zone = '-06:00'")
        self.__dict__.update(shard=shard, case=case, inner=inner, rng=rng, statements=0, packet=[], apart=False)

    def send_query(self, packet: bytes) -> None:
        """A packet that proves something is run one by one: what its snapshot holds is read before, in the session."""
        statements = packet.split(pipeline.SEPARATOR.encode())
        apart = len(statements) > 1 and b"AS digest FROM" in packet
        self.__dict__.update(apart=apart, packet=statements if apart else [])
        if not apart:
            for statement in statements:
                self._meanwhile(statement)
            self.inner.send_query(packet)

    def read_query_result(self) -> None:
        if self.apart:
            self._run(self.packet.pop(0))
        else:
            self.inner.read_query_result()

    def next_result(self) -> int:
        if self.apart:
            self._run(self.packet.pop(0))
            return 0
        return int(self.inner.next_result())

    def _run(self, statement: bytes) -> None:
        self._meanwhile(statement)
        self.inner.query(statement)

    def _meanwhile(self, statement: bytes) -> None:
        self.shard.between(self.rng)
        self.__dict__["statements"] += 1
        fault = self.case.fault
        if fault is not None and fault.kind == "cut" and self.statements > fault.at:
            raise lost()
        if b"AS digest FROM" in statement:
            table = statement.split(b"AS digest FROM `")[1].split(b"`")[0].decode()
            self.shard.note_real(self.case, table, read(self.inner, table))

    def close(self) -> None:
        self.inner.close()
        self.shard.leave()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.inner, name, value)


@contextmanager
def server(folder: Path) -> Iterator[MariaDB]:
    """A server whose OS zone is none of its sessions' zones."""
    with claimed_ports() as port:
        running = MariaDB(Settings(state=folder, port=port))
        running.start(zone="Asia/Kolkata")
        try:
            with closing(running.connect()) as root:
                root.query("SET GLOBAL time_zone = '+09:00'")
                root.query("SET GLOBAL innodb_file_per_table = OFF")
            yield running
        finally:
            running.stop()
