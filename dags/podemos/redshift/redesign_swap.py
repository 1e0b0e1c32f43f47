"""The swap, its way back, and the end: one short transaction that gives up rather than let readers wait."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from podemos.core.clock import from_iso, iso
from podemos.core.errors import ContractViolation, DataFault, NotNeeded, SourceUnavailable
from podemos.core.fingerprint import Fingerprint
from podemos.redshift import inventory
from podemos.redshift import redesign_objects as objects
from podemos.redshift.inventory import Inventory
from podemos.redshift.redesign_build import add_days, catch_up, dress, same_columns, swapped_days
from podemos.redshift.redesign_ledger import Redesign, days, differing, refused_because
from podemos.redshift.redesign_rows import Rows
from podemos.redshift.redesign_script import Statements
from podemos.redshift.redesign_target import BEFORE, SHADOW, Move, backward, forward

log = logging.getLogger(__name__)

ATTEMPTS = 30
PAUSE_SECONDS = 20.0
"""First pause between two attempts; it grows to ten minutes, so that a long report of somebody's ends meanwhile."""
LONGEST_PAUSE = 600.0


def approve(redesign: Redesign, by: str, note: str) -> str:
    """Records who allows the swap, once; returns the approval's key.

    Raises:
        ContractViolation: nothing is verified yet, or nobody is named.
    """
    if redesign.kept("verified") is None:
        raise ContractViolation(f"{redesign.key}: it is not verified yet, so there is nothing to approve")
    if not by.strip():
        raise ContractViolation("an approval names who gives it")
    return redesign.keep("approval", {"by": by, "note": note, "at": iso(redesign.clock())})


def swap(redesign: Redesign, until: datetime | None = None) -> str:
    """Gives the new design the table's name, if a person has approved.

    Args:
        redesign: the plan and the ports.
        until: no attempt is begun after it.

    Raises:
        ContractViolation: it is not approved.
        SourceUnavailable: the locks could not be had; everything is as before, and it can be tried again.
    """
    if redesign.kept("approval") is None:
        raise ContractViolation(f"{redesign.key}: nobody has approved it")
    if redesign.steps() & {"rollback", "finish"}:
        raise ContractViolation(f"{redesign.key}: it was rolled back or finished; plan anew")
    return make(redesign, forward(redesign.order), until)


def rollback(redesign: Redesign, until: datetime | None = None) -> str:
    """Gives the old design the name back, with everything that was written since.

    Args:
        redesign: the plan and the ports.
        until: no attempt is begun after it.

    Raises:
        ContractViolation: it was not swapped, or is finished.
        SourceUnavailable: as for the swap.
    """
    steps = redesign.steps()
    if "swap" not in steps or "finish" in steps:
        raise ContractViolation(f"{redesign.key}: there is nothing to roll back (steps: {', '.join(sorted(steps))})")
    return make(redesign, backward(redesign.order), until)


def make(redesign: Redesign, move: Move, until: datetime | None = None) -> str:
    """Brings the target up to the source and exchanges their names; returns the key of what is known afterwards."""
    for attempt in range(ATTEMPTS):
        if move.step in redesign.steps():
            break
        found = inventory.read(redesign.warehouse, move.schema, move.source)
        same_columns(redesign, found)
        dress(redesign, move, found)
        rows = Rows(redesign.order, found.columns, move)
        totals, _ = catch_up(redesign, rows, None)
        number = len(redesign.names(f"{move.step}-attempts"))
        hot = redesign.order.hot_since
        redesign.keep(
            f"{move.step}-attempts/{number:06}",
            {
                "inventory": found.to_dict(),
                "at": iso(redesign.clock()),
                "old_days": {str(day): t.to_dict() for day, t in totals.items() if hot is not None and day < hot},
            },
        )
        try:
            batch(redesign, rows, found).execute(redesign.warehouse)
        except (DataFault, SourceUnavailable) as error:
            if move.step in redesign.steps():
                break
            why = refused_because(error) if isinstance(error, DataFault) else str(error)
            log.warning("%s: attempt %d gave up: %s", move.step, attempt + 1, why)
            pause = min(LONGEST_PAUSE, PAUSE_SECONDS * 1.5**attempt)
            if attempt + 1 == ATTEMPTS or (until is not None and redesign.clock() + timedelta(seconds=pause) >= until):
                raise SourceUnavailable(
                    f"{redesign.key}: the {move.step} gave up {attempt + 1} times, at last for {why}; nothing was "
                    "changed"
                ) from error
            redesign.sleep(pause)
    redesign.keep(f"{move.step}-done", {"at": iso(redesign.clock())})
    return settle(redesign, move)


def batch(redesign: Redesign, rows: Rows, found: Inventory) -> Statements:
    """The transaction: mutex, both tables locked, last differing days, proof, names, no more writing, views.

    No statement waits for a lock on the table longer than `wait_ms`; under the locks none takes longer than `hold_ms`.
    """
    move, order = rows.move, redesign.order
    into = Statements(move.step)
    if order.writer:
        into.add(f"SET statement_timeout TO {into.number(order.hold_ms)}")
        into.add(f"LOCK {into.table(*order.writer.split('.'))}")
    into.add(f"SET statement_timeout TO {into.number(order.wait_ms)}")
    into.add(f"LOCK {into.table(move.schema, move.source)}, {into.table(move.schema, move.target)}")
    into.add(f"SET statement_timeout TO {into.number(order.hold_ms)}")
    rows.add_carry(into, rows.hot(into))
    rows.add_old_days(into, redesign.id, move.step)
    rows.add_guard(into, redesign.id, move.step)
    add_days(into, redesign.id, move.step)
    into.add(f"ALTER TABLE {into.table(move.schema, move.source)} RENAME TO {into.names(move.parked)}")
    into.add(f"ALTER TABLE {into.table(move.schema, move.target)} RENAME TO {into.names(move.source)}")
    objects.close(into, found, move.schema, move.parked)
    for view in found.views:
        objects.view(into, view)
    return into


def settle(redesign: Redesign, move: Move) -> str:
    """What was granted in the last second, writes that reached the old table all the same, and the inventory's diff.

    Returns:
        Key of the manifest.

    Raises:
        DataFault: something is not as it was; the message names it.
    """
    if redesign.kept(f"{move.step}-settled"):
        return f"{redesign.folder}{move.step}-settled.json"
    parked = inventory.read(redesign.warehouse, move.schema, move.parked, views=False)
    dress(redesign, replace(move, target=move.source), parked, take_back=False)
    found = inventory.read(redesign.warehouse, move.schema, move.source)
    rows = Rows(redesign.order, found.columns, move)
    healed = heal(redesign, rows)
    lost = inventory.differences(_expected(redesign, move, parked), found)
    if lost:
        raise DataFault(f"{redesign.key}: after the {move.step} the table is not what it was: {'; '.join(lost)}")
    return redesign.keep(
        f"{move.step}-settled", {"at": iso(redesign.clock()), "carried_days": healed, "differences": []}
    )


def heal(redesign: Redesign, rows: Rows) -> list[str]:
    """Carries over what a writer that waited during the swap wrote into the table under its new name.

    The parked table is compared with what it was in the instant of the swap. A day that changed there, and not in the
    table that has the name, is taken over whole.

    Raises:
        DataFault: a day changed in both; the message names it, and the parked table is kept.
    """
    move = rows.move
    older = {
        date.fromisoformat(day): Fingerprint.from_dict(t) for day, t in _attempt(redesign, move)["old_days"].items()
    }
    then = older | swapped_days(redesign, move.step)
    now = days(rows.totals_of(move.parked).fetch(redesign.warehouse))
    strays = differing(then, now)
    if not strays:
        return []
    named = days(rows.totals_of(move.source).fetch(redesign.warehouse))
    both = [day for day in strays if named.get(day) != then.get(day) and named.get(day) != now.get(day)]
    if both:
        raise DataFault(
            f"{redesign.key}: writes reached {move.schema}.{move.parked} after the {move.step}, on days that were "
            f"written in {move.source} too: {', '.join(map(str, both))}; compare them by key, see the runbook"
        )
    for day in strays:
        rows.take_over(redesign.id, day).execute(redesign.warehouse)
    return [day.isoformat() for day in strays]


def finish(redesign: Redesign, *, now: bool = False, abandon: bool = False) -> str:
    """Drops the table that is not used any more; returns the manifest's key.

    Args:
        redesign: the plan and the ports.
        now: do not wait for the days of watching.
        abandon: it was never swapped; drop what was built.

    Raises:
        NotNeeded: it is still watched.
        ContractViolation: it was never swapped, and `abandon` is not said.
    """
    steps = redesign.steps()
    if "finish" not in steps:
        if "swap" not in steps and not abandon:
            raise ContractViolation(f"{redesign.key}: it was not swapped; abandon it to drop what was built")
        swapped = "swap" in steps and "rollback" not in steps
        step = "rollback" if "rollback" in steps else "swap"
        if "swap" in steps and redesign.kept(f"{step}-settled") is None:
            raise ContractViolation(f"{redesign.key}: the {step} is not settled; run it again first")
        done: dict[str, Any] = redesign.kept("swap-done") or {}
        age = (redesign.clock() - from_iso(done["at"])).days if done else 0
        if swapped and not now and age < redesign.order.watch_days:
            raise NotNeeded(f"{redesign.key}: watched for {age} of {redesign.order.watch_days} days")
        into = Statements("finish")
        name = redesign.order.name + (BEFORE if swapped else SHADOW)
        into.add(f"DROP TABLE {into.table(redesign.order.schema, name)}")
        into.add(
            "INSERT INTO ops.redesigns (plan, paso, renglones, hecho) "
            f"VALUES ({into.value('plan', redesign.id)}, 'finish', 0, GETDATE())"
        )
        into.execute(redesign.warehouse)
    return redesign.keep("finished", {"at": iso(redesign.clock())})


def _expected(redesign: Redesign, move: Move, parked: Inventory) -> Inventory:
    """What the table had before the swap: the parked one lost the right to be written, the views were made anew."""
    before = _attempt(redesign, move)["inventory"]
    return replace(
        parked,
        views=inventory.views_of(before),
        grants=tuple(sorted({*parked.grants, *inventory.grants_of(before)})),
    )


def _attempt(redesign: Redesign, move: Move) -> dict[str, Any]:
    """What was known before the attempt that was made last, which is the one that was committed."""
    last = redesign.names(f"{move.step}-attempts")[-1]
    return redesign.kept(f"{move.step}-attempts/{last}") or {}
