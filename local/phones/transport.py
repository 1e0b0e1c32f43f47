"""The link of a phone: HTTP over the network, or straight to the handlers' library with planted faults."""

from __future__ import annotations

import http.client
import json
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


class LinkLost(Exception):
    """No answer came: whether the request arrived is not known."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the door; headers in lower case."""

    status: int
    body: dict[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def retry_after(self) -> float:
        """Seconds that the server asks to wait; 0 when it does not."""
        text = self.headers.get("retry-after", "0")
        return float(text) if text.isdigit() else 0.0


class Transport(Protocol):
    """Carries one request."""

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Reply:
        """One request. Raises `LinkLost`."""
        ...


class Http:
    """A kept connection to the door.

    Args:
        url: such as http://127.0.0.1:5001; only http, TLS is API Gateway's.
        seconds: without an answer the link counts as lost.
    """

    def __init__(self, url: str, seconds: float = 30.0) -> None:
        parts = urllib.parse.urlsplit(url)
        self._host, self._port, self._seconds = parts.hostname or "", parts.port or 80, seconds
        self._connection: http.client.HTTPConnection | None = None

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Reply:
        """One request on the kept connection; a new one when that fails."""
        if self._connection is None:
            self._connection = http.client.HTTPConnection(self._host, self._port, timeout=self._seconds)
        try:
            self._connection.request(method, path, body, dict(headers))
            answer = self._connection.getresponse()
            data = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise LinkLost(repr(error)) from error
        found = {name.lower(): value for name, value in answer.getheaders()}
        try:
            return Reply(answer.status, json.loads(data or b"{}"), found)
        except ValueError as error:
            raise LinkLost(f"{answer.status} with a body that is no JSON") from error

    def close(self) -> None:
        """Closes the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
