"""What the phones' door answers: a status, a JSON body, headers. The door's URLs are in docs/mobile-protocol.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """What came, independent of who carried it.

    Attributes:
        method: GET, POST, PUT.
        path: without query.
        headers: names in lower case.
        body: as it came, not decompressed.
        principal: the device that the authorizer vouches for; empty when none stands before the door.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""
    principal: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back."""

    status: int
    body: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """Ends a request with a status and a name of the error that a program can act on.

    Attributes:
        retry: whether sending the same again may help; without it the client must change what it sends.
    """

    def __init__(self, status: int, error: str, detail: str, retry_after: int = 0, **more: Any) -> None:
        super().__init__(f"{status} {error}: {detail}")
        self.status, self.error, self.detail, self.retry_after, self.more = status, error, detail, retry_after, more

    @property
    def retry(self) -> bool:
        """Whether the same request may succeed later."""
        return self.status in (408, 429) or self.status >= 500 or self.error == "corrupted"

    def answer(self) -> Answer:
        """As JSON."""
        headers = {"retry-after": str(self.retry_after)} if self.retry_after else {}
        return Answer(
            self.status, {"error": self.error, "detail": self.detail, "retry": self.retry, **self.more}, headers
        )
