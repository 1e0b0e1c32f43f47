"""Deadlines of a night: a warning while something can still be done, and another when it is nearly too late."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from airflow.sdk.definitions.callback import AsyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert
from podemos_deadlines import NightClock  # type: ignore[import-not-found]  # plugins/, on every component's path

from podemos.contracts.platform import platform
from podemos.orchestration.ports import AWS

NOTIFIER: Final = "podemos_notices.TopicNotifier"
WARNINGS: Final = ("05:30", "05:55")


def before_six(runbook: str) -> list[Any]:
    """Alerts at 05:30 and 05:55 unless the run has succeeded; for rehearsals in compressed time, on their own topic.

    Args:
        runbook: where the operator reads on.
    """
    names = platform()
    topics = {"alerts_topic_arn": names.alerts_topic_arn, "rehearsal_topic_arn": names.rehearsal_topic_arn}
    return [
        DeadlineAlert(
            name=f"{clock} rehearsal" if topic == "rehearsal_topic_arn" else clock,
            reference=NightClock(clock, topic == "rehearsal_topic_arn"),
            interval=timedelta(0),
            callback=AsyncCallback(
                NOTIFIER,
                kwargs={
                    "topic": topic,
                    "target_arn": arn,
                    "quiet_arn": names.rehearsal_topic_arn,
                    "aws_conn_id": AWS,
                    "region_name": names.region,
                    "subject": f"{{{{ dag_run.dag_id }}}} is not finished at {clock}; due at 06:00",
                    "message": (
                        f"Run {{{{ dag_run.dag_run_id }}}} is {{{{ dag_run.state }}}} at {clock} of the night "
                        f"({{{{ deadline.deadline_time }}}}). Runbook: {runbook}"
                    ),
                    "message_attributes": {"deadline": clock},
                },
            ),
        )
        for clock in WARNINGS
        for topic, arn in topics.items()
    ]
