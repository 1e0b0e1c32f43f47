"""When DAGs run: explicit timetables in Mexico City time (a bare cron string has UTC and no data interval)."""

from __future__ import annotations

from datetime import datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable, MultipleCronTriggerTimetable

from podemos.contracts.platform import platform
from podemos.orchestration import assets

ZONE: Final = "America/Mexico_City"
GO_LIVE: Final = datetime.combine(platform().go_live, time(), ZoneInfo(ZONE))
"""Nothing is scheduled before it."""

every_30_minutes_by_day = MultipleCronTriggerTimetable("0,30 6-23 * * *", "30 0,1 * * *", timezone=ZONE)
"""06:00 to 23:30 every half hour, then 00:30 and 01:30: the last pull feeds the 02:00 report."""

nightly_at_two = CronTriggerTimetable("0 2 * * *", timezone=ZONE)
"""02:00, when the business day before is closed in every branch's zone."""

nightly_after_midnight = CronTriggerTimetable("35 0 * * *", timezone=ZONE)
"""00:35, between the branches' last two pulls and long enough before the report."""

every_evening = CronTriggerTimetable("0 20 * * *", timezone=ZONE)
"""20:00, when the branches have closed and the night is six hours away."""

weekly_on_monday = CronTriggerTimetable("0 8 * * 1", timezone=ZONE)
"""Monday 08:00, when somebody is there to read it."""

on_corrections_and_daily_at_ten = AssetOrTimeSchedule(
    timetable=CronTriggerTimetable("0 10 * * *", timezone=ZONE), assets=[assets.CERTIFICADOS_CORREGIDOS]
)
"""When certificates under a published day were corrected, and every morning for what sources delivered late."""

every_15_minutes_and_on_backlog = AssetOrTimeSchedule(
    timetable=CronTriggerTimetable("*/15 * * * *", timezone=ZONE), assets=[assets.ATRASO_MOVIL]
)
"""Phones upload at any hour; a run that left uploads behind is followed at once."""

every_30_minutes = CronTriggerTimetable("*/30 * * * *", timezone=ZONE)
"""Day and night: how soon a phone's silence is known."""

daily_at_eleven = CronTriggerTimetable("0 11 * * *", timezone=ZONE)
"""After the restatements of the morning, far from the night."""
