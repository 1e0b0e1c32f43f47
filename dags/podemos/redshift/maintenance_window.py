"""The stages of a maintenance window, as tasks hand them on by key: diagnose, plan, run, verify."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import timedelta

from podemos.core.clock import Clock, from_iso, iso
from podemos.core.errors import DataFault, NotNeeded
from podemos.core.store import ObjectStore
from podemos.redshift import diagnose as questions
from podemos.redshift import kept
from podemos.redshift.maintenance import plan as planned
from podemos.redshift.maintenance_facts import DAYS, read
from podemos.redshift.maintenance_page import plan_lines
from podemos.redshift.maintenance_run import LEAST_LEFT, PREFIX, Effect, keep, without_effect
from podemos.redshift.maintenance_run import run as passed
from podemos.redshift.probe import probe
from podemos.warehouse.port import DataApi

log = logging.getLogger(__name__)


def diagnose(*, warehouse: DataApi, lake: ObjectStore, clock: Clock) -> str:
    """Asks the five questions and keeps the history beyond the warehouse's seven days; returns its key.

    What got slower stands in the log: the runbook begins with it.
    """
    now = clock()
    found = questions.diagnose(warehouse, now - timedelta(days=DAYS))
    for line in questions.lines(found):
        log.info("%s", line)
    return kept.keep(lake, found.history, iso(now))


def plan(look_key: str, *, warehouse: DataApi, lake: ObjectStore, clock: Clock, window: timedelta) -> str:
    """Plans the window, which begins now, and says why the other tables are left alone; returns the plan's key.

    Args:
        look_key: of the diagnosis.
        warehouse: where.
        lake: for the plan, and for what earlier windows found out.
        clock: tells the time.
        window: how long.
    """
    now = clock()
    seen = probe(warehouse, (now - timedelta(days=DAYS)).strftime("%Y-%m-%d %H:%M:%S"))
    denied = without_effect(lake, now.date())
    found = planned(read(warehouse, seen.dialect, now, window, denied), window.total_seconds())
    for line in [*plan_lines(found), *(f"cannot see: {note}" for note in seen.cannot_see)]:
        log.info("%s", line)
    document = {
        "diagnosis": look_key,
        "views": seen.dialect,
        "cannot_see": list(seen.cannot_see),
        "stop": iso(now + window),
        "denied": sorted(denied),
        **found.to_dict(),
    }
    key = f"{PREFIX}-plans/{iso(now)[:10]}/{iso(now)}.json"
    lake.put_new(key, json.dumps(document, ensure_ascii=False, indent=1).encode(), "application/json")
    return key


def run(plan_key: str, *, warehouse: DataApi, lake: ObjectStore, clock: Clock) -> str:
    """Runs what pays, one statement at a time, until the plan's window ends; returns the window's key.

    A second attempt has the rest of the window. It reads the facts anew, so that what the first one did is not done
    again, and a vacuum of the first one that still runs is left to end.

    Raises:
        NotNeeded: the window is over.
    """
    document = json.loads(lake.get(plan_key))
    left = from_iso(document["stop"]) - clock()
    if left.total_seconds() <= LEAST_LEFT:
        raise NotNeeded(f"the window of {plan_key} is over")
    window = passed(
        lambda seconds: replace(warehouse, timeout_seconds=seconds),
        document["views"],
        clock,
        left,
        frozenset(document["denied"]),
    )
    return keep(lake, window)


def verify(window_key: str, *, lake: ObjectStore) -> str:
    """Holds each statement to what the warehouse's history says of it; returns the window's key.

    Raises:
        DataFault: one had no effect, or was refused; the message names the tables.
    """
    done = json.loads(lake.get(window_key))["done"]
    for one in done:
        action = one["action"]
        log.info(
            "%s: %s.%s %s: predicted %.0f s, measured %s",
            *(one["effect"], action["schema"], action["name"], action["form"], action["predicted"], one["measured"]),
        )
    if bad := [one for one in done if one["effect"] in (Effect.NO_EFFECT, Effect.REFUSED)]:
        names = ", ".join(f"{d['action']['schema']}.{d['action']['name']} ({d['effect']}: {d['note']})" for d in bad)
        raise DataFault(f"{window_key}: {names}; see docs/runbooks/redshift_maintenance.md")
    return window_key
