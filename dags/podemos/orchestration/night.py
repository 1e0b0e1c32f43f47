"""Which day and which night a run works on: from its params, else from the instant it was due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from podemos.core.errors import ContractViolation
from podemos.core.night import Night
from podemos.core.zones import zone_table


def business_date_of(context: Mapping[str, Any]) -> date:
    """The param `business_date`, else the day before the run was due in Mexico City (the same at every retry).

    Raises:
        ContractViolation: the param is not a date.
    """
    given = context["params"].get("business_date")
    if given is None:
        return zone_table().accounting_day(context["dag_run"].run_after) - timedelta(days=1)
    try:
        return date.fromisoformat(given)
    except (TypeError, ValueError):
        raise ContractViolation(f"param business_date: {given!r} is not a date; write YYYY-MM-DD") from None


def night_of(context: Mapping[str, Any]) -> Night:
    """The real night of the business date; with `rehearsal_seconds_per_hour`, the same night compressed.

    A rehearsal's night opens at the param `night_start`, else when the run was due. A run by hand works on the real
    night's instants, but is another night: it starts some microseconds later, so it seals what is there now instead of
    finding the seal of the run that was held.

    Raises:
        ContractViolation: a param does not fit.
    """
    params, business_date = context["params"], business_date_of(context)
    seconds = params.get("rehearsal_seconds_per_hour")
    if seconds is None:
        night = Night.scheduled(business_date)
        return replace(night, start=night.start + timedelta(microseconds=context["dag_run"].run_after.microsecond))
    return Night(business_date, _start(params.get("night_start"), context["dag_run"].run_after), int(seconds))


def has_night(context: Mapping[str, Any]) -> bool:
    """Whether the run is a night of the report, real or rehearsed: only such runs can be compressed."""
    return "rehearsal_seconds_per_hour" in (context.get("params") or {})


def _start(given: str | None, run_after: datetime) -> datetime:
    if given is None:
        return run_after.astimezone(UTC)
    try:
        start = datetime.fromisoformat(given)
    except (TypeError, ValueError):
        raise ContractViolation(f"param night_start: {given!r} is not an instant; write ISO 8601") from None
    if start.tzinfo is None:
        raise ContractViolation(f"param night_start: {given!r} has no offset; end it with Z or ±HH:MM")
    return start.astimezone(UTC)
