"""A window as it runs: one statement at a time, nothing begun that would not end, and held to what the warehouse says.

A VACUUM without permission "completes successfully but has no effect": only SYS_VACUUM_HISTORY tells, so every
statement is looked up there afterwards, and what it took and did is kept beside what was predicted.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any

from podemos.core.clock import Clock, iso
from podemos.core.errors import DataFault, SourceUnavailable
from podemos.core.store import ObjectStore
from podemos.redshift.history import Dialect
from podemos.redshift.maintenance import Action, Plan, after, plan
from podemos.redshift.maintenance_facts import Facts, PastVacuum, analyses, read, vacuums
from podemos.redshift.maintenance_pace import Form
from podemos.warehouse.literals import Names, Number, Typed
from podemos.warehouse.port import Warehouse
from podemos.warehouse.statements import Script

PREFIX = "warehouse/maintenance"
REMEMBERED = timedelta(days=30)
"""How long a table without permission is left alone before it is tried again."""
LEAST_LEFT = 60.0
"""Seconds: with less no further plan is made."""
LOOK_SECONDS = 600.0
"""For a look at the histories, also beyond the window: it holds nobody up."""
LAG_SECONDS = 60.0
"""A statement without a row is looked up once more: system views are filled with a delay that is not documented."""
CLOCKS_APART = timedelta(minutes=5)
"""What the warehouse's clock may differ from ours; what was known before the run is not looked at anyway."""

Within = Callable[[float], Warehouse]
"""The warehouse, where a statement is cancelled after so many seconds."""


class Effect(StrEnum):
    """What a statement did."""

    DONE = "done"
    SKIPPED = "skipped"
    """The warehouse found nothing to do, and says so."""
    NO_EFFECT = "no_effect"
    """It succeeded and did nothing: the permission to vacuum is missing."""
    CANCELLED = "cancelled_at_the_windows_end"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Done:
    """A statement that was sent.

    Attributes:
        measured: seconds, end - start of the warehouse's history; None when it has no row.
        note: the warehouse's message when it refused.
    """

    action: Action
    started: str
    effect: Effect
    measured: float | None = None
    reclaimed: float = 0.0
    sorted_rows: int = 0
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Window:
    """A window that has passed.

    Attributes:
        plan: the first one; the others were for the time that was left over.
    """

    opened: str
    plan: Plan
    done: tuple[Done, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "opened": self.opened,
            "plan": self.plan.to_dict(),
            "done": [done.to_dict() for done in self.done],
        }


def script(action: Action) -> tuple[Script, dict[str, Typed]]:
    """The statement and the names in it, quoted: utility statements bind nothing."""
    literals: dict[str, Typed] = {"schema": Names((action.schema,)), "table": Names((action.name,))}
    text = f"{action.form.value} :schema.:table"
    if action.form is Form.ANALYZE:
        text = "ANALYZE :schema.:table PREDICATE COLUMNS"
    if action.to_percent is not None:
        text, literals = f"{text} TO :percent PERCENT", literals | {"percent": Number(action.to_percent)}
    return Script("maintenance", f"{text}{' BOOST' if action.boost else ''};\n"), literals


def run(
    within: Within,
    dialect: Dialect,
    clock: Clock,
    window: timedelta,
    denied: frozenset[int] = frozenset(),
    pause: Callable[[float], None] = time.sleep,
) -> Window:
    """Plans and runs until the window ends; with time left over, plans again from what the warehouse says then.

    Args:
        within: opens the warehouse.
        dialect: see `probe`.
        clock: tells the time.
        window: from now.
        denied: tables that are not to be tried, see `without_effect`.
        pause: sleeps.

    Raises:
        DataFault: the facts cannot be read; a refused statement is an outcome, no error.
        SourceUnavailable: the warehouse did not answer.
    """
    opened, stop = clock(), clock() + window
    first: Plan | None = None
    done: list[Done] = []
    while (left := (stop - clock()).total_seconds()) > LEAST_LEFT or first is None:
        facts = read(within(left), dialect, clock(), window, denied | {d.action.table_id for d in done if _bad(d)})
        found = plan(after(facts, [d.action for d in done]), left)
        first = first or found
        sent = [step for action in (*found.actions, *found.carried) for step in _send(within, action, clock, stop)]
        if not sent:
            break
        looked = partial(verified, within(LOOK_SECONDS), facts, sent, opened - CLOCKS_APART)
        result = looked()
        if any(d.effect is Effect.NO_EFFECT for d in result):
            pause(LAG_SECONDS)
            result = looked()
        done += result
    return Window(iso(opened), first, tuple(done))


def verified(warehouse: Warehouse, before: Facts, sent: list[Done], since: datetime) -> list[Done]:
    """What the histories say of statements that succeeded, by the row that was not there before.

    Args:
        warehouse: where.
        before: the facts that were read before they were sent.
        sent: in order.
        since: no row is older.
    """
    known = {(v.table_id, v.transaction) for v in before.vacuums}
    new = [v for v in vacuums(warehouse, since) if not v.automatic and (v.table_id, v.transaction) not in known]
    analysed = {(a.table_id, a.started) for a in before.analyses}
    looked = {a.table_id: a for a in analyses(warehouse, since) if (a.table_id, a.started) not in analysed}
    found = []
    for done in sent:
        table_id = done.action.table_id
        if done.effect is not Effect.DONE:
            found.append(done)
        elif done.action.form is not Form.ANALYZE:
            rows = sorted((v for v in new if v.table_id == table_id), key=lambda v: not v.worked)
            found.append(_held_to(done, next(iter(rows), None)))
        elif table_id in looked:
            effect = Effect.SKIPPED if looked[table_id].status == "Skipped" else Effect.DONE
            found.append(replace(done, effect=effect, measured=looked[table_id].seconds))
        else:
            found.append(replace(done, effect=Effect.NO_EFFECT, note="no row in SYS_ANALYZE_HISTORY"))
    return found


def keep(lake: ObjectStore, window: Window) -> str:
    """Writes the window; returns its key."""
    key = f"{PREFIX}/{window.opened[:10]}/{window.opened}.json"
    lake.put_new(key, json.dumps(window.to_dict(), ensure_ascii=False, indent=1).encode(), "application/json")
    return key


def without_effect(lake: ObjectStore, today: date) -> frozenset[int]:
    """Tables whose last vacuum of ours had no effect."""
    last: dict[int, str] = {}
    for window in _kept(lake, today - REMEMBERED):
        for done in window["done"]:
            if done["action"]["form"] != Form.ANALYZE:
                last[done["action"]["table_id"]] = done["effect"]
    return frozenset(table_id for table_id, effect in last.items() if effect == Effect.NO_EFFECT)


def _kept(lake: ObjectStore, since: date) -> Iterator[dict[str, Any]]:
    for info in lake.list(f"{PREFIX}/", f"{PREFIX}/{since.isoformat()}"):
        yield json.loads(lake.get(info.key))


def _bad(done: Done) -> bool:
    """Not to be tried again in this window."""
    return done.effect is not Effect.DONE and done.action.form is not Form.ANALYZE


def _send(within: Within, action: Action, clock: Clock, stop: datetime) -> Iterator[Done]:
    """Nothing, when it would not end in time."""
    started = clock()
    left = (stop - started).total_seconds()
    if action.predicted > left:
        return
    try:
        text, literals = script(action)
        within(left).execute(text, literals=literals)
        yield Done(action, iso(started), Effect.DONE)
    except DataFault as error:
        yield Done(action, iso(started), Effect.REFUSED, note=str(error))
    except SourceUnavailable as error:
        yield Done(action, iso(started), Effect.CANCELLED, note=str(error))


def _held_to(done: Done, row: PastVacuum | None) -> Done:
    if row is None:
        return replace(done, effect=Effect.NO_EFFECT, note="no row in SYS_VACUUM_HISTORY")
    effect = Effect.SKIPPED if row.status == "Skipped" else Effect.DONE if row.worked else Effect.NO_EFFECT
    note = "" if effect is Effect.DONE else f"SYS_VACUUM_HISTORY says {row.status}"
    return replace(
        done, effect=effect, measured=row.seconds, reclaimed=row.reclaimed, sorted_rows=row.sorted_rows, note=note
    )
