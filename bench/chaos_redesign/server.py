"""The local Redshift's statements on the simulated clock, behind the operations of the Data API that the port calls.

A submission is an actor of its own: a client that is killed does not stop what it has sent. Locks are those of the
local Redshift, first come first served; waiting is simulated. A writer is bound to the table it has found, not to its
name, and its privileges are looked at when it has the lock: the unfriendliest reading of Redshift's documentation.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.chaos_redesign.simulation import Simulation
from local.aws.redshift.data_api import _column, _field
from local.aws.redshift.errors import RedshiftError
from local.aws.redshift.locks import LockTable, Mode, _Queue, _Request
from local.aws.redshift.parameters import check
from local.aws.redshift.session import Control, Result, Session
from local.aws.redshift.warehouse import Warehouse

Cost = Callable[[str], float]
"""Simulated seconds of a statement."""
_TIMEOUT = "ERROR: canceling statement due to statement timeout"


class Locks(LockTable):
    """The local Redshift's queues; a waiter gives up its turn instead of a real second.

    Args:
        simulation: the clock.
        allowed: whether the running actor may write a table, by the table's id.
        table_id: of a name, as it is now.
        exclusive: False takes the protection away: LOCK and DDL do not wait for anybody.
    """

    def __init__(
        self,
        simulation: Simulation,
        allowed: Callable[[str, int], bool],
        table_id: Callable[[str], int],
        *,
        exclusive: bool = True,
    ) -> None:
        super().__init__()
        self._simulation, self._allowed, self._id, self._exclusive = simulation, allowed, table_id, exclusive

    def acquire(
        self, owner: object, table: str, mode: Mode, *, deadline: float | None, cancelled: Callable[[], bool]
    ) -> float:
        """As `LockTable.acquire`, on the simulated clock; the actor's own deadline counts."""
        actor = self._simulation.current
        assert actor is not None  # noqa: S101 - an actor is running
        if not self._exclusive and mode is Mode.EXCLUSIVE:
            return 0.0
        queue = self._queues.setdefault(table, _Queue())
        if queue.held.get(owner, 0) >= mode:
            return 0.0
        bound = self._id(table) if mode is Mode.WRITE and actor.user else 0
        request, began = _Request(owner, mode), self._simulation.now
        queue.waiting.append(request)
        try:
            while queue.blockers(request):
                if self._in_cycle(owner):
                    raise RedshiftError(f"ERROR: deadlock detected while waiting for a lock on {table}")
                if not self._simulation.wait(lambda: not queue.blockers(request), actor.deadline):
                    raise RedshiftError(f"{_TIMEOUT} (waiting to lock {table})")
            queue.held[owner] = mode
        finally:
            queue.waiting.remove(request)
            actor.waited += self._simulation.now - began
        if bound and not self._allowed(actor.user, bound):
            raise RedshiftError(f"ERROR: permission denied for relation {table.rpartition('.')[2]}")
        return self._simulation.now - began


@dataclass
class Submission:
    """What was sent, and what became of it."""

    id: str
    done: bool = False
    error: str = ""
    results: list[Result] = field(default_factory=list)


class Server:
    """One workgroup on the simulated clock."""

    def __init__(self, warehouse: Warehouse, simulation: Simulation, cost: Cost) -> None:
        self.warehouse, self.simulation, self.cost = warehouse, simulation, cost
        self._numbers = itertools.count(1)
        self.known: dict[str, Submission] = {}
        self._idle: list[Session] = []
        """A connection of the Data API is a session that somebody else had before."""
        self.swapping = 0
        """Transactions under way that rename the table: the moment that writers are drawn to."""

    def transaction(
        self,
        statements: list[str],
        values: Mapping[str, str] | None = None,
        *,
        before: Callable[[], None] | None = None,
        committed: Callable[[list[Result]], None] | None = None,
    ) -> list[Result]:
        """Runs statements as the actor that calls; nothing stands when one fails.

        Args:
            statements: in order.
            values: of their parameters.
            before: called in the instant in which a statement takes its snapshot.
            committed: called in the instant of the commit.

        Raises:
            RedshiftError: refused, or timed out.
        """
        session = self._idle.pop() if self._idle else self.warehouse.session()
        try:
            found = [self._one(session, text, values or {}, before) for text in statements]
            session.commit()
            if committed:
                committed(found)
            return found
        except BaseException:
            session.rollback()
            raise
        finally:
            if session.temporary:
                session.cursor.close()
            else:
                session.settings.clear()
                self._idle.append(session)

    def _one(self, session: Session, text: str, values: Mapping[str, str], before: Callable[[], None] | None) -> Result:
        actor, simulation = self.simulation.current, self.simulation
        assert actor is not None  # noqa: S101 - an actor is running
        simulation.pause(0)
        session.in_batch = True
        timeout = int(session.settings.get("statement_timeout", "0") or 0) / 1000
        actor.deadline, actor.waited = (simulation.now + timeout if timeout else None), 0.0
        session.start(Control(threading.Event()))
        session.control.deadline = None  # the simulated one counts
        if before:
            before()
        result = self.warehouse.run(session, text, values)
        took = self.cost(text)
        if actor.deadline is not None and simulation.now + took > actor.deadline:
            simulation.pause(max(0.0, actor.deadline - simulation.now))
            raise RedshiftError(_TIMEOUT)
        if took:
            simulation.pause(took)
        return result

    # What a boto3 client of the Data API offers, as far as the port calls it.

    def execute_statement(self, Sql: str, **fields: Any) -> dict[str, Any]:
        """Sends one statement."""
        return self.batch_execute_statement([Sql], **fields)

    def batch_execute_statement(self, Sqls: list[str], **fields: Any) -> dict[str, Any]:
        """Sends a transaction; it runs whatever becomes of the client."""
        submission = Submission(f"s{next(self._numbers)}")
        values = {p["name"]: p["value"] for p in fields.get("Parameters", [])}

        check(Sqls, values)
        renames = any(" RENAME TO " in text for text in Sqls)

        def serve() -> None:
            try:
                submission.results = self.transaction(Sqls, values)
            except RedshiftError as error:
                submission.error = str(error)
            finally:
                self.swapping -= renames
            submission.done = True

        self.swapping += renames
        self.simulation.spawn(submission.id, serve)
        self.known[submission.id] = submission
        return {"Id": submission.id}

    def describe_statement(self, Id: str) -> dict[str, Any]:
        """Waits for it: a poll that finds it running would tell nothing."""
        submission = self.known[Id]
        self.simulation.wait(lambda: submission.done)
        if submission.error:
            return {"Status": "FAILED", "Error": submission.error}
        return {"Status": "FINISHED"}

    def get_statement_result(self, Id: str) -> dict[str, Any]:
        """Rows of the last statement."""
        result = self.known[Id.split(":")[0]].results[-1]
        columns = [_column(name, kind) for name, kind in result.columns or ()]
        numeric = [column["typeName"] == "numeric" for column in columns]
        rows = [[_field(v, n) for v, n in zip(row, numeric, strict=True)] for row in result.rows]
        return {"ColumnMetadata": columns, "Records": rows}
