"""Pulls one branch: leases, one consistent snapshot, keyset pages, chunks, manifests, watermarks, in this order.

Then, in the same snapshot, it reads the ranges that the last certification found different.

A crash between any two steps loses nothing: a chunk without a manifest does not exist, a manifest without its watermark
is landed again by the next pull under a higher sequence, and the watermark moves last.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import MySQLdb

from podemos.branches import bound as bounds
from podemos.branches import chunk as chunks
from podemos.branches import drift, horizon, newest, query, rotation
from podemos.branches.horizon import Horizon
from podemos.branches.landing import Part
from podemos.branches.link import REMEDY, Link, Trouble, trouble_of
from podemos.branches.pace import Pace
from podemos.branches.ports import Ports
from podemos.branches.prints import fingerprints, fingerprints_beside
from podemos.branches.repay import Owed, repay
from podemos.branches.rotation import Older
from podemos.branches.state import Lease, LeaseLost, Position, Watermark
from podemos.branches.store_page import store_page
from podemos.contracts.branches import Branch
from podemos.core import manifest
from podemos.core.errors import ContractViolation, DataFault, LeaseHeld
from podemos.core.manifest import ManifestConflict
from podemos.core.table import Cursor, Table
from podemos.core.zones import zone_table

_ASKED = 100
"""So many old days that are read again are compared in the same snapshot; the others wait, as their reading does."""
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
    _owed: list[Owed] = field(default_factory=list)
    _ahead: set[str] = field(default_factory=set)

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
                link.open_snapshot()
                until = as_of + timedelta(seconds=self.ports.extraction.snapshot_seconds)
                unfinished, self._owed = [], []
                for table in waiting:
                    if not self._table(link, table, *leases[table.name], as_of, server, until):
                        unfinished.append(table)
                self._repay(link, until)
                waiting = unfinished
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

    def _table(
        self,
        link: Link,
        table: Table,
        lease: Lease,
        watermark: Watermark | None,
        as_of: datetime,
        server: Horizon,
        until: datetime,
    ) -> bool:
        """Pulls one table; False when the snapshot's time was up before its end.

        Raises:
            MySQLdb.Error: the link is broken.
        """
        try:
            fitted = drift.fitted(table, server.shapes)
            return self._pages(link, fitted, lease, watermark, as_of, server, until)
        except TROUBLES as error:
            self._record(table, error)
        return True

    def _pages(
        self,
        link: Link,
        table: Table,
        lease: Lease,
        watermark: Watermark | None,
        as_of: datetime,
        server: Horizon,
        until: datetime,
    ) -> bool:
        extraction, form = self.ports.extraction, table.cursor_form
        after = bounds.start(watermark, server.now, as_of, server.slack_seconds, table)
        bound, whole = bounds.BEGINNINGS[form].cursor, None
        if form is Cursor.CHANGES:
            bound = bounds.safe_bound(server.now, server.hold_back.seconds, table.column(table.cursor or ""))
        elif form is Cursor.NONE:
            whole = _whole(link, table) if after is None else ""
        same = bool(whole) and watermark is not None and watermark.position == Position(whole or "")
        since = server.today - timedelta(days=extraction.fingerprint_days)
        older = self._older(table, as_of, since) if table.partitioned else None
        day, number = zone_table().accounting_day(as_of), 0
        while True:
            page, limit = (
                chunks.Page(table, self.branch.id, lease.seq),
                link.pace.page_rows(table, extraction.rows_of(table)),
            )
            if not same:
                page.extend(link.rows(query.page(table, after, limit), table))
            if form is Cursor.COUNTER:
                bound = bounds.counter_bound(page.last or after, extraction.counter_margin)
            final, number = page.rows < limit, number + 1
            prints, older = fingerprints_beside(link, table, since, older) if final else ({}, older)
            part = Part(
                table=table.name,
                branch=self.branch.id,
                day=day,
                seq=lease.seq,
                part=number,
                final=final,
                as_of=as_of,
                start=after,
                reached=page.last,
                bound=bound,
                hold_back=server.hold_back,
                whole=whole,
                contract=_digest(drift.agreed(table)),
                new_columns=drift.said(drift.agreed(table), server.shapes),
                chunk=store_page(self.ports.lake, page, day, number) if page.rows else None,
                tail_rows=page.rows_from(bound),
                since=since if final and table.partitioned else None,
                older=older if final else None,
                fingerprints=prints,
            )
            self._commit(part)
            owed = self.ports.debts.get((table.name, self.branch.id), ()) if final else ()
            lease = self.ports.state.advance(
                lease,
                part.watermark,
                now=self.ports.clock(),
                seconds=0 if final and not owed else self._lease_seconds,
            )
            if owed:
                self._owed.append(Owed(table, lease, part, owed))
            if final or self.ports.clock() >= until:
                return final
            after = page.last
            if not newest.behind(table, after, server, extraction.behind_hours):
                continue
            if table.name not in self._ahead:
                self._ahead.add(table.name)
                pages = extraction.rows_of(table)
                for ahead in newest.parts(link, table, server.today, part, lake=self.ports.lake, page_rows=pages):
                    self._commit(ahead)
                    number = ahead.part
                    lease = self.ports.state.advance(lease, None, now=self.ports.clock(), seconds=self._lease_seconds)
                    if self.ports.clock() >= until:
                        return False
            if self._paused(table, after):
                self.ports.state.advance(lease, None, now=self.ports.clock(), seconds=0)
                return True

    def _paused(self, table: Table, reached: Position | None) -> bool:
        """Whether the gap has had its time in this run; the next run goes on."""
        now, seconds = self.ports.clock(), self.ports.extraction.behind_seconds
        if now < (self._began or now) + timedelta(seconds=seconds):
            return False
        at = reached.cursor if reached else ""
        self.troubles[table.name] = (Trouble.BEHIND, f"table {table.name}: the gap is landed up to {at}")
        return True

    def _repay(self, link: Link, until: datetime) -> None:
        for one in self._owed:
            try:
                repay(one, link, self.ports, until=until, seconds=self._lease_seconds, commit=self._commit)
            except TROUBLES as error:
                self._record(one.table, error)

    def _older(self, table: Table, as_of: datetime, since: date) -> Older | None:
        """What the branch's server is asked about beside its window: the slices due, and old days read again."""
        extraction, where = self.ports.extraction, (table.name, self.branch.id)
        verified = self.ports.verified.get(where)
        slices = rotation.due(verified, as_of.date(), extraction.rotation_days, extraction.rotation_slices)
        again = [day for day in self.ports.debts.get(where, ()) if rotation.is_day(day) and day < since.isoformat()]
        return Older(extraction.rotation_days, slices, tuple(again[:_ASKED])) if slices or again else None

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


@cache
def _digest(table: Table) -> str:
    """Which contract a part was landed under."""
    return manifest.sha256(manifest.canonical(table.to_dict()))


def _whole(link: Link, table: Table) -> str:
    """The content of a table without a cursor, in a word."""
    (found,) = fingerprints(link, query.content(table)).values()
    return f"={found.count}/{found.cents}/{found.digest}"


def _text(error: MySQLdb.Error) -> str:
    return " ".join(str(part) for part in error.args)
