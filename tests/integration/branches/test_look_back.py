"""A branch whose rows come late, against a real MariaDB: its next pull reaches back as far as they did, once."""

from __future__ import annotations

from datetime import datetime, timedelta

from local.branches.testing import RunningBranches
from podemos.branches import keys
from podemos.branches.landing import Part
from podemos.core import manifest
from podemos.core.clock import iso

from .landed import parts, rows
from .puller import Puller, execute

LATE = 3_000
"""Seconds: more than the configured hold-back."""


def certify(puller: Puller, as_of: str, seconds: int) -> None:
    """A certification that leaves a look-back behind."""
    if puller.lake.head(keys.revision(1)) is None:
        manifest.commit(puller.lake, keys.revision(1), {"revision": 1, "days": {}, "quarantine": {}})
    back = {"pagos": {"001": {"as_of": as_of, "seconds": seconds}}}
    document = {"certified": as_of, "debts": [], "look_back": back}
    manifest.commit(puller.lake, keys.certification(1, manifest.sha256(manifest.canonical(document))), document)


def last(puller: Puller) -> Part:
    return [part for part in parts(puller.lake, "pagos", "001") if part.final][-1]


def insert(puller: Puller, sources: RunningBranches, key: int, seconds: int) -> None:
    """A row whose cursor is so many seconds below the clock of the last snapshot."""
    cursor = datetime.fromisoformat(last(puller).clock) - timedelta(seconds=seconds)
    row = f"({key}, 1, 1, 1.00, '2026-11-19 10:00:00', 'PAGADO', NULL, '{cursor}')"
    execute(sources, "001", f"INSERT INTO pagos VALUES {row}")


def landed(puller: Puller) -> set[int]:
    """Keys that the last pull landed by the watermark."""
    newest = last(puller).seq
    found = [part for part in parts(puller.lake, "pagos", "001") if part.seq == newest and part.range is None]
    return {row["id_pago"] for part in found for row in rows(puller.lake, part)}


def test_the_next_pull_reaches_back_as_far_as_rows_came_late_and_only_from_the_certified_snapshot(
    puller: Puller, sources: RunningBranches
) -> None:
    first, late = 7_000_000, 7_000_001
    try:
        puller()
        insert(puller, sources, first, 0)
        puller()
        assert first in landed(puller)
        insert(puller, sources, late, LATE)
        certify(puller, "2026-11-20T08:00:00Z", LATE + 60)
        puller()
        assert (late in landed(puller), last(puller).look_back) == (False, 0), (
            "of another snapshot: the watermark holds"
        )
        certify(puller, iso(last(puller).as_of), LATE - 1_000)
        puller()
        assert (late in landed(puller), last(puller).look_back) == (False, LATE - 1_000)
        certify(puller, iso(last(puller).as_of), LATE + 60)
        puller()
        assert (late in landed(puller), last(puller).look_back) == (True, LATE + 60)
        puller()
        assert (late in landed(puller), last(puller).look_back) == (False, 0), "once"
    finally:
        execute(sources, "001", f"DELETE FROM pagos WHERE id_pago IN ({first}, {late})")
