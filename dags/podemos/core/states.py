"""One vocabulary of states, for boards, alerts, exceptions and manifests.

```
expected ─▶ arrived ─▶ sealed ─▶ certified ─▶ published ─▶ delivered
    │                     │                        │
    ▼                     ▼                        ▼
 missing ─▶ excepted   quarantined ─▶ released  superseded
                          └─▶ accepted
```
"""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where a source, a day, a row or a report stands."""

    EXPECTED = "expected"
    ARRIVED = "arrived"
    SEALED = "sealed"
    CERTIFIED = "certified"
    EXCEPTED = "excepted"
    QUARANTINED = "quarantined"
    RELEASED = "released"
    ACCEPTED = "accepted"
    PUBLISHED = "published"
    DELIVERED = "delivered"
    SUPERSEDED = "superseded"
    MISSING = "missing"
