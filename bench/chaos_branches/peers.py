"""The watermark policies of other extractors, run on the same snapshots, at the same moments, without a single fault.

They are spared our cuts and kills: only what a policy itself cannot see is counted against it. Each upserts by key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bench.chaos_branches.source import TABLES, Content, Row

LAG_SECONDS = 900
"""As long as our own hold-back."""
_BEGINNING = b"0001-01-01 00:00:00.000000"


@dataclass
class Target:
    """What a peer has of one table."""

    rows: dict[int, Row] = field(default_factory=dict)
    watermark: bytes = _BEGINNING
    boundary: set[int] = field(default_factory=set)


Policy = Callable[[Target, dict[int, Row]], None]


def greater_than(target: Target, source: dict[int, Row]) -> None:
    """sling's default: ``cursor > max(cursor in the target)``."""
    target.rows.update({key: row for key, row in source.items() if _cursor(row) > target.watermark})
    target.watermark = max(map(_cursor, target.rows.values()), default=_BEGINNING)


def greater_equal_dedupe(target: Target, source: dict[int, Row]) -> None:
    """dlt's ``incremental`` with a primary key: ``>=``, and what was seen at the boundary is dropped."""
    fresh = {
        key: row
        for key, row in source.items()
        if _cursor(row) > target.watermark or (_cursor(row) == target.watermark and key not in target.boundary)
    }
    target.rows.update(fresh)
    highest = max(map(_cursor, fresh.values()), default=target.watermark)
    at_highest = {key for key, row in fresh.items() if _cursor(row) == highest}
    target.boundary = at_highest | target.boundary if highest == target.watermark else at_highest
    target.watermark = highest


def fixed_lag(target: Target, source: dict[int, Row]) -> None:
    """dlt's ``incremental(lag=900)``: ``>= watermark - lag``; the merge deduplicates."""
    lowest = _BEGINNING
    if target.watermark > _BEGINNING:
        moment = datetime.fromisoformat(target.watermark.decode()) - timedelta(seconds=LAG_SECONDS)
        lowest = moment.strftime("%Y-%m-%d %H:%M:%S.%f").encode()
    fresh = {key: row for key, row in source.items() if _cursor(row) >= lowest}
    target.rows.update(fresh)
    target.watermark = max([target.watermark, *map(_cursor, fresh.values())])


POLICIES: dict[str, Policy] = {
    "greater_than": greater_than,
    "greater_equal_dedupe": greater_equal_dedupe,
    "fixed_lag": fixed_lag,
}


@dataclass
class Peers:
    """All policies at one branch."""

    targets: dict[str, dict[str, Target]] = field(
        default_factory=lambda: {policy: {table: Target() for table in TABLES} for policy in POLICIES}
    )

    def pull(self, content: Content) -> None:
        """Each policy reads the snapshot that our pull read."""
        for policy, targets in self.targets.items():
            for table, target in targets.items():
                POLICIES[policy](target, content[table])

    def losses(self, content: Content) -> dict[str, dict[str, int]]:
        """Rows of a source that a target lacks, has old, or has though they are deleted."""
        found = {}
        for policy, targets in self.targets.items():
            lost = stale = undeleted = 0
            for table, target in targets.items():
                source = content[table]
                lost += len(source.keys() - target.rows.keys())
                undeleted += len(target.rows.keys() - source.keys())
                stale += sum(target.rows[key] != source[key] for key in source.keys() & target.rows.keys())
            bad = int(bool(lost or stale or undeleted))
            found[policy] = {"lost": lost, "stale": stale, "undeleted": undeleted, "schedules": bad}
        return found


def _cursor(row: Row) -> bytes:
    return row[-1] or b""
