"""Glue jobs as deferrable tasks. The jobs exist: the deployment creates them with the scripts of its release."""

# mypy: disallow-subclassing-any=False
from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

from airflow.providers.amazon.aws.operators.glue import GlueJobOperator
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from podemos.branches import carry
from podemos.contracts.platform import Platform
from podemos.mobile import plan
from podemos.orchestration.defaults import POLL_SECONDS
from podemos.orchestration.ports import AWS, Ports

BRANCHES = """Runs the Glue job over the plan: one winner per key, UTC and accounting day, orphans into quarantine.

A plan without anything new is skipped. The job's log is linked from the task. A retry waits for a job that still runs
instead of starting another.
"""
MOBILE = """Runs the Glue job over a plan that is too big for a worker: exact merge against the index, parquet by day.

Any other plan is skipped. A retry waits for a job that still runs instead of starting another.
"""


class PlannedJob(GlueJobOperator):
    """Runs a job over one plan. A retry finds the running job and waits for it instead of starting another.

    Args:
        plan_key: the plan's manifest key.
        limit: a job that runs longer fails the task.
    """

    template_fields = (*GlueJobOperator.template_fields, "plan_key")
    page: ClassVar[str]

    def __init__(self, *, plan_key: Any, limit: timedelta = timedelta(minutes=60), **settings: Any) -> None:
        super().__init__(
            aws_conn_id=AWS,
            deferrable=True,
            waiter_delay=POLL_SECONDS,
            waiter_max_attempts=int(limit.total_seconds()) // POLL_SECONDS,
            resume_glue_job_on_retry=True,
            stop_job_run_on_kill=True,
            **{"doc_md": self.page} | settings,
        )
        self.plan_key = plan_key

    def named(self, names: Platform) -> str:
        """The job's name."""
        raise NotImplementedError

    def finished(self) -> Callable[..., bool]:
        """Of the library: whether the plan needs no job (any more)."""
        raise NotImplementedError

    def execute(self, context: Any) -> Any:
        """Starts the job, or finds it running, and defers.

        Raises:
            AirflowSkipException: the plan has its result, or is not for this job.
        """
        ports = Ports(context)
        if ports.call(self.finished(), self.plan_key):
            raise AirflowSkipException(f"{self.plan_key} has its result, or is not for this job")
        names = ports.platform
        self.job_name, self.region_name = self.named(names), names.region
        if not self.hook.has_job(self.job_name):
            raise AirflowFailException(f"Glue job {self.job_name!r} does not exist; deploy this release's jobs")
        self.script_args = {
            "--lake_bucket": names.lake_bucket,
            "--plan_key": self.plan_key,
            "--attempt": str(context["ti"].try_number),
        }
        return super().execute(context)


class CurateBranches(PlannedJob):
    """The curation of the branches."""

    page = BRANCHES

    def named(self, names: Platform) -> str:
        """Of platform.yaml."""
        return names.curate_job

    def finished(self) -> Callable[..., bool]:
        """A plan that has its result."""
        return carry.curated


class CompactMobile(PlannedJob):
    """The compaction of mobile events."""

    page = MOBILE

    def named(self, names: Platform) -> str:
        """Of platform.yaml."""
        return names.compact_job

    def finished(self) -> Callable[..., bool]:
        """A plan that has its result, or is a worker's."""
        return plan.compacted
