"""What a task of a night leaves when it ends: its mark. The watchdog hears it, the forecast learns from it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from podemos.orchestration.night import has_night
from podemos.orchestration.ports import Ports
from podemos.regulatory import marks
from podemos.regulatory.forecast import forecast

log = logging.getLogger(__name__)


def beat(context: Mapping[str, Any], ports: Ports, stage: str, began: datetime, **evidence: Any) -> None:
    """Leaves the mark, if the run is a night. Never fails."""
    if has_night(context):
        marks.leave(ports.lake, ports.night, stage, began, ports.clock(), evidence)


def beat_with_forecast(context: Mapping[str, Any], ports: Ports, stage: str, began: datetime, **evidence: Any) -> None:
    """The same, and the mark holds what can be said about 06:00 now. Never fails either."""
    if not has_night(context):
        return
    ended = ports.clock()
    try:
        evidence["forecast"] = forecast(ports.night, ended, lake=ports.lake, sources=ports.sources).to_dict()
    except Exception:
        log.warning("no forecast after %s", stage, exc_info=True)
    marks.leave(ports.lake, ports.night, stage, began, ended, evidence)
