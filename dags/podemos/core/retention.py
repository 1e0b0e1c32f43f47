"""How long a published object can be neither deleted nor changed: S3 Object Lock, asked for on each object.

A bucket's default does not reach every upload, and can be lowered between two of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta


@dataclass(frozen=True, slots=True)
class Lock:
    """Of one object: GOVERNANCE (some may lift it) or COMPLIANCE (nobody may), until an instant."""

    mode: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Retention:
    """The rule for a bucket.

    Attributes:
        mode: GOVERNANCE or COMPLIANCE.
        days: at least so long after it was written.
        prefix: the keys that are locked; all others are not.
        free: keys under `prefix` that are not locked either, e.g. rehearsals.
    """

    mode: str
    days: int
    prefix: str
    free: str

    def lock(self, key: str, now: datetime) -> Lock | None:
        """The lock of an object that is written now: until a midnight in UTC, so that a version has one instant."""
        if not key.startswith(self.prefix) or key.startswith(self.free):
            return None
        midnight = datetime.combine(now.date(), time.min, now.tzinfo)
        return Lock(self.mode, midnight + timedelta(days=self.days + 2))
