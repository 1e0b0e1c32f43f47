"""The only place that reads the wall clock. Everything else is handed a `Clock`, so a night can be simulated."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

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
    """The instant that `iso` wrote."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
