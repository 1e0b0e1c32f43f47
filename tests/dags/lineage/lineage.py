"""The report's first stages; tests/dags/test_lineage.py runs them in a process with OpenLineage's listener."""

from __future__ import annotations

from airflow.sdk import dag

from podemos.orchestration.stage import stage
from podemos.regulatory.normalise import normalise
from podemos.regulatory.seal import seal


def arrivals() -> list[str]:
    """What the sensors said."""
    return ["cajeros:arrived"]


def publish(key: str) -> str:
    """A version's manifest."""
    return "reports/2026-11-19/v1/manifest.json"


@dag(schedule=None, params={"business_date": "2026-11-19"})
def lineage():
    normalised = stage(normalise)(stage(seal)(stage(arrivals, task_id="arrivals")()))
    stage(publish, task_id="publish")(normalised)


lineage()
