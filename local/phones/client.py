"""A phone's sync client, by docs/mobile-protocol.md: small batches, sent until acknowledged, never in a hurry.

Batch sizes follow the link: doubled after a quick answer, quartered after a lost one. After a failure it waits a random
part of a doubling ceiling (full jitter), or what the server asks for with Retry-After and a random part on top: so 500
phones that come back at once do not come back at once again.
"""

from __future__ import annotations

import gzip
import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from math import ceil
from typing import Any

import tenacity

from local.phones.outbox import MONEY, Outbox, Stored
from local.phones.transport import LinkLost, Reply, Transport

PROTOCOL = "1"
LEAST, MOST = 10, 500
"""Events per batch."""
PLAIN_BYTES = 500_000
PART_BYTES = 64_000
QUICK_SECONDS = 3.0
FIRST_CEILING, LAST_CEILING = 2.0, 300.0
"""Seconds of the backoff's ceiling after the first and after many failures."""


class GaveUp(Exception):
    """The server says that these bytes will never be taken, or too many attempts failed; everything is kept."""


class _Again(Exception):
    """A failure that time may heal."""

    def __init__(self, why: str, retry_after: float = 0.0) -> None:
        super().__init__(why)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Synced:
    """What came of a synchronisation."""

    batches: int = 0
    events: int = 0
    photos: int = 0
    attempts: int = 0
    waited: int = 0
    """How often the server asked to wait."""


class Client:
    """Empties one outbox.

    Args:
        outbox: of the phone.
        transport: its link.
        branch: of the officer.
        clock: the phone's, right or wrong.
        sleep: seconds; the simulator's does not.
        ticks: seconds of a clock that only goes forward, to judge the link's quality.
        draw: of this phone.
        attempts: per request; then it gives up until the next synchronisation.
    """

    def __init__(
        self,
        outbox: Outbox,
        transport: Transport,
        branch: int,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
        ticks: Callable[[], float],
        draw: random.Random,
        attempts: int = 12,
    ) -> None:
        self._outbox, self._transport, self._branch = outbox, transport, branch
        self._clock, self._sleep, self._ticks = clock, sleep, ticks
        self._draw, self._attempts = draw, attempts
        self._size = 50
        self.synced = Synced()

    def sync(self) -> Synced:
        """Sends everything that is pending, money first, then photos.

        Raises:
            GaveUp: what was not acknowledged is still there.
        """
        while self.step():
            pass
        return self.synced

    def step(self) -> bool:
        """Sends one batch, or one photo when no event waits; False when there was nothing.

        Raises:
            GaveUp: as above.
        """
        if batch := self._outbox.take(self._size, PLAIN_BYTES):
            try:
                self._send_batch(batch)
            except BaseException:
                self._outbox.give_back(batch)
                raise
            return True
        if photo := self._outbox.unsent_photo():
            self._send_photo(*photo)
            return True
        return False

    def heartbeat(self) -> None:
        """Says that the phone is well."""
        self._repeat(lambda _: self._request("POST", "/v1/heartbeats", self._beat()))

    def head(self) -> int:
        """What the server has heard of this phone: a new installation counts on from there."""
        reply = self._repeat(lambda _: self._request("GET", f"/v1/devices/{self._outbox.device}", {}))
        head: int = reply.body["head"]
        return head

    def _send_batch(self, batch: list[Stored]) -> None:
        body = gzip.compress(b"".join(event.line(self._outbox.device) for event in batch), mtime=0)
        headers = {
            "Content-Type": "application/x-ndjson",
            "Content-Encoding": "gzip",
            "Podemos-Count": str(len(batch)),
            "Podemos-Money": str(sum(event.event_type in MONEY for event in batch)),
            "Podemos-Sha256": hashlib.sha256(body).hexdigest(),
        }
        began = self._ticks()
        reply = self._repeat(
            lambda attempt: self._request(
                "POST", "/v1/batches", {**headers, **self._beat(), "Podemos-Attempt": str(attempt)}, body
            )
        )
        if reply.body["sha256"] != headers["Podemos-Sha256"]:
            raise GaveUp("the acknowledgement is of other bytes")
        refused = {line["line"]: line["reason"] for line in reply.body["refused"]}
        if not self._outbox.acknowledge(batch, reply.body["ranges"], refused):
            raise GaveUp("the acknowledgement names nothing of the batch")
        quick = self._ticks() - began < QUICK_SECONDS
        self._size = min(self._size * 2, MOST) if quick else max(self._size // 2, LEAST)
        self._count(batches=1, events=len(batch))

    def _send_photo(self, sha256: str, data: bytes, parts: int) -> None:
        """Only the parts that are not there yet."""
        about = {"Podemos-Device": self._outbox.device, "Podemos-Parts": str(parts)}
        path = f"/v1/photos/{sha256}"
        there = self._repeat(lambda _: self._request("GET", path, about)).body
        if not there["complete"]:
            size = ceil(len(data) / parts)
            for part in sorted(set(range(1, parts + 1)) - set(there["parts"])):
                piece = data[(part - 1) * size : part * size]
                headers = {**about, "Podemos-Sha256": hashlib.sha256(piece).hexdigest()}
                self._repeat(
                    lambda _, part=part, piece=piece, headers=headers: self._request(  # type: ignore[misc]
                        "PUT", f"{path}/{part}", headers, piece
                    )
                )
            self._repeat(lambda _: self._request("POST", f"{path}/complete", about))
        self._outbox.photo_sent(sha256)
        self._count(photos=1)

    def _beat(self) -> dict[str, str]:
        return {
            "Podemos-Protocol": PROTOCOL,
            "Podemos-Device": self._outbox.device,
            "Podemos-Install": self._outbox.install,
            "Podemos-Branch": str(self._branch),
            "Podemos-Sent-At": self._clock().isoformat(),
            "Podemos-Head": str(self._outbox.head),
            "Podemos-Pending": str(self._outbox.pending),
        }

    def _request(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> Reply:
        self._count(attempts=1)
        try:
            reply = self._transport.send(method, path, headers, body)
        except LinkLost as lost:
            self._size = max(self._size // 4, LEAST)
            raise _Again(str(lost)) from lost
        if reply.status < 300:
            return reply
        why = f"{reply.status} {reply.body.get('error', '')}: {reply.body.get('detail', '')}"
        if reply.status == 429 or reply.status >= 500 or reply.body.get("retry"):
            self._count(waited=int(reply.status == 429))
            raise _Again(why, reply.retry_after)
        raise GaveUp(why)

    def _repeat(self, request: Callable[[int], Reply]) -> Reply:
        """Until an answer that counts."""

        def wait(state: tenacity.RetryCallState) -> float:
            """Full jitter by the phone's own chance, so that a simulation repeats; on top of what the server asks."""
            failure = state.outcome.exception() if state.outcome else None
            ceiling = min(FIRST_CEILING * 2 ** (state.attempt_number - 1), LAST_CEILING)
            return (failure.retry_after if isinstance(failure, _Again) else 0.0) + self._draw.uniform(0, ceiling)

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_Again),
            stop=tenacity.stop_after_attempt(self._attempts),
            wait=wait,
            sleep=self._sleep,
        )
        try:
            for attempt in retrying:
                with attempt:
                    return request(attempt.retry_state.attempt_number)
        except tenacity.RetryError as error:
            raise GaveUp(f"{self._attempts} attempts failed, the last: {error.last_attempt.exception()}") from error
        raise AssertionError("tenacity ends by an answer or an error")

    def _count(self, **more: Any) -> None:
        self.synced = replace(self.synced, **{name: getattr(self.synced, name) + by for name, by in more.items()})
