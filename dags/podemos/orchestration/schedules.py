"""When DAGs run: explicit timetables in Mexico City time (a bare cron string has UTC and no data interval)."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from airflow.sdk import CronTriggerTimetable, MultipleCronTriggerTimetable

ZONE: Final = "America/Mexico_City"
GO_LIVE: Final = datetime(2026, 11, 1, tzinfo=ZoneInfo(ZONE))
"""Nothing is scheduled before it."""

every_30_minutes_by_day = MultipleCronTriggerTimetable("0,30 6-23 * * *", "30 0,1 * * *", timezone=ZONE)
"""06:00 to 23:30 every half hour, then 00:30 and 01:30: the last pull feeds the 02:00 report."""

nightly_at_two = CronTriggerTimetable("0 2 * * *", timezone=ZONE)
"""02:00, when the business day before is closed in every branch's zone."""
