"""Services that refuse or answer late, for a while: what a rehearsal of faults makes of a stand-in that never fails.

`PUT /_local/outages/<service>` with `{"kind": "refuse"}` or `{"kind": "slow", "seconds": 2}` begins one, `DELETE` ends
it, `GET /_local/outages` lists them. A service is named as requests are signed for it: s3, glue, redshift-data, sns.
Requests signed with the access key `OUTSIDE` are spared: they are the simulators' own, who are not the customer.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

PATH = "/_local/outages"
OUTSIDE = "outside"
MOST_SECONDS = 30.0
_SCOPE = re.compile(r"Credential=([^/]+)/\d{8}/[^/]+/([a-z0-9-]+)/aws4_request")
_REFUSED = "503 Service Unavailable"


@dataclass(frozen=True)
class Outage:
    """What a service does instead of answering at once: `seconds` of delay, then the answer, or a refusal (503)."""

    seconds: float = 0.0
    refuses: bool = False

    @classmethod
    def parse(cls, body: bytes) -> Outage:
        """From `{"kind": "refuse"}` or `{"kind": "slow", "seconds": 2}`.

        Raises:
            ValueError: it is something else.
        """
        asked = json.loads(body or b"{}")
        kind, seconds = asked.get("kind"), float(asked.get("seconds", 0))
        if kind == "refuse" and seconds == 0:
            return cls(refuses=True)
        if kind == "slow" and 0 < seconds <= MOST_SECONDS:
            return cls(seconds=seconds)
        raise ValueError(f"an outage is refuse, or slow by up to {MOST_SECONDS:.0f} seconds, not {asked}")


class Outages:
    """The outages in force; every request of the server passes through `answer`."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._now: dict[str, Outage] = {}

    def administer(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Begin, end or list outages."""
        method, service = environ["REQUEST_METHOD"], environ["PATH_INFO"].removeprefix(PATH).strip("/")
        status = "200 OK"
        try:
            if method == "PUT":
                body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
                self._set(service, Outage.parse(body))
            elif method == "DELETE":
                self._set(service, None)
        except ValueError as error:
            status = f"400 {error}"
        with self._change:
            text = json.dumps({name: vars(outage) for name, outage in sorted(self._now.items())})
        start_response(status, [("Content-Type", "application/json")])
        return [text.encode()]

    def answer(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes] | None:
        """A refusal in the service's own form, or None when the request is to be answered; late if so ordered."""
        signed = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
        if signed is None or signed[1] == OUTSIDE:
            return None
        service = signed[2]
        with self._change:
            outage = self._now.get(service)
            if outage and outage.seconds:
                self._change.wait_for(lambda: self._now.get(service) is not outage, timeout=outage.seconds)
        if outage is None or not outage.refuses:
            return None
        if service == "s3":
            text = "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
            start_response(_REFUSED, [("Content-Type", "application/xml")])
        else:
            text = json.dumps({"__type": "ServiceUnavailableException", "message": "the service is not available"})
            start_response(_REFUSED, [("Content-Type", "application/x-amz-json-1.1")])
        return [text.encode()]

    def _set(self, service: str, outage: Outage | None) -> None:
        with self._change:
            if outage is None:
                self._now.pop(service, None)
            else:
                self._now[service] = outage
            self._change.notify_all()
