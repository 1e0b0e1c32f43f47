"""What the simulated phones really captured, and the comparison of an inbox with it. Only judges read it."""

from __future__ import annotations

import io
import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from local.phones.fleet import Fleet
from local.phones.outbox import Stored
from podemos.mobile.envelope import Event, parse_line
from podemos.mobile.keys import INBOX, parse_inbox_key, photo_key
from podemos.mobile.lines import event_of, read_lines
from podemos.mobile.upload import UploadStore


@dataclass(slots=True)
class Truth:
    """Grows while the phones live.

    Attributes:
        captured: event_id → fingerprint of every event that a phone returned from `capture`.
        lost: ids that went with a stolen phone or an old installation before they were acknowledged: they may have
            arrived, or never will.
        photos: names of photos that must arrive.
        devices: device → greatest sequence ever captured.
    """

    captured: dict[str, str] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    photos: set[str] = field(default_factory=set)
    devices: dict[str, int] = field(default_factory=dict)

    def capture(self, stored: Stored, device: str) -> None:
        """One event."""
        parsed = parse_line(stored.line(device))
        assert isinstance(parsed, Event)  # noqa: S101 - the simulator captures nothing else
        self.captured[stored.event_id] = parsed.fingerprint()
        self.devices[device] = max(self.devices.get(device, 0), stored.secuencia)
        if parsed.event_type == "foto":
            self.photos.add(parsed.event_data["sha256"])

    def write(self, path: Path, fleet: Fleet) -> None:
        """As JSON, with what was planted."""
        path.parent.mkdir(parents=True, exist_ok=True)
        document = {
            "seed": fleet.seed,
            "planted": dict(fleet.planted),
            "dead_region": fleet.dead_region,
            "stolen": [life.device for life in fleet.phones if life.stolen_at],
            "captured": self.captured,
            "lost": sorted(self.lost),
            "photos": sorted(self.photos),
            "devices": self.devices,
        }
        path.write_text(json.dumps(document))


@dataclass(frozen=True, slots=True)
class Verdict:
    """An inbox beside the truth.

    Attributes:
        captured: events of all phones.
        arrived: distinct events in the inbox.
        missing: captured, not lost with a phone, and not in the inbox. Must be 0.
        strange: in the inbox, never captured, or with another content. Must be 0.
        lost_with_phone: went with a stolen phone or an old installation, and did not arrive.
        copies: lines beyond the first of their event: duplicates that the index will drop.
        photos_missing: must be 0.
        objects: uploads.
    """

    captured: int
    arrived: int
    missing: int
    strange: int
    lost_with_phone: int
    copies: int
    photos_missing: int
    objects: int

    @property
    def good(self) -> bool:
        """Every event arrived, once in the set, unchanged."""
        return not (self.missing or self.strange or self.photos_missing)

    def line(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def judge(store: UploadStore, truth: Truth, prefix: str = "sim-") -> Verdict:
    """Reads the whole inbox.

    Args:
        store: the lake.
        truth: of the phones.
        prefix: of their names; other phones' events are not looked at.
    """
    seen: Counter[str] = Counter()
    strange = objects = 0
    for info in store.list(INBOX):
        named = parse_inbox_key(info.key)
        if named is None or not named.id_dispositivo.startswith(prefix):
            continue
        objects += 1
        for line in read_lines(io.BytesIO(store.get(info.key))):
            event = event_of(line)
            if not isinstance(event, Event):
                strange += 1
            else:
                seen[event.event_id] += 1
                strange += truth.captured.get(event.event_id) != event.fingerprint()
    gone = truth.lost - seen.keys()
    return Verdict(
        captured=len(truth.captured),
        arrived=len(seen),
        missing=len(truth.captured.keys() - seen.keys() - truth.lost),
        strange=strange,
        lost_with_phone=len(gone),
        copies=sum(seen.values()) - len(seen),
        photos_missing=sum(store.head(photo_key(name)) is None for name in truth.photos),
        objects=objects,
    )
