"""What every DAG states: no catch-up, one run at a time, retries that back off, time limits, an alert on failure."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from podemos.orchestration import alerts, schedules

RETRIES: Final = 3
"""At least two on a deferrable task: a trigger that fires within a second or two of the deferral can fail the task
although the work succeeded, so every such task is safe to repeat and is repeated."""

PATIENT: Final[dict[str, Any]] = {
    "retries": 8,
    "retry_delay": timedelta(minutes=1),
    "max_retry_delay": timedelta(minutes=10),
}
"""Attempts over three quarters of an hour, for a task that waits for the warehouse as long as the policy does."""

POLL_SECONDS: Final = 5
"""Never less on a deferrable task, for the same reason."""


def scheduled(
    *, owner: str, run_limit: timedelta, task_limit: timedelta = timedelta(minutes=20), **of_tasks: Any
) -> dict[str, Any]:
    """Keyword arguments of `@dag`.

    Args:
        owner: the team that answers.
        run_limit: a run that takes longer is failed, so that the next one can start.
        task_limit: time one attempt of a task may execute (a deferred wait is limited by its trigger instead).
        of_tasks: what every task of the DAG has beside.
    """
    return {
        "start_date": schedules.GO_LIVE,
        "catchup": False,
        "max_active_runs": 1,
        "dagrun_timeout": run_limit,
        "on_failure_callback": alerts.run_failed,
        "default_args": {
            "owner": owner,
            "retries": RETRIES,
            "retry_delay": timedelta(seconds=10),
            "retry_exponential_backoff": True,
            "max_retry_delay": timedelta(minutes=5),
            "execution_timeout": task_limit,
            "on_failure_callback": alerts.task_failed,
        }
        | of_tasks,
    }
