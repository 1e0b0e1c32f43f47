"""Spark's event log, summed up: which jobs a run launched, what for, and how long they took."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_EXECUTION, _DESCRIPTION = "spark.sql.execution.id", "spark.job.description"


@dataclass
class Work:
    """Jobs of one purpose. `busy_s` is the time of their tasks, `wall_s` from submission to end, added up."""

    jobs: int = 0
    stages: int = 0
    tasks: int = 0
    wall_s: float = 0.0
    busy_s: float = 0.0


def by_purpose(folder: Path) -> dict[str, Work]:
    """The jobs of the folder's one event log by what `curate` says that they are for.

    A job that fills a broadcast names itself; it belongs to the statement that needs it.
    """
    (log,) = folder.iterdir()
    events = list(_events(log))
    jobs = [event for event in events if event["Event"] == "SparkListenerJobStart"]
    named = {}
    for job in jobs:
        about = job["Properties"]
        if not about.get(_DESCRIPTION, "").startswith("broadcast exchange"):
            named[about.get(_EXECUTION)] = about.get(_DESCRIPTION, "zone table")
    ends = {event["Job ID"]: event["Completion Time"] for event in events if event["Event"] == "SparkListenerJobEnd"}
    busy: dict[int, float] = {}
    tasks: dict[int, int] = {}
    for event in events:
        if event["Event"] == "SparkListenerTaskEnd":
            stage = event["Stage ID"]
            busy[stage] = busy.get(stage, 0.0) + event["Task Metrics"]["Executor Run Time"] / 1000
            tasks[stage] = tasks.get(stage, 0) + 1
    found: dict[str, Work] = {}
    for job in jobs:
        work = found.setdefault(named.get(job["Properties"].get(_EXECUTION), "other"), Work())
        ran = [stage for stage in job["Stage IDs"] if stage in tasks]
        work.jobs += 1
        work.stages += len(ran)
        work.tasks += sum(tasks[stage] for stage in ran)
        work.busy_s += sum(busy.pop(stage, 0.0) for stage in ran)
        work.wall_s += (ends[job["Job ID"]] - job["Submission Time"]) / 1000
    return found


def _events(log: Path) -> Iterator[dict[str, Any]]:
    with log.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
