"""What the lake holds of a business day, as the control file of a delivery states it: for a look back at a day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from podemos.branches import movements
from podemos.core.fingerprint import Fingerprint
from podemos.core.store import ObjectStore
from podemos.core.table import Table

NAMES = ("rows", "cents", "digest", "excepted_rows", "excepted_cents")


def day_totals(
    lake: ObjectStore, revision: Mapping[str, Any], table: Table, business_date: date, zones: Mapping[str, str]
) -> dict[str, Any]:
    """The `NAMES` of a control file, by a revision.

    Args:
        lake: the lake.
        revision: a revision's manifest.
        table: the contract of the movements.
        business_date: the day.
        zones: each branch's zone.
    """
    days = revision["days"].get(movements.TABLE, {})
    files = [file for day in movements.local_days(business_date) if day in days for file in days[day]["files"]]
    total = sum(movements.by_branch(lake, table, files, business_date).values(), Fingerprint())
    waiting = revision["quarantine"].get(movements.TABLE, {"files": []})["files"]
    excepted = movements.excepted(lake, table, waiting, business_date, dict(zones))
    cents = sum(one.cents for one in excepted)
    values = (total.count, total.cents, str(total.digest), len(excepted), cents)
    return dict(zip(NAMES, values, strict=True))
