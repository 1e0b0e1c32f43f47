"""The phones' path: tables, queues, and the rule that tells of each new object of the inbox."""

from __future__ import annotations

import json
from typing import Any

from local.platform.clients import Clients
from local.platform.provision.storage import table
from podemos.contracts.platform import Platform
from podemos.contracts.resources import Table, created_below
from podemos.mobile.keys import INBOX

VISIBILITY_SECONDS = 30
"""Of a message that an invocation has; six times the function's timeout in production."""
RECEIVES = 6
"""More than the function's own attempts: only what killed it goes to the dead-letter queue without a reason."""
_TWO_WEEKS = str(14 * 24 * 3600)


def provision(platform: Platform, clients: Clients) -> None:
    """Create what is missing; what exists stays as it is."""
    names, dynamodb = platform.mobile, clients("dynamodb")
    table(dynamodb, Table(names.heartbeats_table, "id_dispositivo"))
    for name in (names.seen_table, names.admission_table):
        table(dynamodb, Table(name, expires="expires_at"))
    _rule(platform, clients, _queues(platform, clients("sqs")))


def _queues(platform: Platform, sqs: Any) -> str:
    """The queues; returns the inbox queue's ARN."""
    names = platform.mobile
    sqs.create_queue(QueueName=names.backlog_queue)
    _, dead = _queue(sqs, names.dead_letter_queue, {"MessageRetentionPeriod": _TWO_WEEKS})
    redrive = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": RECEIVES})
    attributes = {"VisibilityTimeout": str(VISIBILITY_SECONDS), "RedrivePolicy": redrive}
    return _queue(sqs, names.inbox_queue, attributes)[1]


def _queue(sqs: Any, name: str, attributes: dict[str, str]) -> tuple[str, str]:
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def _rule(platform: Platform, clients: Clients, queue: str) -> None:
    """S3 → EventBridge → SQS, for the creation of objects under the inbox alone (S3 also tells of tags)."""
    events, name = clients("events"), platform.mobile.inbox_rule
    pattern = created_below(platform.lake_bucket, INBOX)
    events.put_rule(Name=name, EventPattern=json.dumps(pattern), State="ENABLED")
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": queue}])
    clients("s3").put_bucket_notification_configuration(
        Bucket=platform.lake_bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
