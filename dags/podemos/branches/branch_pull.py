"""Pulls one branch: leases, one consistent snapshot, its tables one after the other (`table_pull`), in this order.

Then, in the same snapshot, it reads the ranges that the last certification found different.

A crash between any two steps loses nothing: a chunk without a manifest does not exist, a manifest without its watermark
is landed again by the next pull under a higher sequence, and the watermark moves last.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import MySQLdb

from podemos.branches import drift, horizon
from podemos.branches.horizon import Horizon
from podemos.branches.landing import Part
from podemos.branches.link import REMEDY, Link, Trouble, trouble_of
from podemos.branches.pace import Pace
from podemos.branches.ports import Ports
from podemos.branches.repay import repay
from podemos.branches.state import Lease, LeaseLost, Watermark
from podemos.branches.table_pull import End, Snapshot, TablePull
from podemos.contracts.branches import Branch
from podemos.core import manifest
from podemos.core.errors import ContractViolation, DataFault, LeaseHeld
from podemos.core.manifest import ManifestConflict
from podemos.core.table import Table

TROUBLES = (ContractViolation, DataFault, ManifestConflict, LeaseLost, MySQLdb.Error)
"""What the state of a table, or of its branch, can explain. Everything else is a failure of the task."""


@dataclass(slots=True)
class BranchPull:
    """One branch in one run. `run` fills `landed` and `troubles`; only errors of the lake and the state leave it."""

    ports: Ports
    branch: Branch
    tables: tuple[Table, ...]
    landed: list[tuple[manifest.Ref, Part]] = field(default_factory=list)
    troubles: dict[str, tuple[Trouble, str]] = field(default_factory=dict)
    expired: bool = False
    attempts: int = 0
    _began: datetime | None = None
    _link: Link | None = None
    _horizon: Horizon | None = None
    _pulls: dict[str, TablePull] = field(default_factory=dict)

    def run(self) -> None:
        """Pulls every table; a table in trouble does not stop the others, a broken link does."""
        self._began = self._began or self.ports.clock()
        self.attempts += 1
        seconds = self.ports.extraction.statement_seconds
        try:
            connection = self.ports.connect(self.branch)
            self._link = link = Link(connection, seconds, Pace(self.ports.kbps(self.branch), seconds))
        except MySQLdb.Error as error:
            return self._give_up(error, self._unfinished())
        except Exception as error:  # the connection's own configuration: Airflow's or the driver's
            message = f"no connection {self.branch.connection}: {type(error).__name__}: {error}"
            return self._all(self._unfinished(), Trouble.REFUSED, message)
        try:
            self._pull(link)
        finally:
            link.close()

    def again(self) -> bool:
        """Whether another link may finish what a lost one left; then what it left is no trouble any more.

        A branch that hangs, refuses or drifts is not asked again in the same run.
        """
        lost = [name for name, (trouble, _) in self.troubles.items() if trouble is Trouble.OFFLINE]
        if not lost or self.expired or self.attempts >= self.ports.extraction.link_attempts:
            return False
        for name in lost:
            del self.troubles[name]
        return True

    def _unfinished(self) -> list[Table]:
        done = {part.table for _, part in self.landed if part.final}
        return [table for table in self.tables if table.name not in done and table.name not in self.troubles]

    def expire(self) -> None:
        """Called from outside when the time budget is spent: cuts the link, so `run` ends."""
        self.expired = True
        if self._link is not None:
            self._link.sever()

    def _pull(self, link: Link) -> None:
        waiting = self._unfinished()
        while waiting:
            leases = self._leases(waiting)
            waiting = [table for table in waiting if table.name in leases]
            try:
                as_of = self.ports.clock()
                server = self._horizon = horizon.read(link, self.ports.extraction, waiting)
                until = as_of + timedelta(seconds=self.ports.extraction.snapshot_seconds)
                at = Snapshot(link, as_of, server, until)
                for pull in self._pulls.values():
                    pull.owed = None  # days are read in the snapshot of the last page, or not
                link.open_snapshot(*self._first_statements(at, waiting, leases))
                waiting = [table for table in waiting if not self._table(at, table, *leases[table.name])]
                self._repay(link, until)
            except MySQLdb.Error as error:
                return self._give_up(error, self._unfinished())

    def _leases(self, tables: list[Table]) -> dict[str, tuple[Lease, Watermark | None]]:
        found = {}
        for table in tables:
            try:
                found[table.name] = self.ports.state.acquire(
                    table.name,
                    self.branch.id,
                    owner=self.ports.owner,
                    now=self.ports.clock(),
                    seconds=self._lease_seconds,
                )
            except LeaseHeld as held:
                self.troubles[table.name] = (Trouble.LEASED, str(held))
        return found

    @property
    def _lease_seconds(self) -> int:
        """Longer than anything between two renewals: a page, its fingerprint, and three tables waiting their turn."""
        return 2 * self.ports.extraction.statement_seconds + self.ports.extraction.snapshot_seconds

    def _first_statements(
        self, at: Snapshot, tables: list[Table], leases: dict[str, tuple[Lease, Watermark | None]]
    ) -> list[str]:
        """What is sent with the opening of the snapshot: as far as the tables' pages are known to be their last."""
        found: list[str] = []
        for table in tables:
            try:
                statements = self._pull_of(table, at).first_statements(at, leases[table.name][1])
            except TROUBLES:  # reading the table says it again, and records it
                break
            found += statements
            if len(statements) == 1:
                break
        return found

    def _pull_of(self, table: Table, at: Snapshot) -> TablePull:
        """The table as this branch has it.

        Raises:
            ContractViolation: a column holds less than agreed.
        """
        if table.name not in self._pulls:
            gap_until = (self._began or self.ports.clock()) + timedelta(seconds=self.ports.extraction.behind_seconds)
            self._pulls[table.name] = TablePull(
                self.ports, self.branch, table, self._commit, self._lease_seconds, gap_until
            )
        pull = self._pulls[table.name]
        pull.table = drift.fitted(table, at.server.shapes)
        return pull

    def _table(self, at: Snapshot, table: Table, lease: Lease, watermark: Watermark | None) -> bool:
        """Pulls one table; False when the snapshot's time was up before its end.

        Raises:
            MySQLdb.Error: the link is broken.
        """
        try:
            pull = self._pull_of(table, at)
            end = pull.read(at, lease, watermark)
        except TROUBLES as error:
            self._record(table, error)
            return True
        if end is End.GAP:
            self.troubles[table.name] = (Trouble.BEHIND, f"table {table.name}: {pull.gap}")
        return end is not End.SNAPSHOT

    def _repay(self, link: Link, until: datetime) -> None:
        """What is owed first, of all tables; then what lies back."""
        waiting = [pull.owed for pull in self._pulls.values() if pull.owed]
        waiting.sort(key=lambda one: not one.days)
        for pull in self._pulls.values():
            pull.owed = None
        while waiting:
            one = waiting.pop(0)
            try:
                rest = repay(one, link, self.ports, until=until, seconds=self._lease_seconds, commit=self._commit)
            except TROUBLES as error:
                self._record(one.table, error)
            else:
                waiting += [rest] if rest else []

    def _commit(self, part: Part) -> None:
        self.landed.append((manifest.commit(self.ports.lake, part.key, part.to_dict()), part))

    def _record(self, table: Table, error: Exception) -> None:
        """What stops a table is its state.

        Raises:
            MySQLdb.Error: the link is broken, which stops every table.
        """
        if isinstance(error, MySQLdb.Error):
            if trouble_of(error) in (Trouble.OFFLINE, Trouble.TIMEOUT):
                raise error
            self.troubles[table.name] = (trouble_of(error), f"table {table.name}: {_text(error)}")
        elif isinstance(error, LeaseLost):
            self.troubles[table.name] = (Trouble.LEASED, str(error))
        else:
            kind = Trouble.DRIFT if isinstance(error, ContractViolation) else Trouble.FAULTY
            self.troubles[table.name] = (kind, str(error))

    def _give_up(self, error: MySQLdb.Error, tables: list[Table] | tuple[Table, ...]) -> None:
        trouble, message = trouble_of(error), _text(error)
        if self.expired:
            trouble, message = Trouble.TIMEOUT, "the branch's time budget was spent; the link was cut"
        self._all(tables, trouble, message)

    def _all(self, tables: list[Table] | tuple[Table, ...], trouble: Trouble, message: str) -> None:
        for table in tables:
            self.troubles.setdefault(table.name, (trouble, message))

    def outcome(self) -> dict[str, Any]:
        """What the batch manifest says of this branch."""
        state, message, remedy = "pulled", "", ""
        if self.troubles:
            trouble, message = max(self.troubles.values(), key=lambda found: list(Trouble).index(found[0]))
            state, remedy = trouble.value, REMEDY[trouble]
        return {
            "branch": self.branch.id,
            "state": state,
            "message": message,
            "remedy": remedy,
            "rows": sum(part.chunk.rows for _, part in self.landed if part.chunk),
            "hold_back": self._horizon.hold_back.to_dict() if self._horizon else None,
            "tail_rows": sum(part.tail_rows for _, part in self.landed),
            "tables": {t.name: str(self.troubles[t.name][0]) if t.name in self.troubles else "pulled"
                       for t in self.tables},
        }  # fmt: skip


def _text(error: MySQLdb.Error) -> str:
    return " ".join(str(part) for part in error.args)
