"""The stages of a night: which tasks each holds, what it may take, what it took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

BRANCHES = "branch_ingestion"
REPORT = "regulatory_report"
_WORKED = frozenset({"success", "failed"})
DONE = _WORKED | {"skipped", "upstream_failed", "removed"}


@dataclass(frozen=True)
class Stage:
    """A group of tasks of one DAG: ids, or prefixes that end in `_`. `budget` is in seconds on two cores."""

    name: str
    budget: int
    dag: str = ""
    tasks: tuple[str, ...] = ()

    def holds(self, task_id: str) -> bool:
        """Whether the task belongs to it."""
        return any(task_id == task or (task.endswith("_") and task_id.startswith(task)) for task in self.tasks)


START = Stage("start + migrate", 45)
SEED = Stage("seed", 20)
PULL = Stage("pull", 25, BRANCHES, ("plan", "pull"))
CURATE = Stage("curate", 50, BRANCHES, ("collect", "curate", "publish"))
LOAD = Stage("load + certify", 25, BRANCHES, ("prepare", "load_", "certify", "tell"))
SEAL = Stage("wait, seal, normalise", 35, REPORT, ("plan", "wait", "seal", "normalise"))
RECONCILE = Stage("reconcile", 15, REPORT, ("load", "second", "reconcile"))
GATE = Stage("gate", 25, REPORT, ("gate",))
BUILD = Stage("build", 25, REPORT, ("decide", "ask", "choose", "build", "hold"))
PUBLISH = Stage("publish + verify", 15, REPORT, ("publish", "deliver", "notify"))
ALL = (START, SEED, PULL, CURATE, LOAD, SEAL, RECONCILE, GATE, BUILD, PUBLISH)


@dataclass(frozen=True)
class Progress:
    """How far a stage is. `ended` is the instant its last task ended, None while one is open."""

    stage: Stage
    done: int
    total: int
    ended: datetime | None
    failed: tuple[str, ...] = ()


def progress(stage: Stage, tasks: Sequence[Mapping[str, Any]]) -> Progress:
    """How far a stage is, from the run's task instances."""
    own = [task for task in tasks if stage.holds(task["task_id"])]
    ends = [instant(task["end_date"]) for task in own if task["end_date"]]
    done = sum(task["state"] in DONE for task in own)
    finished = bool(own) and done == len(own)
    failed = tuple(sorted({task["task_id"] for task in own if task["state"] == "failed"}))
    return Progress(stage, done, len(own), max(ends, default=None) if finished else None, failed)


def seconds(dag: str, started: datetime, tasks: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Stage name -> wall time from the end of the stage before it in the same run.

    Stages that have not ended, or whose tasks were all skipped, are left out.
    """
    found: dict[str, float] = {}
    before = started
    for stage in ALL:
        if stage.dag != dag:
            continue
        ended = progress(stage, tasks).ended
        if ended is None or not any(stage.holds(task["task_id"]) and task["state"] in _WORKED for task in tasks):
            continue
        found[stage.name] = max(0.0, (ended - before).total_seconds())
        before = max(before, ended)
    return found


def instant(text: str) -> datetime:
    """An instant as the REST API writes it."""
    return datetime.fromisoformat(text)
