"""AWS Lambda on the inbox queue (EventBridge "Object Created" → SQS): one receipt per object of the inbox, once.

The logic is `podemos.mobile.process`. Messages of a batch fail one by one (`ReportBatchItemFailures` must be on). What
no repetition makes better goes to the dead-letter queue at once, what failed `ATTEMPTS` times goes there then, both
with the reason as message attributes; the queue's own redrive policy (`maxReceiveCount` 6) is for a Lambda that dies.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from podemos.core.clock import system_clock
from podemos.mobile.ledger import DynamoLedger
from podemos.mobile.process import Budget, Busy, Done, Processor
from podemos.mobile.upload import S3Uploads
from podemos.mobile.work import Poison, work_of

ATTEMPTS = 5
_REASON_CHARACTERS = 200

log = Logger(service="process_events")
metrics = EphemeralMetrics(namespace="Podemos/Mobile", service="process_events")
_batch = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@metrics.log_metrics
def handler(event: dict[str, Any], context: Any) -> Any:
    """Up to ten messages; returns the ids of those that must come again."""

    def one(record: SQSRecord) -> None:
        _one(record, context)

    return process_partial_response(event=event, record_handler=one, processor=_batch, context=context)


def _one(record: SQSRecord, context: Any) -> None:
    """One message. Raises when it must come again."""
    try:
        work = work_of(record.body, os.environ["LAKE_BUCKET"])
        if work is not None:
            budget = Budget(int(os.environ["LINES_PER_MESSAGE"]), context.get_remaining_time_in_millis)
            owner = f"{context.aws_request_id}/{record.message_id}"
            _told(_processor().process(work, owner, budget))
    except Poison as poison:
        _bury(record, poison.reason, poison.detail)
    except Busy:
        raise
    except Exception as error:
        if int(record.attributes.approximate_receive_count) < ATTEMPTS:
            log.warning("will be tried again", error=repr(error))
            raise
        _bury(record, f"failed_{ATTEMPTS}_times", repr(error))


def _told(done: Done) -> None:
    metrics.add_metric("Messages", MetricUnit.Count, 1)
    metrics.add_metric("EventsProcessed", MetricUnit.Count, done.events)
    metrics.add_metric("LinesRefused", MetricUnit.Count, done.refused)
    metrics.add_metric("EventsRepeated", MetricUnit.Count, done.known.repeated)
    metrics.add_metric("EventsConflicting", MetricUnit.Count, done.known.conflicting)
    log.info(done.what, device=done.device, events=done.events, receipt=done.receipt)
    if done.receipt and done.what == "processed":
        objects, size = _ledger().backlog(1, done.size)
        before = objects - 1, size - done.size
        limits = int(os.environ["BACKLOG_OBJECTS"]), int(os.environ["BACKLOG_BYTES"])
        crossed = [now // limit > was // limit for now, was, limit in zip((objects, size), before, limits, strict=True)]
        if any(crossed):
            _queue("BACKLOG_QUEUE").send([f'{{"podemos": "mobile/backlog/1", "objects": {objects}, "bytes": {size}}}'])


def _bury(record: SQSRecord, reason: str, detail: str) -> None:
    """The message as it is, with why."""
    metrics.add_metric("DeadLetters", MetricUnit.Count, 1)
    log.error("dead letter", reason=reason, detail=detail)
    _sqs().send_message(
        QueueUrl=_queue("DEAD_LETTER_QUEUE").url,
        MessageBody=record.body,
        MessageAttributes={
            name: {"DataType": "String", "StringValue": _printable(text)}
            for name, text in (("reason", reason), ("detail", detail), ("message_id", record.message_id))
        },
    )


def _printable(text: str) -> str:
    """What SQS takes as an attribute: not empty, no control characters."""
    return "".join(letter if letter.isprintable() else " " for letter in text)[:_REASON_CHARACTERS] or "-"


class SqsQueue:
    """A queue by its name."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self.url: str = client.get_queue_url(QueueName=name)["QueueUrl"]

    def send(self, bodies: Iterable[str]) -> None:
        """Ten at a time.

        Raises:
            RuntimeError: SQS did not take one; whoever sends sends all again.
        """
        waiting = list(bodies)
        for start in range(0, len(waiting), 10):
            entries = [{"Id": str(at), "MessageBody": body} for at, body in enumerate(waiting[start : start + 10])]
            failed = self._client.send_message_batch(QueueUrl=self.url, Entries=entries).get("Failed")
            if failed:
                raise RuntimeError(f"SQS did not take {len(failed)} of {len(entries)} messages: {failed[0]}")


@cache
def _sqs() -> Any:
    return boto3.client("sqs")


@cache
def _queue(variable: str) -> SqsQueue:
    return SqsQueue(_sqs(), os.environ[variable])


@cache
def _ledger() -> DynamoLedger:
    return DynamoLedger(boto3.client("dynamodb"), os.environ["SEEN_TABLE"])


@cache
def _processor() -> Processor:
    store = S3Uploads(boto3.client("s3"), os.environ["LAKE_BUCKET"])
    return Processor(store, _ledger(), _queue("INBOX_QUEUE"), system_clock)
