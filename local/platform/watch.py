"""Follows runs of DAGs through the REST API, and gives dead components of Airflow a new life meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from local.platform import stages
from local.platform.rest import Airflow, AirflowDown, AirflowRefused
from local.platform.show import Show
from local.platform.stack import Stack

PATIENCE_SECONDS = 180.0
"""Airflow may be silent so long while it is started again."""


@dataclass
class Run:
    """One run and its latest known task instances."""

    dag_id: str
    run_id: str
    state: str = "queued"
    started: datetime | None = None
    tasks: list[dict[str, Any]] = field(default_factory=list)

    @property
    def ended(self) -> bool:
        """Whether it is over, well or not."""
        return self.state in ("success", "failed")

    @property
    def loaded(self) -> bool:
        """Whether its load tasks have ended; a run that is over has no open task."""
        loads = [task["state"] in stages.DONE for task in self.tasks if task["task_id"].startswith("load_")]
        return self.ended or (bool(loads) and all(loads))

    def seconds(self) -> dict[str, float]:
        """What its stages took."""
        return stages.seconds(self.dag_id, self.started, self.tasks) if self.started else {}

    def failures(self) -> list[dict[str, Any]]:
        """Task instances that failed by themselves, first one first."""
        failed = [task for task in self.tasks if task["state"] == "failed"]
        return sorted(failed, key=lambda task: task["end_date"] or "")


class Watch:
    """Polls until told to stop.

    Attributes:
        revives: whether dead components are started again; while not, Airflow's silence is nothing to end for.
    """

    def __init__(self, stack: Stack, show: Show, *, timeout_seconds: float, every: float = 1.5) -> None:
        self._stack, self._show, self._every = stack, show, every
        self._deadline = time.monotonic() + timeout_seconds
        self._silent_since: float | None = None
        self.runs: list[Run] = []
        self.revives = True

    def trigger(self, dag_id: str, conf: Mapping[str, Any]) -> Run:
        """Start a run and follow it."""
        run = Run(dag_id, self._stack.airflow.trigger(dag_id, conf))
        self.runs.append(run)
        self._show.line(f"{dag_id} started: {self._stack.settings.airflow_url}/dags/{dag_id}/runs/{run.run_id}")
        return run

    def until(self, condition: Callable[[], bool]) -> None:
        """Poll until the condition holds.

        Raises:
            TimeoutError: the night takes longer than its limit.
            AirflowDown: it does not answer, even after its components were started again.
        """
        while True:
            self._poll()
            if condition():
                return
            if time.monotonic() > self._deadline:
                raise TimeoutError("the night is not over within night.timeout_seconds of include/config/local.yaml")
            time.sleep(self._every)

    def _poll(self) -> None:
        for name in self._stack.revive() if self.revives else ():
            self._show.line(f"{name} had died and was started again")
        try:
            for run in self.runs:
                if not run.ended:
                    refresh(self._stack.airflow, run)
                    for stage in stages.ALL:
                        if stage.dag == run.dag_id:
                            self._show.stage(stages.progress(stage, run.tasks))
            self._silent_since = None
        except (AirflowDown, AirflowRefused) as silence:
            if isinstance(silence, AirflowRefused) and silence.status < 500:
                raise
            self._silent_since = self._silent_since or time.monotonic()
            if self.revives and time.monotonic() - self._silent_since > PATIENCE_SECONDS:
                raise


def refresh(airflow: Airflow, run: Run) -> None:
    """Ask for the run's state and tasks; the state first, so that an ended run has its last tasks."""
    about = airflow.run(run.dag_id, run.run_id)
    run.tasks = airflow.tasks(run.dag_id, run.run_id)
    run.state = about["state"]
    run.started = stages.instant(about["start_date"]) if about["start_date"] else None


def reason(airflow: Airflow, run: Run, task: Mapping[str, Any]) -> str:
    """Why a task failed, in one line: the last error of its log."""
    events = airflow.events(run.dag_id, run.run_id, task["task_id"], task["try_number"], task["map_index"])
    for event in reversed(events):
        for problem in reversed(event.get("error_detail") or []):
            text = " ".join(str(problem.get("exc_value", "")).split())
            return text or str(problem.get("exc_type"))
    errors = [event for event in events if str(event.get("level", "")).lower() in ("error", "critical")]
    return " ".join(str(errors[-1].get("event", "")).split()) if errors else "no error in its log"


def log_path(stack: Stack, run: Run, task: Mapping[str, Any]) -> Path:
    """The task's log file."""
    mapped = f"map_index={task['map_index']}" if task["map_index"] >= 0 else ""
    folder = stack.settings.state / "airflow" / "logs" / f"dag_id={run.dag_id}" / f"run_id={run.run_id}"
    return folder / f"task_id={task['task_id']}" / mapped / f"attempt={task['try_number']}.log"
