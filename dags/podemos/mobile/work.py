"""One piece of work of `process_events`: an object of the inbox, or a range of its lines; and how messages name it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from podemos.core.errors import DataFault
from podemos.mobile.keys import INBOX


class Poison(DataFault):
    """A message that no repetition makes better. It goes to the dead-letter queue with this reason."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail


@dataclass(frozen=True, slots=True)
class Work:
    """Lines `first` to `last` of one version of one object. Identity: bucket, key, version and the first line.

    Attributes:
        bucket: of the object.
        key: under the inbox.
        version: empty in an unversioned bucket.
        size: compressed bytes, 0 when unknown.
        first: from 1.
        last: None is to the end.
        whole: no other message has a part of this object.
    """

    bucket: str
    key: str
    version: str
    size: int = 0
    first: int = 1
    last: int | None = None
    whole: bool = True

    @property
    def identity(self) -> str:
        """What makes two messages the same work, however often and in whatever shape they come."""
        text = "\0".join((self.bucket, self.key, self.version, str(self.first), "whole" if self.whole else "part"))
        return hashlib.sha256(text.encode()).hexdigest()

    def part(self, first: int, last: int | None) -> Work:
        """A range of its lines."""
        return Work(self.bucket, self.key, self.version, self.size, first, last, whole=False)

    def message(self) -> str:
        """The body of a message that asks for exactly this."""
        return json.dumps(
            {
                "podemos": "mobile/part/1",
                "bucket": self.bucket,
                "key": self.key,
                "version": self.version,
                "size": self.size,
                "first": self.first,
                "last": self.last,
            },
            sort_keys=True,
        )


def work_of(body: str, bucket: str) -> Work | None:
    """What a message asks for; None when there is nothing to do ("Object Tags Added", another prefix).

    EventBridge's id and time are not looked at: the same creation may be told several times under different ids.

    Args:
        body: of the message: an EventBridge event, or a part of ours.
        bucket: the lake; other buckets are not ours to read.

    Raises:
        Poison: it asks for nothing that we know.
    """
    try:
        message: Any = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Poison("not_json", str(error)) from None
    if not isinstance(message, dict):
        raise Poison("not_an_event", type(message).__name__)
    try:
        work = _part(message) if message.get("podemos") == "mobile/part/1" else _created(message)
    except (KeyError, TypeError, ValueError) as error:
        raise Poison("not_an_event", f"{type(error).__name__}: {error}") from None
    if work is None or not work.key.startswith(INBOX) or work.key.endswith("/"):
        return None
    if work.bucket != bucket:
        raise Poison("other_bucket", work.bucket)
    return work


def _part(message: Mapping[str, Any]) -> Work:
    last = message["last"]
    return Work(
        str(message["bucket"]), str(message["key"]), str(message["version"]), int(message["size"]),
        int(message["first"]), None if last is None else int(last), whole=False,
    )  # fmt: skip


def _created(message: Mapping[str, Any]) -> Work | None:
    if message.get("detail-type") != "Object Created":
        if message.get("source") == "aws.s3":
            return None
        raise ValueError(f"detail-type {str(message.get('detail-type'))[:80]!r}")
    detail = message["detail"]
    thing = detail["object"]
    version = str(thing.get("version-id") or "")
    return Work(
        str(detail["bucket"]["name"]), str(thing["key"]), "" if version == "null" else version,
        int(thing.get("size", 0)),
    )  # fmt: skip
