"""Deadlines on the night's clock, for Airflow's Deadline Alerts.

Plugins are loaded by every component, the triggerer and the api-server too, where `dags/` is not importable: this file
needs the standard library and Airflow, and repeats the little arithmetic of `podemos.core.night`; a test compares them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from airflow.plugins_manager import AirflowPlugin
from airflow.sdk.definitions.deadline import BaseDeadlineReference, deadline_reference

ZONE = ZoneInfo("America/Mexico_City")
OPENS_MINUTES = 120
"""A night opens at 02:00."""


def due(
    clock: str, *, rehearsal: bool, run_type: str, run_after: datetime, conf: Mapping[str, Any] | None
) -> datetime | None:
    """The instant that counts as `clock` in a run's night; None when this deadline is not for this run.

    A scheduled run has the real deadline, in Mexico City on the day it runs, which is the one after the business day.
    A rehearsal has it in compressed time. A run by hand has none: its date may be long past.

    Args:
        clock: ``HH:MM``.
        rehearsal: whether this is the deadline of rehearsals, which alerts another topic.
        run_type: Airflow's, e.g. ``scheduled``.
        run_after: when the run was due, aware.
        conf: the run's own params.
    """
    given = conf or {}
    seconds_per_hour = given.get("rehearsal_seconds_per_hour")
    if rehearsal != (seconds_per_hour is not None):
        return None
    minutes = int(clock[:2]) * 60 + int(clock[3:])
    if not rehearsal:
        if run_type != "scheduled":
            return None
        day = run_after.astimezone(ZONE)
        return day.replace(hour=minutes // 60, minute=minutes % 60, second=0, microsecond=0)
    try:
        start = datetime.fromisoformat(given["night_start"]) if given.get("night_start") else run_after
        return start + timedelta(seconds=(minutes - OPENS_MINUTES) * int(seconds_per_hour) / 60)
    except (TypeError, ValueError):
        return None  # the run's first task refuses such params and says why; creating the run must not break


@deadline_reference
@dataclass(eq=False)
class NightClock(BaseDeadlineReference):
    """An instant of the run's night. Evaluated when the run is created.

    Attributes:
        clock: ``HH:MM`` of the night.
        rehearsal: for rehearsals only, or for scheduled runs only.
    """

    clock: str = "06:00"
    rehearsal: bool = False
    required_kwargs = {"dag_id", "run_id"}  # noqa: RUF012 - Airflow's own declaration; annotated it would be a field

    def serialize_reference(self) -> dict[str, Any]:
        """As Airflow stores it."""
        return {"reference_type": self.reference_name, **asdict(self)}

    @classmethod
    def deserialize_reference(cls, reference_data: dict[str, Any]) -> NightClock:
        """As Airflow reads it back."""
        return cls(reference_data["clock"], reference_data["rehearsal"])

    def _evaluate_with(self, *, session: Any, dag_id: str, run_id: str, **_: Any) -> datetime | None:
        from airflow.models.dagrun import DagRun
        from sqlalchemy import select

        run = session.scalar(select(DagRun).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id))
        return due(
            self.clock, rehearsal=self.rehearsal, run_type=str(run.run_type), run_after=run.run_after, conf=run.conf
        )


class PodemosDeadlines(AirflowPlugin):
    """Registers the reference."""

    name = "podemos_deadlines"
    deadline_references = [NightClock]  # noqa: RUF012 - Airflow's own declaration
