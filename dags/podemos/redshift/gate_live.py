"""The gate over the live catalog, told to those who own the tables."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable

from podemos.core.alert import Alert, Level, tell
from podemos.core.clock import Clock, iso
from podemos.core.store import ObjectStore
from podemos.core.zones import zone_table
from podemos.redshift import gate
from podemos.warehouse.port import Warehouse

log = logging.getLogger(__name__)
PREFIX = "warehouse/gate"
MOST_LINES = 40
"""Of one notice; the rest stands in the verdict."""


def judge(*, warehouse: Warehouse, lake: ObjectStore, clock: Clock, send: Callable[..., None]) -> str:
    """Judges every table of the warehouse and tells each owner of his own offences; returns the verdict's key.

    One notice per owner, with the line to add for each offence. Warnings stand in the verdict and wake nobody.
    """
    now = clock()
    verdict = gate.over_live(warehouse, zone_table().accounting_day(now))
    document = {
        "at": iso(now),
        "tables": verdict.tables,
        "notes": list(verdict.notes),
        "offences": [offence.to_dict() for offence in verdict.offences],
    }
    key = f"{PREFIX}/{iso(now)[:10]}/{iso(now)}.json"
    lake.put_new(key, json.dumps(document, ensure_ascii=False, indent=1).encode(), "application/json")
    for line in [*(offence.line() for offence in verdict.offences), *verdict.notes, verdict.last_line()]:
        log.info("%s", line)
    for owner, offences in verdict.by_owner().items():
        lines = [offence.line() for offence in offences if offence.severity == "critical"]
        if not lines:
            continue
        more = [f"… and {len(lines) - MOST_LINES} more in {key}"] if len(lines) > MOST_LINES else []
        alert = Alert(
            condition=f"gate-{owner}",
            subject=f"gate: {len(lines)} offences in tables of {owner}",
            text="\n".join([*lines[:MOST_LINES], *more]),
            level=Level.WARNING,
            owner=owner,
            meaning="nothing; the tables work as they are.",
            runbook="docs/runbooks/redshift_gate.md",
        )
        tell(alert, f"{PREFIX}/{iso(now)[:10]}/", lake=lake, send=send)
    return key
