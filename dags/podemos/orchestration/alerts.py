"""The one path of alerts: a line to a person, over SNS. A rehearsal's alerts go to the rehearsal topic."""

# mypy: disallow-subclassing-any=False
from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from airflow.sdk.exceptions import AirflowFailException

from podemos.core.alert import Alert, Level, plain_subject, tell
from podemos.core.errors import PodemosError
from podemos.orchestration.night import has_night
from podemos.orchestration.ports import AWS, Ports
from podemos.regulatory import keys

STANDS = (
    "the night stands still here until the task is cleared; from 05:00 the watchdog runs it outside Airflow by the "
    "second engine."
)
ASIDE = {
    "load": "the second engine goes on alone, if the policy allows it.",
    "forecast": "nothing; there is no forecast at 04:30.",
    "missed": "nothing; earlier days were not looked at.",
    "notify": "nothing; the report is out, and nobody was told.",
}
"""What it means when a task fails that the chain does not need."""


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


def _tell(context: Mapping[str, Any], alert: Alert) -> None:
    """First or repeat, by what lies with the night, or with the run."""
    ports = Ports(context)
    folder = f"alerts/{context['dag'].dag_id}/{context['run_id']}/"
    if has_night(context):
        with suppress(PodemosError):  # a run whose params name no night has its own folder
            folder = keys.night_folder(ports.night)
    tell(alert, folder, lake=ports.lake, send=partial(send, context))


def task_failed(context: Mapping[str, Any]) -> None:
    """Tells that a task gave up after its retries. Quiet when the run was held on purpose."""
    error = context.get("exception")
    if isinstance(error, Held):
        return
    instance = context["ti"]
    task = instance.task_id + (f"[{instance.map_index}]" if instance.map_index >= 0 else "")
    body = [f"{error}", "", f"run {instance.run_id}, attempt {instance.try_number}", f"{instance.log_url}"]
    night = has_night(context)
    alert = Alert(
        condition=f"task-{task}",
        subject=f"{instance.dag_id}.{task} failed",
        text="\n".join(body),
        level=Level.CRITICAL if night and instance.task_id not in ASIDE else Level.WARNING,
        owner=str(getattr(context.get("task"), "owner", "data-platform")),
        meaning=ASIDE.get(instance.task_id, STANDS) if night else "nothing by itself; the report takes what is proven.",
        runbook=f"docs/runbooks/{instance.dag_id}.md" + ("#a-stage-failed" if night else ""),
        facts={"task_id": instance.task_id},
    )
    _tell(context, alert)


def run_failed(context: Mapping[str, Any]) -> None:
    """Tells that a run took longer than its limit and was ended. Any other failure was told of by its task."""
    if context.get("reason") == "timed_out":
        dag, run_id = context["dag"], context["run_id"]
        night = has_night(context)
        alert = Alert(
            condition="run-too-long",
            subject=f"{dag.dag_id} took too long and was ended",
            text=f"run {run_id} took longer than {dag.dagrun_timeout}; the rest is skipped. Clear it to go on.",
            level=Level.CRITICAL if night else Level.WARNING,
            owner=str(getattr(dag, "default_args", {}).get("owner", "data-platform")),
            meaning="it has long passed." if night else "nothing by itself; the report takes what is proven.",
            runbook=f"docs/runbooks/{dag.dag_id}.md",
        )
        _tell(context, alert)


def watch() -> None:
    """Turns the run red when a batch of branches failed, without stopping the others; one alert for all of them.

    Raises:
        AirflowFailException: always; the task runs only when a batch failed.
    """
    raise AirflowFailException(
        "batches of branches failed (the red squares of `pull`); their branches keep their watermark and are pulled "
        "again by the next run; the others went on"
    )
