"""Reads uploads into columns: each line an event of its type, or a refusal for quarantine with its place and reason."""

from __future__ import annotations

import hashlib
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from typing import BinaryIO, Final

from podemos.core.clock import iso
from podemos.mobile.canonical import COLUMNS, PATTERNS, Days
from podemos.mobile.envelope import (
    AHEAD,
    BEHIND,
    EARLIEST,
    LATEST,
    LINE_BYTES,
    Event,
    EventType,
    parse_line,
    write_json,
)
from podemos.mobile.keys import parse_inbox_key
from podemos.mobile.lines import PLAIN_BYTES, RATIO, UploadUnreadable, read_lines
from podemos.mobile.upload import Upload, UploadStore

DIGEST: Final = 32
"""Hex digits of a fingerprint that the index keeps: 128 bits."""
KEPT_BYTES: Final = 4096
"""Of a refused line, what quarantine shows; the whole line stays in its upload."""
_STREAMED = 8_000_000
"""An object of more bytes is read as a stream."""
Row = tuple[bytes | str | None, ...]


@dataclass(frozen=True, slots=True)
class Sender:
    """One object of the inbox: whose it is and when it was received.

    Attributes:
        key: of the object.
        recibido: instant in UTC, as manifests write it.
        enviado: by the phone's clock; empty when the object did not come through `ingest`.
        intento: of the upload.
        instalacion: of the app.
    """

    key: str
    region: str
    dispositivo: str
    recibido: str
    enviado: str = ""
    intento: int = 0
    instalacion: str = ""


@dataclass(slots=True)
class Read:
    """What some uploads hold.

    Attributes:
        senders: of the objects, in the order of their numbers.
        events: by type, rows of (fingerprint, object number, line, what is unknown as JSON or None, *fields as text);
            the fields are `canonical`'s groups, without the repeated ones.
        refused: rows of (digest, object number, line, reason, detail, sequence or None, first bytes).
        lines: how many were read.
    """

    senders: list[Sender] = field(default_factory=list)
    events: dict[str, list[tuple[object, ...]]] = field(default_factory=lambda: {name.value: [] for name in EventType})
    refused: list[tuple[object, ...]] = field(default_factory=list)
    lines: int = 0


class Reader:
    """Reads objects one after the other.

    Args:
        uploads: the inbox.
        listed: when it was listed: the received instant of an object that says none.
    """

    def __init__(self, uploads: UploadStore, listed: datetime) -> None:
        self._uploads, self._listed = uploads, listed
        self._days = Days()
        self.read = Read()

    def take(self, key: str, size: int) -> None:
        """Adds what an object holds. What cannot be read of it is one refusal, and the lines before stand."""
        if size > _STREAMED:
            metadata = self._uploads.metadata(key)
            data, stream = b"", self._uploads.open(key)
        else:
            data, metadata = self._uploads.get_upload(key)
            stream = io.BytesIO(data)
        self.add(key, Upload.from_metadata(metadata), data, stream)

    def add(self, key: str, upload: Upload | None, data: bytes, stream: BinaryIO) -> None:
        """The same, of an object that was fetched: its bytes if they are few, and a stream of them."""
        sender, received = _sender(key, upload, self._listed)
        self.read.senders.append(sender)
        text = _plain(data)
        if text is None or not self._quickly(text, received):
            self._carefully(stream, received)

    def _quickly(self, text: bytes, received: datetime) -> bool:
        """Takes canonical lines by pattern, the others by parsing; False when it wants the careful way."""
        lines = text.split(b"\n")
        if b"\r" in text or len(max(lines, key=len)) > LINE_BYTES:
            return False
        least, most = _bounds(received)
        number_of_object, events, days = len(self.read.senders) - 1, self.read.events, self._days
        patterns = list(PATTERNS)
        name, match_of = patterns[0]
        for number, line in enumerate(lines, 1):
            match = match_of(line)
            if match is None:
                for name, match_of in patterns:  # noqa: B007 - both stay: the next line is often of this type
                    match = match_of(line)
                    if match is not None:
                        break
            if match is None:
                if line.strip():
                    self._parse(number, line, received)
                continue
            groups = match.groups()
            if not least <= groups[0] <= most or groups[0][:10] not in days:
                self._parse(number, line, received)
                continue
            self.read.lines += 1
            digest = hashlib.sha256(line).hexdigest()[:DIGEST]
            events[name].append((digest, number_of_object, number, None, *groups))
        return True

    def _carefully(self, stream: BinaryIO, received: datetime) -> None:
        number = 0
        try:
            for line in read_lines(stream):
                number = line.number
                if line.too_long:
                    self._refuse(number, line.data, "too_long", f"{line.length} bytes, at most {LINE_BYTES}", None)
                else:
                    self._parse(number, line.data, received)
        except UploadUnreadable as unreadable:
            self._refuse(
                number + 1, self.read.senders[-1].key.encode(), str(unreadable.reason), unreadable.detail, None
            )

    def _parse(self, number: int, line: bytes, received: datetime) -> None:
        event = parse_line(line, received)
        if isinstance(event, Event):
            self.read.lines += 1
            row = (event.fingerprint()[:DIGEST], len(self.read.senders) - 1, number, *_fields(event))
            self.read.events[event.event_type.value].append(row)
        else:
            self._refuse(number, line, str(event.reason), event.detail, event.secuencia)

    def _refuse(self, number: int, line: bytes, reason: str, detail: str, sequence: int | None) -> None:
        self.read.lines += 1
        digest = hashlib.sha256(line).hexdigest()[:DIGEST]
        shown = line[:KEPT_BYTES].decode("utf-8", "backslashreplace").replace("\0", "\\x00")
        about = (reason, detail, sequence, shown)
        self.read.refused.append((digest, len(self.read.senders) - 1, number, *about))


def _plain(data: bytes) -> bytes | None:
    """The bytes of a packed upload, when it is one honest member of ordinary size."""
    if not data.startswith(b"\x1f\x8b"):
        return None
    member = zlib.decompressobj(wbits=31)
    try:
        text = member.decompress(data, PLAIN_BYTES)
    except zlib.error:
        return None
    if not member.eof or member.unused_data or len(text) > RATIO * len(data):
        return None
    return text


def _sender(key: str, upload: Upload | None, listed: datetime) -> tuple[Sender, datetime]:
    named = parse_inbox_key(key)
    if upload is not None:
        received = upload.received_at
        about = (iso(received), iso(upload.sent_at), upload.attempt, upload.install)
        return Sender(key, upload.region, upload.device, *about), received
    received = datetime.combine(named.received, time(), UTC) if named else listed
    region, device = (named.region, named.id_dispositivo) if named else ("", "")
    return Sender(key, region, device, iso(received)), received


def _bounds(received: datetime) -> tuple[bytes, bytes]:
    """The clocks that are not absurd, as canonical text: it sorts as the instants do."""
    return iso(max(EARLIEST, received - BEHIND)).encode(), iso(min(LATEST, received + AHEAD)).encode()


def _fields(event: Event) -> Iterator[object]:
    """What a pattern's groups would be, after what the event holds beside its known fields."""
    known = COLUMNS[event.event_type]
    others = {name: value for name, value in event.event_data.items() if name not in known}
    yield write_json(others) if others else None
    yield iso(event.capturado_en)
    for name in known:
        value = event.event_data[name]
        yield None if value is None else str(value)
    yield event.event_id
    yield event.id_dispositivo
    yield str(event.id_sucursal)
    yield str(event.secuencia)
