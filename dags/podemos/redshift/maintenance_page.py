"""A plan and a window for a person, line by line."""

from __future__ import annotations

from collections.abc import Iterator

from podemos.redshift.maintenance import Action, Plan
from podemos.redshift.maintenance_run import Window, script
from podemos.warehouse.statements import bind

MOST = 20
"""Tables told of per reason; `--json` has all."""


def plan_lines(found: Plan) -> Iterator[str]:
    """The statements in order, then why other tables are not vacuumed."""
    yield f"window of {found.window / 60:.0f} min; {sum(a.predicted for a in found.actions) / 60:.1f} min planned"
    for action in found.actions:
        saved = f"saves {_minutes(action.saved)} a day" if action.saved else "fresh statistics"
        yield f"  {_minutes(action.predicted)} ({action.basis.value}), {saved}: {statement(action)}"
    if not found.actions:
        yield "  nothing pays"
    told: dict[str, int] = {}
    for table in sorted(found.untouched, key=lambda u: (u.reason, u.table_id)):
        told[table.reason] = told.get(table.reason, 0) + 1
        if told[table.reason] <= MOST:
            yield f"  not vacuumed: {table.reason.value}: {table.title}: {table.note}"
    yield f"not vacuumed: {', '.join(f'{count} {reason}' for reason, count in told.items()) or 'none'}"


def window_lines(window: Window) -> Iterator[str]:
    """What was done, predicted beside measured."""
    for done in window.done:
        measured = "not measured" if done.measured is None else _minutes(done.measured)
        yield f"{done.effect.value}: {statement(done.action)}: {measured}, predicted {_minutes(done.action.predicted)}"
        if done.note:
            yield f"  {done.note}"
    good = [done for done in window.done if done.effect == "done"]
    yield f"{len(good)} of {len(window.done)} statements had an effect; {len(window.plan.carried)} tables carried over"


def statement(action: Action) -> str:
    """As it is sent."""
    text, literals = script(action)
    return bind(text, literals=literals).statements[0]


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.1f} min"
