"""A DAG of stages over small functions; tests/dags/test_stage.py runs it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

from airflow.sdk import Asset, TriggerRule, dag

from podemos.contracts.platform import Platform
from podemos.core.errors import DataFault
from podemos.core.night import Night
from podemos.orchestration import alerts
from podemos.orchestration.assets import CORRECCIONES
from podemos.orchestration.stage import choice, stage

PROOF = Asset(name="proof", uri="podemos://tests/proof")


def ids(*, platform: Platform) -> list[str]:
    """Ids to map over; the first shows the platform's region."""
    return [platform.region, "b", "broken"]


def look(item: str, night: Night, *, business_date: date, owner: str, pilot: int | None = 7) -> str:
    """Tells what it was given."""
    if item == "broken":
        raise DataFault("b.csv, row 3: monto is 'x'; ask the source to deliver again")
    return json.dumps([item, f"{night.business_date}", f"{business_date}", owner, pilot])


def gather(keys: list[str], *, limit: int = 3) -> str:
    """Tells what the mapped tasks returned, and its type."""
    return json.dumps([type(keys).__name__, [json.loads(key) for key in keys], limit])


def verdict(key: str) -> str:
    """How it ended."""
    return "partial"


def correct(days: str, *, announce: Callable[[dict[str, Any]], None]) -> str:
    """Announces each of the days."""
    for day in days.split():
        announce({"business_date": day})
    return days


@dag(
    schedule=None,
    params={"business_date": "2026-11-19", "rehearsal_seconds_per_hour": 60},
    default_args={"on_failure_callback": alerts.task_failed},
)
def small():
    looked = stage(look, task_id="look", retries=2).expand(item=stage(ids, task_id="ids")())
    gathered = stage(gather, task_id="gather", trigger_rule=TriggerRule.ALL_DONE, outlets=[PROOF])(looked)
    stage(correct, task_id="correct", outlets=[CORRECCIONES])("2026-11-16 2026-11-17")
    stage(correct, task_id="correct_none", outlets=[CORRECCIONES])("")
    chosen = choice(verdict, {"partial": "left", "hold": "right"}, task_id="choose")(gathered)
    chosen >> [stage(verdict, task_id="left")(gathered), stage(verdict, task_id="right")(gathered)]


small()
