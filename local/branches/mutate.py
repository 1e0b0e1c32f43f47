"""Life after the first seed: new and late rows, corrections, deletes, parents that arrive. Deterministic, on record.

Step 1 is saved between 01:00 and 01:05 Mexico City of the day after the business date, step 2 in the next five minutes,
and so on: later than everything seeded; the night's own pull starts after step 6.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from contextlib import closing
from dataclasses import asdict, astuple, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from local.branches import truth
from local.branches.catalog import Branch, find
from local.branches.generator import (
    Client,
    Loan,
    Payment,
    amount_paid,
    generator_of,
    local,
    money,
    second,
    stamp,
    wall_time,
)
from local.branches.planted import BEYOND_FLOAT, MISSING_PARENT
from local.branches.seed import DEFAULT_SEED
from local.branches.server import MariaDB
from local.branches.settings import Settings

STEP = timedelta(minutes=5)
INSERT_PAYMENT = "INSERT INTO pagos VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
INSERT_LOAN = "INSERT INTO prestamos VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
INSERT_CLIENT = "INSERT INTO clientes VALUES (%s, %s, %s, %s, %s, %s)"
EDIT = "UPDATE pagos SET monto = monto + %s, updated_at = %s WHERE id_pago = %s"
SILENT_EDIT = "UPDATE pagos SET monto = monto + %s WHERE id_pago = %s"
DELETE = "DELETE FROM pagos WHERE id_pago = %s"
# Never an orphan (its story is told elsewhere) and never the highest id, which would then be given out twice.
CHANGEABLE = """
SELECT id_pago FROM pagos
 WHERE id_prestamo < %s AND id_cliente < %s
   AND id_pago < (SELECT MAX(id_pago) FROM pagos WHERE id_pago < %s)
 ORDER BY id_pago
"""


@dataclass(frozen=True)
class Activity:
    """How much happens in each branch in one step.

    `late` rows were paid days ago and are saved now. `edits` move `updated_at`; `silent_edits` do not. `backdated` rows
    appear now with an `updated_at` of hours ago, as a transaction that commits late does. No watermark sees silent
    edits, backdated rows and deletes: only a comparison does.
    """

    new: int = 5
    late: int = 2
    edits: int = 2
    silent_edits: int = 1
    backdated: int = 1
    deletes: int = 1
    parents: bool = True


@dataclass(frozen=True)
class Change:
    """One thing that happened. `cents` is how the branch's total of the table moved (0 for parents)."""

    branch: str
    kind: str
    table: str
    key: int
    cents: int


def advance(
    settings: Settings,
    business_date: date,
    step: int = 1,
    activity: Activity = Activity(),
    *,
    branches: Iterable[str | int] | None = None,
    seed: int = DEFAULT_SEED,
) -> list[Change]:
    """Let one step of activity happen in each branch, one transaction per branch.

    Args:
        settings: of a running and seeded platform.
        business_date: the day that new rows are paid on.
        step: which five minutes; the same step on the same data does the same.
        activity: how much of what.
        branches: only these; None is all.
        seed: another number gives other activity.

    Returns:
        What happened, also appended to the record that `truth.changes` reads.
    """
    known = settings.all_branches()
    chosen = known if branches is None else [find(known, which) for which in branches]
    planted = truth.planted(settings)
    made: list[Change] = []
    with closing(MariaDB(settings).connect()) as root:
        for branch in chosen:
            rng = generator_of(seed, "advance", business_date, step, branch.number)
            happening = _Happening(root.cursor(), branch, rng, business_date, step)
            root.cursor().execute(f"USE {branch.schema}")
            root.begin()
            made += happening.payments(activity)
            if activity.parents:
                made += happening.parents(planted.get(branch.id, []))
            root.commit()
    truth.record_changes(settings, [asdict(change) for change in made])
    return made


class _Happening:
    """One step in one branch; the connection is in the branch's schema."""

    def __init__(self, cursor: Any, branch: Branch, rng: random.Random, business_date: date, step: int) -> None:
        self.cursor = cursor
        self.branch = branch
        self.rng = rng
        self.day = business_date
        self.end = wall_time(branch, business_date, "01:00") + STEP * step

    def payments(self, activity: Activity) -> list[Change]:
        """Changes of `pagos`."""
        self.cursor.execute(CHANGEABLE, (MISSING_PARENT, MISSING_PARENT, BEYOND_FLOAT))
        changeable = [key for (key,) in self.cursor.fetchall()]
        chosen = self.rng.sample(changeable, activity.edits + activity.silent_edits + activity.deletes)
        edited, rest = chosen[: activity.edits], chosen[activity.edits :]
        silent, deleted = rest[: activity.silent_edits], rest[activity.silent_edits :]
        return [
            *(self._insert("new", self._paid(0), self._now()) for _ in range(activity.new)),
            *(self._insert("late", self._paid(3 + self._below(7)), self._now()) for _ in range(activity.late)),
            *(self._insert("backdated", self._paid(0), self._hours_ago()) for _ in range(activity.backdated)),
            *(self._edit("edit", key) for key in edited),
            *(self._edit("silent_edit", key) for key in silent),
            *(self._delete(key) for key in deleted),
        ]

    def parents(self, planted: list[dict[str, Any]]) -> list[Change]:
        """Bring the missing loans and clients of the planted orphans that are to arrive, once."""
        made = []
        for defect in planted:
            if defect["kind"] != "orphan" or not defect["detail"]["arrives"]:
                continue
            self.cursor.execute("SELECT id_prestamo, id_cliente FROM pagos WHERE id_pago = %s", (defect["key"],))
            id_prestamo, id_cliente = self.cursor.fetchone()
            day = (self.day - timedelta(days=1)).isoformat()
            for table, key in sorted(defect["detail"]["missing"].items()):
                column = "id_cliente" if table == "clientes" else "id_prestamo"
                self.cursor.execute(f"SELECT COUNT(*) FROM {table} WHERE {column} = %s", (key,))
                if self.cursor.fetchone() != (0,):
                    continue
                if table == "clientes":
                    client = Client(id_cliente, "Llegó Después Ñandú", None, None, day, stamp(self._now()))
                    self.cursor.execute(INSERT_CLIENT, astuple(client))
                else:
                    saved = stamp(self._now())
                    loan = Loan(id_prestamo, id_cliente, "5000.00", 16, "72.5000", day, "VIGENTE", saved, 38_222)
                    self.cursor.execute(INSERT_LOAN, astuple(loan)[:-1])
                made.append(Change(self.branch.id, "parent_arrives", table, key, 0))
        return made

    def _insert(self, kind: str, paid: datetime, saved: datetime) -> Change:
        self.cursor.execute("SELECT MAX(id_pago) FROM pagos WHERE id_pago < %s", (BEYOND_FLOAT,))
        key = self.cursor.fetchone()[0] + 1
        self.cursor.execute("SELECT COUNT(*) FROM prestamos WHERE id_prestamo < %s", (MISSING_PARENT,))
        number = 1 + self._below(self.cursor.fetchone()[0])
        self.cursor.execute("SELECT id_cliente FROM prestamos WHERE id_prestamo = %s", (number,))
        client = self.cursor.fetchone()[0]
        cents = amount_paid(self.rng.random, 20_000 + self._below(80_000))
        row = Payment(key, number, client, cents, second(paid), "PAGADO", None, stamp(saved))
        self.cursor.execute(INSERT_PAYMENT, (key, number, client, money(cents), *astuple(row)[4:]))
        return Change(self.branch.id, kind, "pagos", key, cents)

    def _edit(self, kind: str, key: int) -> Change:
        cents = 1 + self._below(5_000)
        if kind == "edit":
            self.cursor.execute(EDIT, (money(cents), stamp(self._now()), key))
        else:
            self.cursor.execute(SILENT_EDIT, (money(cents), key))
        return Change(self.branch.id, kind, "pagos", key, cents)

    def _delete(self, key: int) -> Change:
        self.cursor.execute("SELECT monto FROM pagos WHERE id_pago = %s", (key,))
        cents = truth.cents(self.cursor.fetchone()[0])
        self.cursor.execute(DELETE, (key,))
        return Change(self.branch.id, "delete", "pagos", key, -cents)

    def _paid(self, days_ago: int) -> datetime:
        return local(self.day - timedelta(days=days_ago), "08:00:00") + timedelta(seconds=self._below(43_200))

    def _now(self) -> datetime:
        return self.end - timedelta(microseconds=1 + self._below(int(STEP.total_seconds()) * 1_000_000))

    def _hours_ago(self) -> datetime:
        return self.end - timedelta(hours=3) - timedelta(seconds=self._below(7_200))

    def _below(self, limit: int) -> int:
        return int(self.rng.random() * limit)
