"""UUIDv7 (RFC 9562): the phone's millisecond in the first 48 bits, chance in the rest.

The millisecond is a *part of the name*, nothing more: a pure function of it may choose a bucket of the index, because a
re-upload has the same name. It is the phone's own clock, so it orders nothing and dates nothing.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

RANDOM_BITS = 74


def uuid7(milliseconds: int, random: int) -> str:
    """The id in lower-case text.

    Args:
        milliseconds: since 1970, below 2^48.
        random: `RANDOM_BITS` bits of chance (from a seed in a simulation).
    """
    high, low = random >> 62, random & (2**62 - 1)
    return str(UUID(int=(milliseconds << 80) | (0x7 << 76) | (high & 0xFFF) << 64 | (0b10 << 62) | low))


def milliseconds_of(event_id: str) -> int | None:
    """The 48 bits of a UUIDv7; None of any other UUID."""
    return int(event_id[:8] + event_id[9:13], 16) if event_id[14] == "7" else None


def day_of(event_id: str) -> date | None:
    """The UTC day in a UUIDv7; None of another UUID, or of one beyond the year 9999."""
    milliseconds = milliseconds_of(event_id)
    if milliseconds is None or milliseconds >= 253_402_300_800_000:
        return None
    return datetime.fromtimestamp(milliseconds // 1000, UTC).date()
