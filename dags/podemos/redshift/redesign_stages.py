"""The stages of a redesign, as tasks hand them on by the plan's key."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from podemos.core import manifest
from podemos.core.clock import Clock
from podemos.core.errors import ContractViolation, NotNeeded
from podemos.core.store import ObjectStore
from podemos.redshift import redesign_build, redesign_swap, redesign_watch
from podemos.redshift.redesign_build import opened
from podemos.redshift.redesign_ledger import PREFIX
from podemos.redshift.redesign_target import Order
from podemos.warehouse.port import DataApi

log = logging.getLogger(__name__)
SWAP_MINUTES = 45


def plan(*, warehouse: DataApi, lake: ObjectStore, clock: Clock, redesign: Mapping[str, Any]) -> str:
    """Plans what the form asks for, or finds the redesign that goes on; returns the plan's key.

    A dry run writes nothing: inventory, months and DDL stand in the log.

    Raises:
        NotNeeded: a dry run, or there is nothing to go on with.
        ContractViolation: the order does not fit, or several redesigns are open and none is named.
    """
    if redesign.get("plan"):
        return str(redesign["plan"])
    if redesign.get("order"):
        given = redesign["order"]
        order = Order.from_dict(json.loads(given) if isinstance(given, str) else given)
        found = redesign_build.plan(order, warehouse=warehouse, lake=lake, clock=clock, dry_run=redesign["dry_run"])
        for line in (found["ddl"], *found["inventory"]["notes"], f"rows by month: {found['months']}"):
            log.info("%s", line)
        if redesign["dry_run"]:
            raise NotNeeded("a dry run: nothing was written; what would be done stands above")
        return str(found["key"])
    keys = [key for key in _open(lake) if manifest.read(lake, key)]
    if not keys:
        raise NotNeeded("no redesign is open")
    if len(keys) > 1:
        raise ContractViolation(f"several redesigns are open, name one as `plan`: {', '.join(keys)}")
    return keys[0]


def route(plan_key: str, *, redesign: Mapping[str, Any]) -> str:
    """What is to be done with it: `go_on`, `rollback` or `finish`."""
    return str(redesign.get("action") or "go_on")


def build(plan_key: str, *, warehouse: DataApi, lake: ObjectStore, clock: Clock, window: timedelta) -> str:
    """Creates, copies by month, catches up and verifies, as far as the window allows; returns the plan's key.

    Raises:
        NotNeeded: the window is over; the next run goes on from there.
    """
    redesign_build.build(opened(plan_key, warehouse=warehouse, lake=lake, clock=clock), clock() + window)
    return plan_key


def swap(plan_key: str, *, warehouse: DataApi, lake: ObjectStore, clock: Clock) -> str:
    """Gives the new table the name in one short transaction, which gives up rather than let readers wait.

    Raises:
        SourceUnavailable: the locks could not be had; everything is as it was.
        DataFault: afterwards something is not as it was; the message names it.
    """
    found = opened(plan_key, warehouse=warehouse, lake=lake, clock=clock)
    redesign_swap.swap(found, clock() + timedelta(minutes=SWAP_MINUTES))
    return plan_key


def watch(plan_key: str, *, warehouse: DataApi, lake: ObjectStore, clock: Clock) -> str:
    """Measures the reports, the skew and the order of the new table, and holds them to what was predicted.

    Raises:
        DataFault: a report got slower; roll back, or find out why.
    """
    found = opened(plan_key, warehouse=warehouse, lake=lake, clock=clock)
    for line in redesign_watch.status(found):
        log.info("%s", line)
    return redesign_watch.watch(found)


def rollback(plan_key: str, *, warehouse: DataApi, lake: ObjectStore, clock: Clock) -> str:
    """Gives the old table the name back, with everything that was written since."""
    found = opened(plan_key, warehouse=warehouse, lake=lake, clock=clock)
    return redesign_swap.rollback(found, clock() + timedelta(minutes=SWAP_MINUTES))


def finish(plan_key: str, *, warehouse: DataApi, lake: ObjectStore, clock: Clock) -> str:
    """Drops the table that is not used any more, when its days of watching are over."""
    return redesign_swap.finish(opened(plan_key, warehouse=warehouse, lake=lake, clock=clock))


def question(plan_key: str, *, lake: ObjectStore) -> str | None:
    """What a person is asked before the swap; None when it was answered before.

    Raises:
        ContractViolation: it is not verified.
    """
    folder = plan_key.removesuffix("plan.json")
    if lake.head(f"{folder}approval.json") is not None:
        return None
    if lake.head(f"{folder}verified.json") is None:
        raise ContractViolation(f"{plan_key}: it is not verified")
    planned, verified = manifest.read(lake, plan_key)[0], manifest.read(lake, f"{folder}verified.json")[0]
    rows = sum(month["count"] for month in verified["months"].values())
    lines = [
        f"**{planned['order']['table']}**: the new design is built and equal in {rows:,} rows of "
        f"{len(verified['months'])} months (rows, cents, fingerprint); the reports' results are equal.",
        "",
        "| report | now | new design |",
        "|---|---|---|",
        *(f"| {name} | {t['before']} ms | {t['after']} ms |" for name, t in verified["reports"].items()),
        "",
        "```sql",
        planned["ddl"],
        "```",
        "",
        "The swap waits for its locks for seconds at most, and can be rolled back with what is written since.",
    ]
    return "\n".join(lines)


def _open(lake: ObjectStore) -> list[str]:
    """Keys of every plan that was begun and is not finished."""
    folders: dict[str, set[str]] = {}
    for info in lake.list(f"{PREFIX}/"):
        folder, _, name = info.key.rpartition("/")
        folders.setdefault(folder, set()).add(name)
    return [
        f"{folder}/plan.json"
        for folder, names in sorted(folders.items())
        if {"plan.json", "created.json"} <= names and "finished.json" not in names
    ]
