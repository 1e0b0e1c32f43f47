"""Plans a redesign and builds the new table beside the old one: nobody who reads or writes the old one notices."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from podemos.core import manifest
from podemos.core.clock import Clock, iso
from podemos.core.errors import ContractViolation, DataFault, NotNeeded, SourceUnavailable
from podemos.core.store import ObjectStore
from podemos.core.zones import zone_table
from podemos.redshift import gate, inventory
from podemos.redshift import redesign_objects as objects
from podemos.redshift.inventory import Inventory
from podemos.redshift.redesign_ledger import (
    PREFIX,
    Days,
    Redesign,
    days,
    differing,
    months_of,
    open_plans,
    refused_because,
    rows_of,
)
from podemos.redshift.redesign_rows import Rows, month_of
from podemos.redshift.redesign_script import Statements
from podemos.redshift.redesign_target import Move, Order, forward
from podemos.warehouse.port import Warehouse
from podemos.warehouse.statements import read

log = logging.getLogger(__name__)

ROUNDS = 50
"""After so many rounds the writers are faster than we are."""
MOST_VIEWS = 20
"""Ordinary views are made anew within the swap, and a batch holds 40 statements."""
_LITERAL = re.compile(r"(?<![:\w]):(x\d+)\b")
_REPORT_TABLE = re.compile(r":(schema|table)\b")


def plan(
    order: Order, *, warehouse: Warehouse, lake: ObjectStore, clock: Clock, dry_run: bool = False
) -> dict[str, Any]:
    """Takes the inventory, and refuses what could not be done without loss; the plan's document with its `key`.

    Args:
        order: what is asked for.
        warehouse: where.
        lake: the plan is written there.
        clock: tells the time.
        dry_run: write nothing.

    Raises:
        ContractViolation: the table or the design does not allow it, the gate refuses the new table, or another
            redesign of the table is not finished.
    """
    if begun := open_plans(lake, order.table):
        raise ContractViolation(f"{order.table}: {begun[0]} was begun; finish it, roll it back or abandon it first")
    found = inventory.read(warehouse, order.schema, order.name)
    objects.checked(found, order)
    declared = objects.declared(found, order)
    verdict = gate.over_tables([declared], zone_table().accounting_day(clock()))
    if verdict.critical:
        raise ContractViolation("the gate refuses the new table:\n" + "\n".join(o.line() for o in verdict.critical))
    if (bound := sum(not view.late for view in found.views)) > MOST_VIEWS:
        raise ContractViolation(f"{order.table}: {bound} ordinary views; a swap makes {MOST_VIEWS} anew at most")
    for report in order.reports:
        _report(report, order.schema, order.name)
    into = Statements("create")
    move = forward(order)
    objects.create(into, found, order, move.target)
    rows = {row["mes"]: int(row["renglones"]) for row in Rows(order, found.columns, move).months().fetch(warehouse)}  # type: ignore[call-overload]
    document: dict[str, Any] = {
        "order": order.to_dict(),
        "inventory": found.to_dict(),
        "months": rows,
        "columns": [[c.name, c.type] for c in found.columns],
        "at": iso(clock()),
        "ddl": rendered(into),
    }
    document["id"] = manifest.sha256(manifest.canonical(document))[:16]
    key = f"{PREFIX}/{order.table}/{document['at'][:10]}-{document['id']}/plan.json"
    if not dry_run:
        manifest.commit(lake, key, document)
    return document | {"key": key}


def rendered(into: Statements) -> str:
    """The statements as a person reads them."""
    from podemos.warehouse.literals import render

    text = ";\n".join(into.texts) + ";"
    return _LITERAL.sub(lambda found: render(into.literals[found[1]]), text)


def build(redesign: Redesign, until: datetime | None = None) -> str:
    """Creates, copies, catches up and verifies, as far as the window allows; what was done is not done again.

    Args:
        redesign: the plan and the ports.
        until: no statement is begun that would not end before, by the pace so far; None: no limit.

    Returns:
        Key of the manifest of the verification.

    Raises:
        NotNeeded: the window is over; the next one goes on from here.
        ContractViolation: a table is in the way that is not of this redesign.
        DataFault: the reports differ.
    """
    if redesign.kept("verified"):
        return f"{redesign.folder}verified.json"
    move = forward(redesign.order)
    now = inventory.read(redesign.warehouse, move.schema, move.source, views=False)
    same_columns(redesign, now)
    create(redesign, now)
    rows = Rows(redesign.order, now.columns, move)
    copy(redesign, rows, until)
    catch_up(redesign, rows, until)
    return verify(redesign, rows)


def create(redesign: Redesign, found: Inventory) -> None:
    """The empty table with everything that hangs on it; its name says that it is not the real one."""
    order, move = redesign.order, forward(redesign.order)
    try:
        steps = redesign.steps()
    except DataFault:
        redesign.warehouse.execute("redesign/create_redesigns.sql")
        steps = redesign.steps()
    if "create" not in steps:
        into = Statements("create")
        objects.create(into, found, order, move.target)
        into.add(
            f"INSERT INTO ops.redesigns (plan, paso, renglones, hecho) VALUES ({into.value('plan', redesign.id)}, "
            "'create', 0, GETDATE())"
        )
        try:
            into.execute(redesign.warehouse)
        except DataFault as error:
            if "create" not in redesign.steps():
                raise ContractViolation(
                    f"{order.schema}.{move.target} could not be created ({error}); if a table of that name is there, "
                    "it is not of this redesign"
                ) from error
    redesign.keep("created", {"at": iso(redesign.clock())})
    dress(redesign, move, found)


def dress(redesign: Redesign, move: Move, wanted: Inventory, *, take_back: bool = True) -> None:
    """Gives the target what hangs on the source now; all of it can be repeated.

    Args:
        redesign: the plan and the ports.
        move: names the target.
        wanted: what hangs on the source.
        take_back: also revoke what the source does not grant.
    """
    for _ in range(3):
        has = inventory.read(redesign.warehouse, move.schema, move.target, views=False)
        into = Statements(f"{move.step}: comments and grants")
        objects.dress(into, wanted, move.schema, move.target, has)
        if take_back:
            objects.undress(into, wanted, move.schema, move.target, has)
        if not into.texts:
            return
        into.execute_apart(redesign.warehouse)


def same_columns(redesign: Redesign, found: Inventory) -> None:
    """Refuses to go on when the table is not the one that was planned for.

    Raises:
        ContractViolation: its columns changed.
    """
    if [[c.name, c.type] for c in found.columns] != redesign.planned["columns"]:
        raise ContractViolation(f"{redesign.order.table} has other columns than in {redesign.key}: abandon, plan anew")


def copy(redesign: Redesign, rows: Rows, until: datetime | None) -> None:
    """Month after month, the newest last: what is read most is then the least unsorted.

    Raises:
        NotNeeded: the window is over.
    """
    months = {
        date.fromisoformat(row["mes"][:10]): int(row["renglones"])  # type: ignore[index, call-overload]
        for row in rows.months().fetch(redesign.warehouse)
    }
    done = set(redesign.names("copied"))
    pace = Pace(redesign, until)
    for month, count in sorted(months.items()):
        if f"{month:%Y-%m}" in done:
            continue
        pace.go_on(count, f"{len(months) - len(done)} months are not copied")
        began = redesign.clock()
        rows.copy(month).execute(redesign.warehouse)
        took = (redesign.clock() - began).total_seconds()
        pace.took(count, took)
        redesign.keep(f"copied/{month:%Y-%m}", {"rows": count, "milliseconds": round(took * 1000)})
        done.add(f"{month:%Y-%m}")


def catch_up(redesign: Redesign, rows: Rows, until: datetime | None) -> tuple[Days, Days]:
    """Compares every day of both tables and carries over those that differ, until a round finds at most K rows.

    Returns:
        The totals that the last round saw.

    Raises:
        NotNeeded: the window is over.
        SourceUnavailable: the writers are faster.
    """
    pace = Pace(redesign, until)
    for number in range(ROUNDS):
        found = list(rows.totals().fetch(redesign.warehouse))
        source, target = (days(r for r in found if r["lado"] == side) for side in ("source", "target"))
        unequal = differing(source, target)
        moved = rows_of(unequal, source, target)
        log.info("round %d: %d days with %d rows differ", number, len(unequal), moved)
        if moved <= redesign.order.most:
            return source, target
        for month in sorted({month_of(day) for day in unequal}):
            count = rows_of([day for day in unequal if month_of(day) == month], source, target)
            pace.go_on(count, f"{moved} rows of {len(unequal)} days differ")
            began = redesign.clock()
            rows.carry(month).execute(redesign.warehouse)
            pace.took(count, (redesign.clock() - began).total_seconds())
    raise SourceUnavailable(
        f"{redesign.key}: after {ROUNDS} rounds more than {redesign.order.most} rows differ; catch up when less is "
        "written"
    )


def verify(redesign: Redesign, rows: Rows) -> str:
    """In one snapshot: every day equal in rows, cents and fingerprint, and every report equal on both tables.

    The target is made equal to that snapshot first, so that what is written meanwhile is no difference.

    Raises:
        DataFault: a report differs, or the days could not be made equal.
    """
    move = rows.move
    if "verify" not in redesign.steps():
        into = Statements("verify")
        into.add(f"LOCK {into.table(move.schema, move.target)}")
        rows.add_carry(into, "")
        rows.add_guard(into, redesign.id, "verify")
        add_days(into, redesign.id, "verify")
        for report in redesign.order.reports:
            _add_report_guard(into, redesign, move, report)
        try:
            into.execute(redesign.warehouse)
        except DataFault as error:
            if "verify" not in redesign.steps():
                raise DataFault(
                    f"{redesign.key}: not verified: {refused_because(error)}; {_unequal(redesign, move)}"
                ) from error
    totals = swapped_days(redesign, "verify")
    sides = {"before": move.source, "after": move.target}
    timings = {
        report: {side: timed(redesign, report, name) for side, name in sides.items()}
        for report in redesign.order.reports
    }
    return redesign.keep(
        "verified",
        {"months": months_of(totals), "reports": timings, "at": iso(redesign.clock())},
    )


def swapped_days(redesign: Redesign, step: str) -> Days:
    """The totals that a step wrote into the ledger in its own transaction."""
    return days(redesign.warehouse.fetch("redesign/select_swapped_days.sql", {"plan": redesign.id, "step": step}))


def add_days(into: Statements, plan_id: str, step: str) -> None:
    """Writes the source's totals into the ledger."""
    into.add(
        "INSERT INTO ops.redesign_days (plan, paso, dia, renglones, centavos, huella)\n"
        f"SELECT CAST({into.value('plan', plan_id)} AS VARCHAR(64)), CAST({into.value('step', step)} AS VARCHAR(64)), "
        "dia, renglones, centavos, huella FROM dias_s"
    )


class Pace:
    """Holds the window: nothing is begun that would end after it, by the pace so far."""

    def __init__(self, redesign: Redesign, until: datetime | None) -> None:
        self._redesign, self._until = redesign, until
        kept = (redesign.kept(f"copied/{name}") for name in redesign.names("copied")[-12:])
        known = [one for one in kept if one and one["rows"]]
        self._rows, self._seconds = sum(one["rows"] for one in known), sum(one["milliseconds"] for one in known) / 1000

    def took(self, rows: int, seconds: float) -> None:
        """Learns."""
        self._rows, self._seconds = self._rows + rows, self._seconds + seconds

    def go_on(self, rows: int, left: str) -> None:
        """Raises NotNeeded when these rows would not be moved before the window ends."""
        if self._until is None:
            return
        needed = timedelta(seconds=self._seconds / self._rows * rows if self._rows else 0)
        if self._redesign.clock() + needed >= self._until:
            raise NotNeeded(f"{self._redesign.key}: the window is over; {left}; run it again to go on from here")


def _report(report: str, schema: str, table: str) -> tuple[str, dict[str, str]]:
    """A report's query without its semicolon; it must name its table by `:schema.:table`."""
    query, *more = read(report)
    if more or not query.upper().startswith(("SELECT", "WITH")) or ":schema.:table" not in query:
        raise ContractViolation(f"include/sql/{report}: one SELECT over :schema.:table is needed")
    return query, {"schema": schema, "table": table}


def _over(into: Statements, redesign: Redesign, report: str, table: str) -> str:
    query, _ = _report(report, redesign.order.schema, table)
    names = {"schema": into.names(redesign.order.schema), "table": into.names(table)}
    return _REPORT_TABLE.sub(lambda found: names[found[1]], query)


def _add_report_guard(into: Statements, redesign: Redesign, move: Move, report: str) -> None:
    one, other = (_over(into, redesign, report, table) for table in (move.source, move.target))
    label = into.value(f"report_{len(into.texts)}", f"report {report.rpartition('/')[2]}"[:64])
    into.add(
        "INSERT INTO ops.redesigns (plan, paso, renglones, hecho)\n"
        f"SELECT CAST({into.value('plan', redesign.id)} AS VARCHAR(64)), CAST({label} AS VARCHAR(64)),\n"
        "    CASE WHEN d.n = 0 AND a.n = b.n THEN a.n END, GETDATE()\n"
        f"FROM (SELECT COUNT(*) AS n FROM (({one}) EXCEPT ({other})) AS x) AS d\n"
        f"CROSS JOIN (SELECT COUNT(*) AS n FROM ({one}) AS x) AS a\n"
        f"CROSS JOIN (SELECT COUNT(*) AS n FROM ({other}) AS x) AS b"
    )


def _unequal(redesign: Redesign, move: Move) -> str:
    """Names the reports that differ, for the message of a failed verification."""
    found = []
    for report in redesign.order.reports:
        into = Statements("compare")
        one, other = (_over(into, redesign, report, table) for table in (move.source, move.target))
        into.add(f"SELECT COUNT(*) AS n FROM (({one}) EXCEPT ({other})) AS x")
        if rows := int(next(iter(into.fetch(redesign.warehouse)))["n"]):  # type: ignore[call-overload]
            found.append(f"{report}: {rows} rows differ (writers of this moment included)")
    return "; ".join(found) or "no report differs now"


def timed(redesign: Redesign, report: str, table: str) -> int:
    """Milliseconds of the report over a table; its rows are counted and not sent."""
    into = Statements("timing")
    into.add(f"SELECT COUNT(*) AS n FROM ({_over(into, redesign, report, table)}) AS x")
    began = redesign.clock()
    list(into.fetch(redesign.warehouse))
    return round((redesign.clock() - began).total_seconds() * 1000)


def opened(
    key: str, *, warehouse: Warehouse, lake: ObjectStore, clock: Clock, sleep: Callable[[float], None] = time.sleep
) -> Redesign:
    """See `Redesign.open`."""
    return Redesign.open(key, warehouse=warehouse, lake=lake, clock=clock, sleep=sleep)
