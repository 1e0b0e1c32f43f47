"""Who writes into a schema while it is pulled: three sessions by a drawn order, and a crowd without any."""

from __future__ import annotations

import random
import threading
import time
from typing import Any

_PAY = "({0}, 1, 1, {1}, NOW() - INTERVAL {2} HOUR, 'PAGADO')"
_INSERT = "INSERT INTO {0}.pagos (id_pago, id_prestamo, id_cliente, monto, fecha_pago, status_pago) VALUES "
Step = tuple[int, str]
"""A writer's number and a statement."""


class Pen:
    """Draws what three writers do in one schema. Keys belong to one writer each, so nobody waits for a lock."""

    def __init__(self, rng: random.Random, schema: str, promised: bool) -> None:
        self.rng, self.schema, self.promised = rng, schema, promised
        self.key = 0

    def night(self) -> list[Step]:
        """Statements of all writers, shuffled together."""
        queues = [self._writer(number) for number in range(3)]
        steps: list[Step] = []
        while any(queues):
            number = self.rng.choice([at for at, queue in enumerate(queues) if queue])
            steps.append((number, queues[number].pop(0)))
        return steps

    def _writer(self, number: int) -> list[str]:
        return ["START TRANSACTION", *(self._write(number) for _ in range(self.rng.randint(1, 4))),
                "ROLLBACK" if self.rng.random() < 0.1 else "COMMIT"]  # fmt: skip

    def _write(self, number: int) -> str:
        rng, old = self.rng, self._mine(number)
        kind = rng.choice(("insert", "insert", "edit") if self.promised else ("insert", "edit", "untouched", "delete",
                                                                              "older", "move"))  # fmt: skip
        if kind == "insert" or old is None:
            rows = [_PAY.format(self._new(number), rng.randint(1, 99999), rng.randint(0, 60))
                    for _ in range(rng.randint(1, 4))]  # fmt: skip
            return _INSERT.format(self.schema) + ", ".join(rows)
        table, where = f"{self.schema}.pagos", f"WHERE id_pago = {old}"
        return {
            "edit": f"UPDATE {table} SET monto = {rng.randint(1, 99999)} {where}",
            "untouched": f"UPDATE {table} SET monto = {rng.randint(1, 99999)}, updated_at = updated_at {where}",
            "delete": f"DELETE FROM {table} {where}",
            "older": f"UPDATE {table} SET otros_datos = 'viejo', updated_at = NOW(6) - INTERVAL 2 DAY {where}",
            "move": f"UPDATE {table} SET fecha_pago = fecha_pago - INTERVAL 1 DAY, updated_at = updated_at {where}",
        }[kind]

    def _new(self, number: int) -> int:
        self.key += 1
        return self.key * 3 + number

    def _mine(self, number: int) -> int | None:
        return self.rng.randint(1, self.key) * 3 + number if self.key else None


class Crowd:
    """A thread that pays and edits in the schema at work, whenever it likes."""

    def __init__(self, connection: Any) -> None:
        self._connection, self._schema, self._over = connection, "", False
        self._quiet, self.rows = threading.Lock(), 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def enter(self, schema: str) -> None:
        """Writes there from now on."""
        self._schema = schema

    def leave(self) -> None:
        """Writes no more, and has committed, when this returns."""
        self._schema = ""
        with self._quiet:
            return

    def end(self) -> None:
        """Ends the thread."""
        self._over = True
        self._thread.join(5)

    def _run(self) -> None:
        rng = random.Random(7)
        while not self._over:
            with self._quiet:
                if schema := self._schema:
                    self._write(schema, rng)
            time.sleep(0.004)

    def _write(self, schema: str, rng: random.Random) -> None:
        self.rows += 1
        run = self._connection.query
        run("START TRANSACTION")
        run(_INSERT.format(schema) + _PAY.format(1_000_000 + self.rows, rng.randint(1, 99999), rng.randint(0, 30)))
        if rng.random() < 0.5:
            time.sleep(rng.random() * 0.004)
        run(f"UPDATE {schema}.pagos SET monto = monto + 1 WHERE id_pago = {1_000_000 + max(1, self.rows - 1)}")
        run("COMMIT")
