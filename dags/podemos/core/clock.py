"""The only place that reads the wall clock. Everything else is handed a `Clock`, so a night can be simulated."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

_LENGTH = len("2026-11-24T00:00:00.000000Z")
Clock = Callable[[], datetime]
"""Returns the current instant, aware, in UTC."""


def system_clock() -> datetime:
    """The current instant in UTC."""
    return datetime.now(UTC)


def iso(instant: datetime) -> str:
    """An instant as manifests write it: UTC, microseconds, ``Z``.

    Raises:
        ValueError: the instant has no time zone.
    """
    if instant.tzinfo is None:
        raise ValueError(f"{instant} has no time zone")
    return instant.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def from_iso(text: str) -> datetime:
    """The instant that `iso` wrote.

    Raises:
        ValueError: it wrote nothing like this.
    """
    if len(text) != _LENGTH or text[10] != "T" or text[-1] != "Z":
        raise ValueError(f"{text!r} is no instant of a manifest")
    return datetime.fromisoformat(text)
