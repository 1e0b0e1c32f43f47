"""The plan of a maintenance window: what pays is done, most minutes saved per minute spent first; pure.

A day's saved scan time is `vacuum_sort_benefit` x observed scan time for a sort, ghost share x observed scan time for a
delete. Stale statistics need ANALYZE alone, never a VACUUM. Each table that is not vacuumed has a reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from podemos.redshift.maintenance_facts import Facts, TableFacts
from podemos.redshift.maintenance_pace import Basis, Form, Pace, Prediction

LEAST_BENEFIT = 0.05
"""Of scan time. `vacuum_sort_benefit` is a guess, and VACUUM itself leaves 5 percent unsorted by default."""
LEAST_GHOSTS = 0.02
"""Of rows. They are counted and not guessed, but for `estimated_visible_rows`, which is a percent or so off."""
STALE = 0.10
"""Of stats_off: ANALYZE itself skips a table below it."""
LEAST_SAVED = 1.0
"""Seconds a day."""
PAYS_BACK_DAYS = 30
"""What has not paid by then does not pay: the table is unsorted again."""
RECLUSTER_PART = 0.5
"""Of a full sort's gain: RECLUSTER does not merge. Assumed; the records hold it to what was measured."""
ANALYZE_PART = 0.2
"""Of the window, at most."""
SKIPS_AT = 0.95
"""VACUUM skips the sort of a table that is sorted so far, and reclaims so far, unless it says TO n PERCENT."""
SLOW_TABLE = 60.0
"""Seconds of scans a day from which a table's design is worth a word."""


class Reason(StrEnum):
    """Why a table is not vacuumed."""

    NOBODY_SCANS = "nobody_scans"
    BENEFIT_NIL = "benefit_nil"
    TOO_LITTLE = "too_little_for_its_time"
    CARRIED_OVER = "carried_over"
    BEING_VACUUMED = "being_vacuumed"
    NO_PERMISSION = "no_permission"
    NO_SORT_KEY = "redesign_no_sort_key"
    INTERLEAVED = "redesign_interleaved"
    KEY_UNUSED = "redesign_key_unused"
    TOO_LONG = "redesign_too_long_for_the_window"


@dataclass(frozen=True, slots=True)
class Action:
    """One statement.

    Attributes:
        to_percent: where the default would skip what pays.
        boost: nobody writes in the window: writers would wait.
        predicted: seconds it takes; saved: seconds of scans a day, 0 for ANALYZE (better plans, not shorter scans).
    """

    table_id: int
    schema: str
    name: str
    form: Form
    predicted: float
    saved: float
    basis: Basis
    to_percent: int | None = None
    boost: bool = False

    @property
    def title(self) -> str:
        """For a person."""
        return f"{self.schema}.{self.name}"

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return asdict(self)


def action_from(found: dict[str, Any]) -> Action:
    """What `to_dict` wrote."""
    return Action(**found | {"form": Form(found["form"]), "basis": Basis(found["basis"])})


@dataclass(frozen=True, slots=True)
class Untouched:
    """A table that is not vacuumed; `note` has the numbers. It may be analyzed all the same."""

    table_id: int
    title: str
    reason: Reason
    note: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What a window will do.

    Attributes:
        actions: in order.
        carried: would pay, and found no room; done in this order when there is time left, else in another window.
    """

    window: float
    actions: tuple[Action, ...]
    carried: tuple[Action, ...]
    untouched: tuple[Untouched, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "window_seconds": self.window,
            "actions": [action.to_dict() for action in self.actions],
            "carried": [action.to_dict() for action in self.carried],
            "untouched": [asdict(table) for table in self.untouched],
        }


def plan(facts: Facts, window: float) -> Plan:
    """Packs what pays into the window.

    A table's forms are steps: from the one that saves most per second to those that save more in all. Steps of all
    tables are taken by what they save per second; a step that finds no room ends its table's.

    Args:
        facts: of all tables.
        window: seconds.
    """
    pace = Pace(facts)
    running = {vacuum.table_id for vacuum in facts.vacuums if vacuum.running}
    analyses, untouched, steps = _analyses(facts, pace, window), [], []
    left = window - sum(action.predicted for action in analyses)
    for table in facts.tables:
        if why := _blocked(table, facts, running):
            untouched.append(why)
            continue
        options = _options(table, pace)
        worth = [o for o in options if o.saved >= LEAST_SAVED and o.saved * PAYS_BACK_DAYS >= o.predicted]
        fitting = [o for o in worth if o.predicted <= window]
        if fitting:
            steps += _steps(fitting)
        else:
            untouched.append(_why_not(table, options, worth))
    chosen: dict[int, Action] = {}
    closed: set[int] = set()
    for step in sorted(steps, key=lambda s: (-s.ratio, s.action.table_id)):
        before = chosen.get(step.action.table_id)
        more = step.action.predicted - (before.predicted if before else 0.0)
        if step.action.table_id in closed or more > left:
            closed.add(step.action.table_id)
            continue
        chosen[step.action.table_id] = step.action
        left -= more
    first = {step.action.table_id: step.action for step in reversed(steps)}
    carried = tuple(_ranked(action for table_id, action in first.items() if table_id not in chosen))
    untouched += [
        Untouched(a.table_id, a.title, Reason.CARRIED_OVER, f"{a.form}: {a.saved:.0f} s a day for {a.predicted:.0f} s")
        for a in carried
    ]
    return Plan(
        window,
        # The shortest first: all of them fit, and one that was predicted too short costs only what comes after it.
        (*analyses, *sorted(chosen.values(), key=lambda a: (a.predicted, a.table_id))),
        carried,
        tuple(sorted(untouched, key=lambda u: u.table_id)),
    )


def after(facts: Facts, actions: Iterable[Action]) -> Facts:
    """What the facts will be when these actions have done what they are for; for the time that is left over."""
    done: dict[int, set[Form]] = {}
    for action in actions:
        done.setdefault(action.table_id, set()).add(action.form)
    return replace(facts, tables=tuple(_done(table, done.get(table.table_id, set())) for table in facts.tables))


def _done(table: TableFacts, forms: set[Form]) -> TableFacts:
    if forms & {Form.SORT_ONLY, Form.FULL, Form.RECLUSTER}:
        table = replace(table, unsorted=0.0, sort_benefit=0.0)
    if forms & {Form.DELETE_ONLY, Form.FULL}:
        table = replace(table, rows=table.rows - table.ghosts, ghosts=0)
    return replace(table, stats_off=0.0) if Form.ANALYZE in forms else table


@dataclass(frozen=True, slots=True)
class _Step:
    """To go from a table's step before, or from nothing, to this action: saved seconds per second spent."""

    action: Action
    ratio: float


def _ranked(actions: Iterable[Action]) -> list[Action]:
    return sorted(actions, key=lambda a: (-a.saved / a.predicted, a.table_id))


def _steps(options: list[Action]) -> list[_Step]:
    """The upper hull of (seconds, saved): each step pays less per second than the one before."""
    found: list[_Step] = []
    spent = saved = 0.0
    while better := [o for o in options if o.saved > saved and o.predicted > spent]:
        best = max(better, key=lambda o: ((o.saved - saved) / (o.predicted - spent), o.saved))
        found.append(_Step(best, (best.saved - saved) / (best.predicted - spent)))
        spent, saved = best.predicted, best.saved
    return found


def _options(table: TableFacts, pace: Pace) -> list[Action]:
    """Every form that could help the table, whatever it costs."""
    by_sort = table.scan_seconds * table.sort_benefit
    by_delete = table.scan_seconds * table.ghost_share
    sorts = bool(table.sort_key and table.sort_key != "INTERLEAVED" and table.unsorted)
    sorts = sorts and table.sort_benefit >= LEAST_BENEFIT
    deletes = table.ghost_share >= LEAST_GHOSTS
    found = []
    if deletes:
        percent = 100 if 1 - table.ghost_share >= SKIPS_AT else None
        found.append(replace(_action(table, Form.DELETE_ONLY, by_delete, pace), to_percent=percent))
    if sorts:
        percent = 100 if 1 - (table.unsorted or 0.0) >= SKIPS_AT else None
        found.append(replace(_action(table, Form.SORT_ONLY, by_sort, pace), to_percent=percent))
        if deletes:
            # The second gain is of what the first leaves.
            both = by_sort + by_delete * (1 - table.sort_benefit)
            percent = percent or (100 if 1 - table.ghost_share >= SKIPS_AT else 95)
            found.append(replace(_action(table, Form.FULL, both, pace), to_percent=percent))
        if "ALL" not in table.diststyle.upper().replace("(", " ").replace(")", " ").split():
            found.append(_action(table, Form.RECLUSTER, by_sort * RECLUSTER_PART, pace))
    return found


def _action(table: TableFacts, form: Form, saved: float, pace: Pace) -> Action:
    predicted: Prediction = pace.predict(table, form)
    boost = form not in (Form.DELETE_ONLY, Form.ANALYZE) and table.written is False
    return Action(
        table.table_id, table.schema, table.name, form, predicted.seconds, saved, predicted.basis, boost=boost
    )


def _analyses(facts: Facts, pace: Pace, window: float) -> list[Action]:
    """ANALYZE of stale tables that are read, the most read first, in its part of the window."""
    room, found = window * ANALYZE_PART, []
    for table in sorted(facts.tables, key=lambda t: (-t.scan_seconds, t.table_id)):
        if table.stats_off < STALE or not table.scan_seconds:
            continue
        action = _action(table, Form.ANALYZE, 0.0, pace)
        if action.predicted <= room:
            room -= action.predicted
            found.append(action)
    return found


def _blocked(table: TableFacts, facts: Facts, running: set[int]) -> Untouched | None:
    if table.table_id in facts.without_effect:
        return _left(table, Reason.NO_PERMISSION, "the last vacuum succeeded without effect: the owner must vacuum it")
    if table.table_id in running:
        return _left(table, Reason.BEING_VACUUMED, "a vacuum has not ended")
    if not table.scan_seconds:
        return _left(table, Reason.NOBODY_SCANS, "no scan in the history: nothing would be saved")
    return None


def _why_not(table: TableFacts, options: list[Action], worth: list[Action]) -> Untouched:
    """Why nothing is done to a table that is scanned."""
    scans = f"{table.scan_seconds:.0f} s of scans a day"
    if worth:
        best = min(worth, key=lambda o: o.predicted)
        return _left(table, Reason.TOO_LONG, f"{best.form} takes {best.predicted:.0f} s; {scans}")
    slow = table.scan_seconds >= SLOW_TABLE
    if slow and table.sort_key is None:
        return _left(table, Reason.NO_SORT_KEY, scans)
    if slow and table.sort_key == "INTERLEAVED":
        return _left(table, Reason.INTERLEAVED, scans)
    if options:
        best = max(options, key=lambda o: o.saved / o.predicted)
        return _left(table, Reason.TOO_LITTLE, f"{best.form} saves {best.saved:.1f} s a day for {best.predicted:.0f} s")
    if slow and table.restricted == 0:
        return _left(table, Reason.KEY_UNUSED, f"no scan is narrowed by {table.sort_key}; {scans}")
    note = f"a sort saves {table.sort_benefit:.1%}, {table.unsorted or 0:.1%} unsorted, {table.ghost_share:.1%} ghosts"
    return _left(table, Reason.BENEFIT_NIL, note)


def _left(table: TableFacts, reason: Reason, note: str) -> Untouched:
    return Untouched(table.table_id, table.title, reason, note)
