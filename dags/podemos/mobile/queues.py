"""How many messages wait in the queues of the phones' path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from podemos.contracts.platform import MobileNames


def depths(client: Any, names: MobileNames) -> Mapping[str, Callable[[], int]]:
    """For each queue's name, what counts its messages when called.

    Args:
        client: a boto3 `sqs` client.
        names: the queues.
    """
    return {name: partial(_depth, client, name) for name in (names.inbox_queue, names.dead_letter_queue)}


def _depth(client: Any, name: str) -> int:
    url = client.get_queue_url(QueueName=name)["QueueUrl"]
    found = client.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    return int(found["Attributes"]["ApproximateNumberOfMessages"])
