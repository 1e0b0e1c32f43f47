"""The phones' door: takes uploads, stores each once, and acknowledges exactly what it stored.

What a batch holds is not judged here beyond its bounds: a line that is no event is stored with the others, named in the
acknowledgement, and quarantined by the compaction. A phone must be able to empty its outbox whatever it captured.
"""

from __future__ import annotations

import hashlib
import io
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from podemos.core.clock import Clock, iso
from podemos.core.errors import AlreadyExists
from podemos.mobile import headers
from podemos.mobile.admission import Gate, Wait
from podemos.mobile.answers import Answer, Refusal, Request
from podemos.mobile.envelope import MONEY, Event
from podemos.mobile.headers import BatchHeader, Beat
from podemos.mobile.heartbeat import Heartbeats
from podemos.mobile.keys import inbox_key
from podemos.mobile.lines import (
    COMPRESSED_BYTES,
    PLAIN_BYTES,
    Line,
    Unreadable,
    UploadUnreadable,
    event_of,
    read_lines,
)  # fmt: skip
from podemos.mobile.photos import Photos
from podemos.mobile.sequences import ranges
from podemos.mobile.upload import PROTOCOL, Upload, UploadStore

UNKNOWN_REGION = "otras"
"""Of a branch that the table does not know: it has its own fair share."""
_NAMED_REFUSALS = 100
_STATUS = {Unreadable.TOO_LARGE: 413, Unreadable.BOMB: 413}

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Content:
    """What the lines of a batch say, without holding them."""

    lines: int = 0
    money: int = 0
    sequences: set[int] = field(default_factory=set)
    refused: list[dict[str, Any]] = field(default_factory=list)
    refused_count: int = 0


class Door:
    """Answers the requests of phones.

    Args:
        store: the lake.
        heartbeats: the phones' state; without it uploads are taken all the same.
        gate: admission; None lets everything in.
        regions: `id_sucursal` → region.
        clock: the server's.
    """

    def __init__(
        self, store: UploadStore, heartbeats: Heartbeats, gate: Gate | None, regions: Mapping[int, str], clock: Clock
    ) -> None:
        self._store, self._heartbeats, self._gate = store, heartbeats, gate
        self._regions, self._clock = regions, clock
        self._photos = Photos(store)

    def answer(self, request: Request) -> Answer:
        """One request; never raises for what a client sent."""
        try:
            return self._route(request)(request)
        except Refusal as refusal:
            return refusal.answer()

    def _route(self, request: Request) -> Callable[[Request], Answer]:
        match (request.method, *request.path.strip("/").split("/")):
            case ("POST", "v1", "batches"):
                return self.batch
            case ("POST", "v1", "heartbeats"):
                return self.heartbeat
            case ("GET", "v1", "devices", _):
                return self.device
            case (_, "v1", "photos", *_):
                return self.photo
            case (_, "v1", "batches" | "heartbeats"):
                raise Refusal(405, "method", f"{request.method} {request.path}; use POST")
        raise Refusal(404, "not_found", f"{request.method} {request.path[:200]}; see docs/mobile-protocol.md")

    def batch(self, request: Request) -> Answer:
        """`POST /v1/batches`: one object in the inbox, and an acknowledgement of the ranges in it.

        Raises:
            Refusal: nothing was stored.
        """
        header = headers.batch_header(request.headers)
        self._allow(request, header.beat.device)
        if len(request.body) > COMPRESSED_BYTES:
            raise Refusal(413, "too_large", f"{len(request.body)} bytes, at most {COMPRESSED_BYTES}; send fewer events")
        at = self._clock()
        region = self._regions.get(header.beat.branch, UNKNOWN_REGION)
        self._admit(header, region)
        digest = hashlib.sha256(request.body).hexdigest()
        if digest != header.sha256:
            raise Refusal(400, "corrupted", f"SHA-256 of the body is {digest}, Podemos-Sha256 says {header.sha256}")
        upload = _upload(header.beat, region, at, header.attempt)
        content = _content(request.body, header, upload)
        first, last = (min(content.sequences), max(content.sequences)) if content.sequences else (0, 0)
        key = inbox_key(at, region, upload.device, first, last, digest)
        duplicate = False
        try:
            self._store.put_upload(key, request.body, upload.to_metadata())
        except AlreadyExists:
            duplicate = True
        self._heard(upload, last)
        body = {
            "protocol": PROTOCOL,
            "device": upload.device,
            "sha256": digest,
            "received_at": iso(at),
            "duplicate": duplicate,
            "ranges": ranges(content.sequences),
            "count": content.lines,
            "refused": content.refused,
            "refused_count": content.refused_count,
        }
        return Answer(200 if duplicate else 201, body)

    def heartbeat(self, request: Request) -> Answer:
        """`POST /v1/heartbeats`: the phone is well and has (or has not) something to send."""
        told = headers.beat(request.headers)
        self._allow(request, told.device)
        at = self._clock()
        self._heard(_upload(told, self._regions.get(told.branch, UNKNOWN_REGION), at, 1), 0)
        return Answer(200, {"protocol": PROTOCOL, "device": told.device, "received_at": iso(at)})

    def device(self, request: Request) -> Answer:
        """`GET /v1/devices/<id>`: where a new installation goes on counting."""
        name = headers.device({"podemos-device": request.path.rstrip("/").rpartition("/")[2]})
        self._allow(request, name)
        state = self._heartbeats.get(name)
        head = max(state.head, state.seen) if state else 0
        return Answer(200, {"protocol": PROTOCOL, "device": name, "head": head, "received_at": iso(self._clock())})

    def photo(self, request: Request) -> Answer:
        """`/v1/photos/…`: parts of photos, what is there of them, and their completion."""
        self._allow(request, headers.device(request.headers))
        return self._photos.answer(request)

    def _allow(self, request: Request, device: str) -> None:
        if request.principal and request.principal != device:
            raise Refusal(403, "other_device", f"the credentials are of {request.principal[:80]}, not of {device}")
        try:
            blocked = self._heartbeats.is_blocked(device)
        except Exception:  # what a store's client raises is its own; the door stays open without it
            log.exception("heartbeats do not answer")
            return
        if blocked:
            raise Refusal(403, "device_blocked", f"{device} was reported lost or stolen")

    def _admit(self, header: BatchHeader, region: str) -> None:
        if self._gate is None:
            return
        try:
            decision = self._gate.admit(self._clock(), header.beat.device, region, money=header.money > 0)
        except Exception:  # as above
            log.exception("the admission's counters do not answer")
            return
        if isinstance(decision, Wait):
            raise Refusal(429, "wait", "more uploads than the path takes", retry_after=decision.seconds)

    def _heard(self, upload: Upload, last: int) -> None:
        try:
            self._heartbeats.heard(upload, last)
        except Exception:  # as above
            log.exception("the heartbeat of %s was not kept", upload.device)


def _upload(told: Beat, region: str, at: datetime, attempt: int) -> Upload:
    return Upload(
        told.device, told.install, region, told.branch, told.sent_at, at, attempt, PROTOCOL, told.head, told.pending
    )


def _content(body: bytes, header: BatchHeader, upload: Upload) -> _Content:
    found = _Content()
    try:
        for line in read_lines(io.BytesIO(body), PLAIN_BYTES, gzip_only=True):
            found.lines += 1
            if found.lines > header.count:
                break
            _take(found, line, upload)
    except UploadUnreadable as fault:
        raise Refusal(_STATUS.get(fault.reason, 400), fault.reason, fault.detail) from None
    if found.lines != header.count:
        more = "more than " if found.lines > header.count else ""
        raise Refusal(422, "count", f"{more}{min(found.lines, header.count)} lines, Podemos-Count says {header.count}")
    if header.money and not found.money and not found.refused_count:
        raise Refusal(422, "money", f"no line is a payment or confirmation, Podemos-Money says {header.money}")
    return found


def _take(found: _Content, line: Line, upload: Upload) -> None:
    parsed = event_of(line, upload.received_at)
    if isinstance(parsed, Event):
        if parsed.id_dispositivo != upload.device:
            detail = f"line {line.number} is of {parsed.id_dispositivo}, Podemos-Device is {upload.device}"
            raise Refusal(422, "other_device", detail, line=line.number)
        found.sequences.add(parsed.secuencia)
        found.money += parsed.event_type in MONEY
        return
    found.refused_count += 1
    if parsed.secuencia is not None:
        found.sequences.add(parsed.secuencia)
    if len(found.refused) < _NAMED_REFUSALS:
        found.refused.append(
            {"line": line.number, "reason": str(parsed.reason), "detail": parsed.detail, "secuencia": parsed.secuencia}
        )
