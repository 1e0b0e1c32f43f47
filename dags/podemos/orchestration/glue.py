"""Glue jobs as deferrable tasks. The jobs exist: the deployment creates them with the scripts of its release."""

# mypy: disallow-subclassing-any=False
from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.amazon.aws.operators.glue import GlueJobOperator
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from podemos.branches import carry
from podemos.orchestration.defaults import POLL_SECONDS
from podemos.orchestration.ports import AWS, Ports

DOC = """Runs the Glue job over the plan: one winner per key, UTC and accounting day, orphans into quarantine.

A plan without anything new is skipped. The job's log is linked from the task. A retry waits for a job that still runs
instead of starting another.
"""


class CurateBranches(GlueJobOperator):
    """Runs the curation job over one plan. A retry finds the running job and waits for it instead of starting another.

    Args:
        plan_key: the plan's manifest key.
        limit: a job that runs longer fails the task.
    """

    template_fields = (*GlueJobOperator.template_fields, "plan_key")

    def __init__(self, *, plan_key: Any, limit: timedelta = timedelta(minutes=60), **settings: Any) -> None:
        super().__init__(
            aws_conn_id=AWS,
            deferrable=True,
            waiter_delay=POLL_SECONDS,
            waiter_max_attempts=int(limit.total_seconds()) // POLL_SECONDS,
            resume_glue_job_on_retry=True,
            stop_job_run_on_kill=True,
            **{"doc_md": DOC} | settings,
        )
        self.plan_key = plan_key

    def execute(self, context: Any) -> Any:
        """Starts the job, or finds it running, and defers.

        Raises:
            AirflowSkipException: the plan has its result.
        """
        ports = Ports(context)
        if ports.call(carry.curated, self.plan_key):
            raise AirflowSkipException(f"{self.plan_key} has its result: nothing to curate")
        names = ports.platform
        self.job_name, self.region_name = names.curate_job, names.region
        if not self.hook.has_job(self.job_name):
            raise AirflowFailException(f"Glue job {self.job_name!r} does not exist; deploy this release's jobs")
        self.script_args = {
            "--lake_bucket": names.lake_bucket,
            "--plan_key": self.plan_key,
            "--attempt": str(context["ti"].try_number),
        }
        return super().execute(context)
