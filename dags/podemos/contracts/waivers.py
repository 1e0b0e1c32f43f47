"""Deliveries that a person makes or copies: refused, unless somebody answers for them until a date.

A total that a hand has touched cannot be traced to the system that made it. A waiver says whose hand, why, until when,
and which system is to deliver instead.
"""

from __future__ import annotations

from datetime import date

from pydantic import Field

from podemos.contracts.loading import Strict

RENDERINGS = ("pdf", "xlsx")
"""Forms made for the eye: a cell's text is what its format makes of the value, a table's end is where the page ends."""


class Waiver(Strict):
    """Who answers for a manual or transcribed delivery, why, until when, and what is to replace it."""

    owner: str = Field(min_length=1, description="who answers for it: a mail address")
    reason: str = Field(min_length=1)
    expires: date = Field(description="the last business day that it covers")
    originating_system: str = Field(min_length=1, description="the system whose data a hand carries")


def fault(source: str, *, manual: bool, rendering: str | None, waiver: Waiver | None) -> str:
    """Why such a source cannot be configured, and what to do; empty when it can.

    Args:
        source: its id.
        manual: a person delivers it.
        rendering: what it was transcribed from, of `RENDERINGS`.
        waiver: what it has.
    """
    touched = [
        *(["it is delivered by hand"] if manual else []),
        *([f"it is copied from {rendering}"] if rendering else []),
    ]
    if touched and waiver is None:
        return (
            f"{source}: {' and '.join(touched)}: have its system deliver, or add a waiver with owner, reason, expires "
            "and originating_system"
        )
    if waiver is not None and not touched:
        return f"{source}: a waiver without kind manual or a rendering: remove it"
    return ""


def expired(source: str, waiver: Waiver | None, day: date) -> str:
    """Why a night of that business day does not take the source any more; empty while it does."""
    if waiver is None or day <= waiver.expires:
        return ""
    return (
        f"{source}: its waiver ended on {waiver.expires.isoformat()} ({waiver.reason}): have "
        f"{waiver.originating_system} deliver by itself, or have {waiver.owner} renew it in sources.yaml"
    )
