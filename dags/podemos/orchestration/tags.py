"""Tags: how much a DAG matters and which concern it serves."""

from __future__ import annotations

from enum import StrEnum


class Tier(StrEnum):
    """What a failure costs."""

    ONE = "tier-1"
    """Somebody is woken: the 06:00 report depends on it."""
    TWO = "tier-2"
    """It waits for the morning."""


class Concern(StrEnum):
    """One of the four concerns."""

    BRANCHES = "branches"
    REGULATORY = "regulatory"
    REDSHIFT = "redshift"
    MOBILE = "mobile"
