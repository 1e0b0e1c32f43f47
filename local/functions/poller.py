"""An event source mapping on this machine: SQS → the function in batches; what it names as failed stays there."""

from __future__ import annotations

import logging
import threading
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.functions.instances import Function

_WAIT_SECONDS = 1
log = logging.getLogger(__name__)


class Poller:
    """Polls one queue for one function.

    Args:
        sqs: a boto3 client.
        queue: its name.
        function: gets up to ten messages at once.
    """

    def __init__(self, sqs: Any, queue: str, function: Function) -> None:
        self._sqs, self._function = sqs, function
        self._url: str = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        self._name = queue

    def run(self, stop: threading.Event) -> None:
        """Until told to stop."""
        while not stop.is_set():
            try:
                self.once(_WAIT_SECONDS)
            except (BotoCoreError, ClientError) as error:
                log.warning("%s: %s", self._name, error)
                stop.wait(1)

    def once(self, wait_seconds: int = 0) -> int:
        """One batch; returns how many messages it had."""
        messages = self._sqs.receive_message(
            QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=wait_seconds,
            MessageSystemAttributeNames=["All"], MessageAttributeNames=["All"],
        ).get("Messages", [])  # fmt: skip
        if not messages:
            return 0
        try:
            answer = self._function.invoke({"Records": [self._record(message) for message in messages]})
            failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        except Exception:
            log.exception("%s failed; its messages come again", self._function.name)
            return len(messages)
        done = [message for message in messages if message["MessageId"] not in failed]
        if done:
            entries = [{"Id": str(at), "ReceiptHandle": message["ReceiptHandle"]} for at, message in enumerate(done)]
            self._sqs.delete_message_batch(QueueUrl=self._url, Entries=entries)
        return len(messages)

    def _record(self, message: dict[str, Any]) -> dict[str, Any]:
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message.get("Attributes", {}),
            "messageAttributes": {},
            "md5OfBody": message.get("MD5OfBody", ""),
            "eventSource": "aws:sqs",
            "eventSourceARN": f"arn:aws:sqs:us-east-1:123456789012:{self._name}",
            "awsRegion": "us-east-1",
        }
