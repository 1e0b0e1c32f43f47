"""How far each phone's clock is off: the median over its last uploads, from what was seen for the first time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from statistics import median_low
from typing import Any

from podemos.core.clock import from_iso
from podemos.mobile.reading import Sender

SAMPLES = 15
"""Uploads that the estimate is the median of."""
TRUSTED = 3
"""With fewer, the estimate is told and not used."""


def sample(sender: Sender, captured: Iterable[datetime]) -> int:
    """Seconds by which the phone's clock was behind at an upload; negative when it was ahead.

    Received minus sent is the clock's error and the link's delay. Where the upload does not say when it was sent, the
    event captured last was sent soonest: received minus captured, the least of them.
    """
    received = from_iso(sender.recibido)
    sent = from_iso(sender.enviado) if sender.enviado else max(captured)
    return int((received - sent).total_seconds())


def learn(before: Mapping[str, Any], samples: Iterable[tuple[str, str, int]]) -> dict[str, Any]:
    """What is known after some uploads: by device `muestras` (the last ones, oldest first), `n` and `desfase_s`.

    Args:
        before: the same, before them.
        samples: (received, device, seconds).
    """
    found = {device: dict(entry) for device, entry in before.items()}
    for _, device, seconds in sorted(samples):
        entry = found.setdefault(device, {"muestras": [], "n": 0})
        entry["muestras"] = [*entry["muestras"], seconds][-SAMPLES:]
        entry["n"] += 1
        entry["desfase_s"] = median_low(entry["muestras"])
    return found


def seconds_of(known: Mapping[str, Any], device: str) -> int:
    """What to add to the phone's clock; 0 while too little is known."""
    entry = known.get(device)
    return int(entry["desfase_s"]) if entry and entry["n"] >= TRUSTED else 0
