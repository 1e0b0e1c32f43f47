"""A branch whose rows come late, against a real MariaDB: its next pull reaches back as far as they did, once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from local.branches.testing import RunningBranches
from podemos.branches import keys
from podemos.branches.landing import Part
from podemos.core import manifest
from podemos.core.clock import iso

from .landed import parts, rows
from .puller import Puller, execute

DAY = "2026-11-18"
LATE = 3_000
"""Seconds: more than the configured hold-back."""


def certify(puller: Puller, as_of: str, seconds: int, *owed: tuple[str, str, str]) -> None:
    """A certification that leaves a look-back behind, and debts."""
    if puller.lake.head(keys.revision(1)) is None:
        manifest.commit(puller.lake, keys.revision(1), {"revision": 1, "days": {}, "quarantine": {}})
    back = {"pagos": {"001": {"as_of": as_of, "seconds": seconds}}}
    debts = [dict(zip(("table", "branch", "day"), debt, strict=True)) for debt in owed]
    document = {"certified": as_of, "debts": debts, "look_back": back}
    manifest.commit(puller.lake, keys.certification(1, manifest.sha256(manifest.canonical(document))), document)


def last(puller: Puller) -> Part:
    return [part for part in parts(puller.lake, "pagos", "001") if part.final][-1]


def insert(puller: Puller, sources: RunningBranches, key: int, seconds: int) -> None:
    """A row whose cursor is so many seconds below the clock of the last snapshot."""
    cursor = datetime.fromisoformat(last(puller).clock) - timedelta(seconds=seconds)
    row = f"({key}, 1, 1, 1.00, '2026-11-19 10:00:00', 'PAGADO', NULL, '{cursor}')"
    execute(sources, "001", f"INSERT INTO pagos VALUES {row}")


def landed(puller: Puller) -> tuple[set[int], set[int]]:
    """Keys that the last pull landed by the watermark, and by looking back after the day that it owes."""
    found = [part for part in parts(puller.lake, "pagos", "001") if part.seq == last(puller).seq]
    keys_of = [{row["id_pago"] for row in rows(puller.lake, part)} for part in found]
    assert [part.part for part in found] == list(range(1, len(found) + 1))
    back = [number for number, part in enumerate(found) if part.look_back]
    assert not back or back[-1] == len(found) - 1
    new = set().union(*(one for one, part in zip(keys_of, found, strict=True) if part.range is None))
    return new, set().union(*(keys_of[number] for number in back))


@pytest.mark.parametrize("page_rows", [1, 50_000])
def test_the_next_pull_looks_back_as_far_as_rows_came_late_and_only_below_the_certified_snapshot(
    puller: Puller, sources: RunningBranches, page_rows: int
) -> None:
    first, late = 7_000_000, 7_000_001
    try:
        puller()
        insert(puller, sources, first, 0)
        puller()
        assert first in landed(puller)[0]
        insert(puller, sources, late, LATE)
        certify(puller, "2026-11-20T08:00:00Z", LATE + 60)
        puller(page_rows=page_rows)
        assert landed(puller) == ({first}, set()), "of another snapshot"
        certify(puller, iso(last(puller).as_of), LATE - 1_000)
        puller(page_rows=page_rows)
        assert landed(puller) == ({first}, set()), "not far enough"
        certify(puller, iso(last(puller).as_of), LATE + 60, ("pagos", "001", DAY))
        puller(page_rows=page_rows)
        assert landed(puller) == ({first}, {late}), "and nothing that is new is sent twice"
        puller(page_rows=page_rows)
        assert landed(puller) == ({first}, set()), "once"
        assert puller.states("001") == {"001": "pulled"}, "the leases are given back"
    finally:
        execute(sources, "001", f"DELETE FROM pagos WHERE id_pago IN ({first}, {late})")
