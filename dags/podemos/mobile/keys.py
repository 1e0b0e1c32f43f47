"""Where everything of the mobile concern lies in the lake, and what an inbox key says of its object."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime

INBOX = "mobile/inbox/"
"""What phones sent, one object per upload batch, created once, gzip JSON lines. Immutable; deleted by lifecycle."""
RECEIPTS = "mobile/receipts/"
"""What `process_events` counted in each inbox object."""
EVENTS = "mobile/events/"
"""Compacted events."""
MANIFESTS = "mobile/manifests/"
QUARANTINE = "mobile/quarantine/"
INDEX = "mobile/index/"
"""The exact index by `event_id`: the authority for exactly once."""
GAPS = "mobile/gaps/"
"""Sequence-gap certificates."""
PHOTOS = "mobile/photos/"
"""Whole photos, named by their SHA-256, which was verified."""
PHOTO_PARTS = "mobile/photo-parts/"
"""Parts of photos on their way; deleted by lifecycle after 30 days."""

REGION = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_INBOX = re.compile(
    r"mobile/inbox/(?P<day>\d{4}-\d\d-\d\d)/(?P<region>[a-z][a-z0-9_-]{0,31})/(?P<device>[A-Za-z0-9][A-Za-z0-9_-]{0,63})"
    r"/(?P<first>\d{12})-(?P<last>\d{12})-(?P<digest>[0-9a-f]{16})\.jsonl\.gz"
)


@dataclass(frozen=True, slots=True)
class InboxKey:
    """What a key says.

    Attributes:
        received: UTC day of the server's instant.
        region: of the officer's branch.
        id_dispositivo: the phone.
        first: least `secuencia` in the object, 0 when no line told one.
        last: greatest.
        digest: first 16 hex digits of the SHA-256 of the object's bytes.
    """

    received: date
    region: str
    id_dispositivo: str
    first: int
    last: int
    digest: str

    def __str__(self) -> str:
        return (
            f"{INBOX}{self.received.isoformat()}/{self.region}/{self.id_dispositivo}/"
            f"{self.first:012d}-{self.last:012d}-{self.digest}.jsonl.gz"
        )


def inbox_key(received_at: datetime, region: str, device: str, first: int, last: int, sha256: str) -> str:
    """The key of an upload: the same batch sent twice on one day has the same key, so it is created once."""
    return str(InboxKey(received_at.astimezone(UTC).date(), region, device, first, last, sha256[:16]))


def parse_inbox_key(key: str) -> InboxKey | None:
    """What the key says; None of an object that came to the inbox by another way (it is read like any other)."""
    match = _INBOX.fullmatch(key)
    if match is None:
        return None
    try:
        day = date.fromisoformat(match["day"])
    except ValueError:
        return None
    return InboxKey(day, match["region"], match["device"], int(match["first"]), int(match["last"]), match["digest"])


def receipt_key(key: str, version: str) -> str:
    """The receipt of an inbox object: one per version, whatever its key."""
    return f"{RECEIPTS}{key.removeprefix(INBOX)}.{version or 'null'}.json"


def photo_key(sha256: str) -> str:
    """A whole photo."""
    return f"{PHOTOS}{sha256}"


def photo_part_key(device: str, sha256: str, parts: int, part: int) -> str:
    """One part, from 1, of a photo that the phone cut into so many."""
    return f"{PHOTO_PARTS}{device}/{sha256}/{parts:04d}/{part:04d}"
