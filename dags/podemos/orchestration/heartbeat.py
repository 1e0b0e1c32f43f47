"""What a task of a night leaves when it ends: its mark. The watchdog hears it, the forecast learns from it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from podemos.orchestration.night import has_night
from podemos.orchestration.ports import Ports
from podemos.regulatory import marks


def beat(context: Mapping[str, Any], ports: Ports, stage: str, began: datetime, **evidence: Any) -> None:
    """Leaves the mark, if the run is a night. Never fails."""
    if has_night(context):
        marks.leave(ports.lake, ports.night, stage, began, ports.clock(), evidence)
