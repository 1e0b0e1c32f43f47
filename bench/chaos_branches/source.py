"""A model of one branch's server: committed rows, open transactions, a clock that may be wrong, and its own drift."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.chaos_branches.calendar import instant
from podemos.contracts.tables import tables
from podemos.core.table import Table
from podemos.core.zones import zone_table

TABLES: dict[str, Table] = {table.name: table for table in tables(("clientes", "prestamos", "pagos"))}
COLUMNS = {name: [column.name for column in table.columns] for name, table in TABLES.items()}
Row = tuple[bytes | None, ...]
"""Values as the driver gives them, in contract order; the cursor is the last column."""
Content = dict[str, dict[int, Row]]
"""Committed rows by table and key."""


@dataclass(frozen=True, slots=True)
class Op:
    """One row written: `put` a whole row, `edit` some columns of an existing one, or `delete` it.

    Attributes:
        stamp: seconds the cursor lies behind the statement's clock (0: NOW); None leaves the cursor as it is.
    """

    kind: str
    table: str
    key: int
    values: Mapping[str, str | None] = field(default_factory=dict, hash=False)
    stamp: float | None = 0.0


@dataclass(slots=True)
class Transaction:
    """An open transaction: what it wrote, when it began by the server's own clock, and a statement still running."""

    begun: float
    writes: list[tuple[Op, str]] = field(default_factory=list)
    running: tuple[float, str] | None = None


@dataclass
class Source:
    """The server. `advance` lets what is due happen."""

    zone: str
    coarse: bool
    actions: list[tuple[float, tuple[Any, ...]]]
    now: float = 0.0
    skew: float = 0.0
    content: Content = field(default_factory=lambda: {name: {} for name in TABLES})
    open: dict[int, Transaction] = field(default_factory=dict)
    backup: Content | None = None
    drift: dict[str, str] = field(default_factory=dict)
    _next: int = 0

    def advance(self, until: float) -> None:
        """Time passes; actions due by `until` happen in order. It never goes back."""
        while self._next < len(self.actions) and self.actions[self._next][0] <= until:
            at, action = self.actions[self._next]
            self._next += 1
            self.now = max(self.now, at)
            self._act(*action)
        self.now = max(self.now, until)

    def tilt(self) -> timedelta:
        """How far the wall clock is from true UTC: it changes when somebody sets the clock, and with the zone."""
        return self.wall(self.utc()) - instant(self.now).replace(tzinfo=None)

    def snapshot(self) -> Content:
        """What a consistent snapshot opened now shows."""
        return {name: dict(rows) for name, rows in self.content.items()}

    def utc(self) -> datetime:
        """What the server believes UTC is."""
        return instant(self.now + self.skew)

    def wall(self, utc: datetime) -> datetime:
        """The session's wall clock at an instant."""
        return zone_table().local(self.zone, utc)

    def text(self) -> str:
        """NOW(6)."""
        return self.wall(self.utc()).strftime("%Y-%m-%d %H:%M:%S.%f")

    def past(self, seconds: int) -> str:
        """FROM_UNIXTIME(UNIX_TIMESTAMP() - seconds)."""
        whole = int(self.utc().timestamp()) - seconds
        return self.wall(datetime.fromtimestamp(whole, UTC)).strftime("%Y-%m-%d %H:%M:%S")

    def clock(self) -> float:
        """The server's clock in seconds: ages are differences of it, so a jump falsifies them as it does in MariaDB."""
        return self.now + self.skew

    def _stamp(self) -> str:
        text = self.text()
        return text[:20] + "000000" if self.coarse else text

    def _act(self, what: str, *args: Any) -> None:
        getattr(self, f"_{what}")(*args)

    def _begin_statement(self, number: int) -> None:
        """A statement that takes its time: its cursor is taken now, InnoDB hears of it later."""
        self.open.setdefault(number, Transaction(self.clock())).running = (self.clock(), self._stamp())

    def _write(self, number: int, op: Op) -> None:
        open_ = self.open.setdefault(number, Transaction(self.clock()))
        stamp = open_.running[1] if open_.running else self._stamp()
        if op.stamp:
            moment = datetime.fromisoformat(stamp) - timedelta(seconds=op.stamp)
            stamp = moment.strftime("%Y-%m-%d %H:%M:%S.%f")
        open_.writes.append((op, stamp))

    def _commit(self, number: int) -> None:
        for op, stamp in self.open.pop(number).writes:
            self._apply(op, stamp)

    def _rollback(self, number: int) -> None:
        self.open.pop(number, None)

    def _apply(self, op: Op, stamp: str) -> None:
        rows = self.content[op.table]
        columns = COLUMNS[op.table]
        old = rows.get(op.key)
        if op.kind == "delete":
            rows.pop(op.key, None)
        elif op.kind == "put":
            values = [_bytes(op.values.get(name)) for name in columns]
            values[0], values[-1] = b"%d" % op.key, stamp.encode()
            rows[op.key] = tuple(values)
        elif old is not None:
            values = list(old)
            for name, value in op.values.items():
                values[columns.index(name)] = _bytes(value)
            if op.stamp is not None:
                values[-1] = stamp.encode()
            rows[op.key] = tuple(values)

    def _jump(self, seconds: float) -> None:
        self.skew += seconds

    def _save(self) -> None:
        self.backup = self.snapshot()

    def _restore(self) -> None:
        if self.backup is not None:
            self.content = {name: dict(rows) for name, rows in self.backup.items()}

    def _alter(self, table: str, kind: str) -> None:
        self.drift[table] = kind

    def _mend(self, table: str) -> None:
        self.drift.pop(table, None)


def _bytes(value: str | None) -> bytes | None:
    return None if value is None else value.encode()
