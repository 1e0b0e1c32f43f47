"""Pulls one table in a snapshot: keyset pages, chunks, manifests, the watermark, in this order.

Pages go in order of (cursor, key) from the watermark on; those of a first load in order of the key (`first_load`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from functools import cache

from podemos.branches import bound as bounds
from podemos.branches import chunk as chunks
from podemos.branches import drift, first_load, newest, query, rotation
from podemos.branches.horizon import Horizon
from podemos.branches.landing import Part
from podemos.branches.link import Link
from podemos.branches.look_back import Span
from podemos.branches.ports import Ports
from podemos.branches.prints import fingerprints
from podemos.branches.proof import Proof
from podemos.branches.repay import Owed
from podemos.branches.rotation import Older
from podemos.branches.state import Lease, Position, Watermark
from podemos.branches.store_page import store_page
from podemos.contracts.branches import Branch
from podemos.core import manifest
from podemos.core.clock import iso
from podemos.core.table import Cursor, Table
from podemos.core.zones import zone_table

_ASKED = 100
"""So many old days that are read again are compared in the same snapshot; the others wait, as their reading does."""


class End(Enum):
    """Why the reading of a table ended: it was read whole, its snapshot's time is up, or its gap's in this run."""

    WHOLE = auto()
    SNAPSHOT = auto()
    GAP = auto()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the tables of a snapshot share.

    Attributes:
        link: the session that the snapshot is of.
        as_of: an instant before the server was looked at and the snapshot opened.
        server: what the branch's server said before.
        until: no page is begun after it.
    """

    link: Link
    as_of: datetime
    server: Horizon
    until: datetime


@dataclass(frozen=True, slots=True)
class _Way:
    """How a table's next page is asked for.

    Attributes:
        after: where it begins; None is the beginning.
        bound: how far the watermark may go by it.
        load: a first load under way: pages are in order of the key.
    """

    after: Position | None
    bound: str
    load: Watermark | None = None

    def page(self, table: Table, limit: int) -> str:
        return query.whole(table, self.after, limit) if self.load else query.page(table, self.after, limit)


@dataclass(slots=True)
class TablePull:
    """One table of a branch in one run, over as many snapshots as it takes.

    Args:
        table: the contract as this branch has it; see `drift.fitted`.
        commit: commits a part.
        lease_seconds: longer than anything between two renewals.
        gap_until: when a gap has had its time in this run.

    Attributes:
        gap: when reading ended with `End.GAP`: what is landed of it.
        owed: when it ended with `End.WHOLE` and something is still to be read in this snapshot, under the lease.
    """

    ports: Ports
    branch: Branch
    table: Table
    commit: Callable[[Part], None]
    lease_seconds: int
    gap_until: datetime
    gap: str = ""
    owed: Owed | None = None
    _ahead: bool = False

    def first_statements(self, at: Snapshot, watermark: Watermark | None) -> list[str]:
        """What `read` will ask for first, in this order, as far as that is known before the snapshot is open.

        With the control totals, which a short first page is followed by, where the last snapshot is of today: so little
        is new then that a page will hold it.
        """
        way = self._way(at, watermark)
        if self.table.cursor_form is Cursor.NONE and way.after is None:
            return [query.content(self.table)]
        page = way.page(self.table, self._limit(at.link))
        if watermark is None or way.load or at.link.pace.kbps is not None:
            return [page]
        recent = at.as_of - watermark.as_of <= timedelta(hours=self._behind_hours)
        return [page, self._proof(at, watermark).statement()] if recent else [page]

    def read(self, at: Snapshot, lease: Lease, watermark: Watermark | None) -> End:
        """Lands what the snapshot has beyond the watermark; `lease` is given back at the end, unless days are owed.

        Raises:
            MySQLdb.Error: the server refused, or the link broke.
            ContractViolation: the table is not the contract's.
            DataFault: a value fits no contract.
            LeaseLost: another worker has taken over.
        """
        table, link, form = self.table, at.link, self.table.cursor_form
        way = self._way(at, watermark)
        whole = (_whole(link, table) if way.after is None else "") if form is Cursor.NONE else None
        same = bool(whole) and watermark is not None and watermark.position == Position(whole or "")
        back = self._back(at, watermark, way)
        alone = way.after is None  # nothing of a first load is of an earlier snapshot
        proof = self._proof(at, watermark)
        day, number = zone_table().accounting_day(at.as_of), 0
        while True:
            limit = self._limit(link)
            page = chunks.Page(table, self.branch.id, lease.seq)
            if not same:
                page.extend(link.columns(way.page(table, limit), table))
            if form is Cursor.COUNTER:
                margin = self.ports.extraction.counter_margin
                way = replace(way, bound=bounds.counter_bound(page.last or way.after, margin))
            short, number = page.rows < limit, number + 1
            load = first_load.step(way.load, page, whole=short) if way.load else None
            part = Part(
                table=table.name,
                branch=self.branch.id,
                day=day,
                seq=lease.seq,
                part=number,
                final=short and (load is None or alone),
                as_of=at.as_of,
                start=way.after,
                reached=Position("", page.last.key) if load and page.last else page.last,
                bound=way.bound,
                hold_back=at.server.hold_back,
                whole=whole,
                first=load,
                contract=_digest(drift.agreed(table)),
                new_columns=drift.said(drift.agreed(table), at.server.shapes),
                chunk=None,
                tail_rows=page.rows_from(way.bound),
            )
            further = None if part.final or (load and short) else replace(way, after=part.reached, load=load)
            behind = further is not None and self._behind(at, page, further)
            known = further.page(table, limit) if further and not behind and link.pace.kbps is None else ""
            part = self._stored(at, part, page, proof, known)
            self.commit(part)
            lease = self._advance(lease, part, back)
            proof.take()
            if part.final or self.ports.clock() >= at.until:
                return End.WHOLE if part.final else End.SNAPSHOT
            way = further or self._way(at, load)  # a load that is whole: what changed meanwhile follows, by the cursor
            if not behind:
                continue
            for ahead in self._newest(at, part):
                number = ahead.part
                lease = self._renew(lease)
                if self.ports.clock() >= at.until:
                    return End.SNAPSHOT
            if self.ports.clock() >= self.gap_until:
                self.gap = _gap(way)
                self.ports.state.advance(lease, None, now=self.ports.clock(), seconds=0)
                return End.GAP

    def _stored(self, at: Snapshot, part: Part, page: chunks.Page, proof: Proof, known: str) -> Part:
        """The part with its chunk, and with the control totals if it is the last.

        The server works meanwhile: on control totals, or on the next page where the statement is known.
        """
        if part.final:
            at.link.ahead(proof.statement())
        elif not proof.ahead() and known:
            at.link.ahead(known)
        if page.rows:
            part = replace(part, chunk=store_page(self.ports.lake, page, part.day, part.part))
        if not part.final:
            return part
        said, asked = proof.whole()
        return replace(part, since=proof.since if self.table.partitioned else None, older=asked, fingerprints=said)

    def _behind(self, at: Snapshot, page: chunks.Page, further: _Way) -> bool:
        """Whether the newest days go first; in a load, where most of a page is old: a few rows were edited since."""
        if not further.load:
            return newest.behind(self.table, further.after, at.server, self._behind_hours)
        if not self.table.partitioned:
            return False
        cursor = self.table.column(self.table.cursor or "")
        since = bounds.safe_bound(at.server.now, self._behind_hours * 3600, cursor)
        return 2 * page.rows_from(since) < page.rows

    def _newest(self, at: Snapshot, part: Part) -> Iterator[Part]:
        """Commits the newest days after the first page of a gap, once in a run."""
        if self._ahead:
            return
        self._ahead = True
        rows, lake = self.ports.extraction.rows_of(self.table), self.ports.lake
        for found in newest.parts(at.link, self.table, at.server.today, part, lake=lake, page_rows=rows):
            self.commit(found)
            yield found

    def _advance(self, lease: Lease, part: Part, back: Span | None) -> Lease:
        days = self.ports.debts.get((part.table, part.branch), ()) if part.final else ()
        left = bool(days) or (part.final and back is not None)
        seconds = 0 if part.final and not left else self.lease_seconds
        lease = self.ports.state.advance(lease, part.watermark, now=self.ports.clock(), seconds=seconds)
        if left:
            self.owed = Owed(self.table, lease, part, days, back)
        return lease

    def _back(self, at: Snapshot, watermark: Watermark | None, way: _Way) -> Span | None:
        """What lies below the pull's start and may have become visible since: see `look_back`."""
        found = self.ports.look_back.get((self.table.name, self.branch.id))
        seconds = found.of(iso(watermark.as_of)) if found and watermark else 0
        if not seconds or way.after is None or way.load or self.table.cursor_form is not Cursor.CHANGES:
            return None
        lower = bounds.start(watermark, at.server.now, at.as_of, seconds, self.table)
        return Span(seconds, lower.cursor, way.after.cursor) if lower and lower.cursor < way.after.cursor else None

    def _renew(self, lease: Lease) -> Lease:
        return self.ports.state.advance(lease, None, now=self.ports.clock(), seconds=self.lease_seconds)

    def _way(self, at: Snapshot, watermark: Watermark | None) -> _Way:
        """Where the watermark leads: on by the cursor, on with a first load, or to the beginning of one."""
        table, server, form = self.table, at.server, self.table.cursor_form
        after = bounds.start(watermark, server.now, at.as_of, server.slack_seconds, table)
        if form is not Cursor.CHANGES:
            return _Way(after, bounds.BEGINNINGS[form].cursor)
        bound = bounds.safe_bound(server.now, server.hold_back.seconds, table.column(table.cursor or ""))
        if after is not None:
            return _Way(after, bound)
        load = first_load.under_way(watermark, table) or first_load.begun(bound, at.as_of)
        return _Way(first_load.place(load), load.loading.bound if load.loading else bound, load)

    def _limit(self, link: Link) -> int:
        return link.pace.page_rows(self.table, self.ports.extraction.rows_of(self.table))

    @property
    def _behind_hours(self) -> int:
        return self.ports.extraction.behind_hours

    def _proof(self, at: Snapshot, watermark: Watermark | None) -> Proof:
        """What the branch's server is asked about: the window, and beside it slices due and days read again.

        Not about slices where a first load ends and nothing was ever compared: all of it was read just now, and the
        turns of all slices are due from the next pull on.
        """
        extraction, where = self.ports.extraction, (self.table.name, self.branch.id)
        since, older = at.server.today - timedelta(days=extraction.fingerprint_days), None
        if self.table.partitioned:
            verified = self.ports.verified.get(where)
            begun = verified is not None or (watermark is not None and watermark.loading is None)
            most = extraction.rotation_slices if begun else 0
            slices = rotation.due(verified, at.as_of.date(), extraction.rotation_days, most)
            again = [day for day in self.ports.debts.get(where, ()) if rotation.is_day(day) and day < since.isoformat()]
            older = Older(extraction.rotation_days, slices, tuple(again[:_ASKED])) if slices or again else None
        return Proof(at.link, self.table, since, at.server.today, older)


def _gap(way: _Way) -> str:
    reached = way.after or bounds.BEGINNING
    if way.load:
        return f"the first load is landed up to key {'/'.join(reached.key)}"
    return f"the gap is landed up to {reached.cursor}"


@cache
def _digest(table: Table) -> str:
    """Which contract a part was landed under."""
    return manifest.sha256(manifest.canonical(table.to_dict()))


def _whole(link: Link, table: Table) -> str:
    """The content of a table without a cursor, in a word."""
    (found,) = fingerprints(link, query.content(table)).values()
    return f"={found.count}/{found.cents}/{found.digest}"
