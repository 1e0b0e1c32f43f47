"""The one path of alerts: a line to a person, over SNS. A rehearsal's alerts go to the rehearsal topic."""

# mypy: disallow-subclassing-any=False
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow.sdk.exceptions import AirflowFailException

from podemos.core.alert import plain_subject
from podemos.orchestration.ports import AWS, Ports


class Held(AirflowFailException):
    """The run was held on purpose, and its own notice is sent: no second alert for the failed task."""


def send(context: Mapping[str, Any], subject: str, body: str, attributes: Mapping[str, str] | None = None) -> None:
    """Publishes one notice.

    Args:
        context: the running task's.
        subject: one line; accents are dropped and it is cut to what SNS takes.
        body: what happened and what helps.
        attributes: for filters of subscriptions, beside `dag_id` and `rehearsal`.
    """
    from airflow.providers.amazon.aws.hooks.sns import SnsHook

    names = Ports(context).platform
    rehearsal = (context.get("params") or {}).get("rehearsal_seconds_per_hour") is not None
    SnsHook(aws_conn_id=AWS, region_name=names.region).publish_to_target(
        target_arn=names.topic_arn(rehearsal=rehearsal),
        subject=plain_subject(subject),
        message=body,
        message_attributes={"dag_id": context["dag"].dag_id, "rehearsal": str(rehearsal).lower()}
        | {name: value for name, value in (attributes or {}).items() if value},
    )


def task_failed(context: Mapping[str, Any]) -> None:
    """Tells that a task gave up after its retries. Quiet when the run was held on purpose."""
    error = context.get("exception")
    if isinstance(error, Held):
        return
    instance = context["ti"]
    where = f"{instance.dag_id}.{instance.task_id}" + (f"[{instance.map_index}]" if instance.map_index >= 0 else "")
    body = [f"{error}", "", f"run {instance.run_id}, attempt {instance.try_number}", f"{instance.log_url}"]
    send(context, f"{where} failed", "\n".join(body), {"task_id": instance.task_id})


def run_failed(context: Mapping[str, Any]) -> None:
    """Tells that a run took longer than its limit and was ended. Any other failure was told of by its task."""
    if context.get("reason") == "timed_out":
        dag, run_id = context["dag"], context["run_id"]
        body = f"run {run_id} took longer than {dag.dagrun_timeout}; what was unfinished is skipped. Clear it to go on."
        send(context, f"{dag.dag_id} took too long and was ended", body)


def watch() -> None:
    """Turns the run red when a batch of branches failed, without stopping the others; one alert for all of them.

    Raises:
        AirflowFailException: always; the task runs only when a batch failed.
    """
    raise AirflowFailException(
        "batches of branches failed (the red squares of `pull`); their branches keep their watermark and are pulled "
        "again by the next run; the others went on"
    )
