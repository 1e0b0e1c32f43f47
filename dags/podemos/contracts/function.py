"""What the watchdog's Lambda is told, as environment variables: it cannot read YAML."""

from __future__ import annotations

from podemos.contracts.delivery import Delivery
from podemos.contracts.platform import Platform


def watchdog_environment(platform: Platform, delivery: Delivery) -> dict[str, str]:
    """The variables of `include/functions/watchdog/handler.py`, by name."""
    task = platform.contingency
    return {
        "LAKE_BUCKET": platform.lake_bucket,
        "REPORTS_BUCKET": platform.reports_bucket,
        "ALERTS_TOPIC_ARN": platform.topic_arn(rehearsal=False),
        "REHEARSAL_TOPIC_ARN": platform.rehearsal_topic_arn,
        "CHANNELS": ",".join(channel.name for channel in delivery.channels),
        "CLUSTER": task.cluster,
        "TASK_DEFINITION": task.task_definition,
        "CONTAINER": task.container,
        "SUBNETS": ",".join(task.subnets),
        "SECURITY_GROUPS": ",".join(task.security_groups),
    }
