"""AWS Lambda: looks at tonight's report from outside Airflow. The logic is `podemos.regulatory.watchdog`.

EventBridge Scheduler wakes it at 05:00, 05:30, 05:50 and 06:00 (America/Mexico_City) with the input
`{"time": "<aws.scheduler.scheduled-time>"}`: a delivery that comes late still looks at its own instant. The package is
`podemos` and `zones.csv`; it needs nothing that the Lambda runtime lacks.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import boto3

from podemos.core.alert import plain_subject
from podemos.core.errors import ContractViolation
from podemos.core.night import Night
from podemos.core.store import S3Store
from podemos.core.zones import zone_table
from podemos.regulatory import watchdog
from podemos.regulatory.runner import Fargate, FargateSettings, Runner

logging.getLogger().setLevel(logging.INFO)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """From the function's environment; `podemos.contracts.function` writes it from the configuration."""

    lake_bucket: str
    reports_bucket: str
    alerts_topic_arn: str
    rehearsal_topic_arn: str
    channels: tuple[str, ...]
    fargate: FargateSettings

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Settings:
        """The settings.

        Raises:
            ContractViolation: a variable is missing or empty.
        """

        def one(name: str) -> str:
            if not environment.get(name):
                raise ContractViolation(f"the watchdog's environment variable {name} is not set; deploy it again")
            return environment[name]

        def many(name: str) -> tuple[str, ...]:
            return tuple(one(name).split(","))

        return cls(
            one("LAKE_BUCKET"),
            one("REPORTS_BUCKET"),
            one("ALERTS_TOPIC_ARN"),
            one("REHEARSAL_TOPIC_ARN"),
            many("CHANNELS"),
            FargateSettings(
                one("CLUSTER"), one("TASK_DEFINITION"), one("CONTAINER"), many("SUBNETS"), many("SECURITY_GROUPS")
            ),
        )


def handler(event: Mapping[str, Any], _context: Any) -> dict[str, Any]:
    """One look; returns what it came to.

    Args:
        event: `time`, the instant it was woken for; of a rehearsal also `night`: `business_date`, `start`,
            `seconds_per_hour`.
    """
    return wake(event, os.environ)


def wake(event: Mapping[str, Any], environment: Mapping[str, str], runner: Runner | None = None) -> dict[str, Any]:
    """The same, with another environment and another place where the runner runs."""
    settings, at = Settings.of(environment), datetime.fromisoformat(event["time"]).astimezone(UTC)
    night, s3 = night_of(event, at), boto3.client("s3")
    topic = settings.rehearsal_topic_arn if night.rehearsal else settings.alerts_topic_arn
    seen = watchdog.look(
        night,
        at,
        lake=S3Store(s3, settings.lake_bucket),
        reports=S3Store(s3, settings.reports_bucket),
        channels=settings.channels,
        runner=runner or Fargate(boto3.client("ecs"), settings.fargate),
        send=partial(_send, topic),
    )
    log.info("%s", seen)
    return seen.to_dict()


def night_of(event: Mapping[str, Any], at: datetime) -> Night:
    """The night that `at` belongs to: of the business day before, in Mexico City; or the rehearsal of the event."""
    if given := event.get("night"):
        start = datetime.fromisoformat(given["start"]).astimezone(UTC)
        return Night(date.fromisoformat(given["business_date"]), start, int(given["seconds_per_hour"]))
    return Night.scheduled(zone_table().accounting_day(at) - timedelta(days=1))


def _send(topic: str, subject: str, body: str, attributes: Mapping[str, str]) -> None:
    boto3.client("sns").publish(
        TopicArn=topic,
        Subject=plain_subject(subject),
        Message=body,
        MessageAttributes={
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items() if value
        },
    )
