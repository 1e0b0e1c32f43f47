"""The diagnosis: five questions to the system views, then why the slow runs are slow, and what could not be seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from podemos.core.store import ObjectStore
from podemos.redshift import kept
from podemos.redshift.history import Dialect, History, read
from podemos.redshift.probe import probe
from podemos.redshift.verdict import Verdict, verdicts
from podemos.warehouse.port import Row, Warehouse

QUEUED = 0.05
"""Share of waiting in an hour's time from which a queue is told."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Everything that was found."""

    dialect: Dialect
    since: str
    history: History
    verdicts: tuple[Verdict, ...]
    cannot_see: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form: the verdicts, then the rows that answer each question."""
        return {
            "views": self.dialect,
            "since": self.since,
            "runs": len(self.history.runs),
            "cannot_see": list(self.cannot_see),
            "verdicts": [verdict.to_dict() for verdict in self.verdicts],
            "queueing": [_json(row) for row in self.history.queueing if _queued(row)],
            "skew": [_json(row) for row in self.history.skew],
            "health": [_json(row) for row in self.history.health],
        }


def diagnose(
    warehouse: Warehouse,
    since: datetime,
    *,
    query_hash: str | None = None,
    views: Dialect | None = None,
    lake: ObjectStore | None = None,
    at: str = "",
    keep_days: timedelta = timedelta(days=90),
) -> Diagnosis:
    """Asks, compares, and says why.

    Args:
        warehouse: where.
        since: UTC; the warehouse itself keeps seven days.
        query_hash: of one query; None is every query that got slower.
        views: the family to ask; None is what `probe` finds.
        lake: with it the look is kept there, and earlier looks are taken in.
        at: ISO instant of this look, its name in the lake.
        keep_days: how far back kept looks are taken in.

    Raises:
        DataFault: the warehouse refused a query.
        SourceUnavailable: it did not answer in time.
    """
    text = since.strftime("%Y-%m-%d %H:%M:%S")
    found = probe(warehouse, text, views)
    history = read(warehouse, found.dialect, text)
    if lake is not None:
        kept.keep(lake, history, at)
        history = kept.with_kept(lake, history, date.fromisoformat(at[:10]) - keep_days)
    return Diagnosis(history.dialect, text, history, tuple(verdicts(history, query_hash)), found.cannot_see)


def lines(found: Diagnosis) -> list[str]:
    """The verdicts for a person, the one that costs most first."""
    told = [f"{len(found.history.runs)} runs since {found.since} UTC, from {found.dialect.upper()} views"]
    for verdict in found.verdicts:
        fast, slow = verdict.fast.elapsed / 6e7, verdict.slow.elapsed / 6e7
        told += [
            "",
            f"{verdict.hash}: {fast:.1f} -> {slow:.1f} min ({verdict.slow_runs} of {verdict.runs} runs are slow)",
            f"  {' '.join(verdict.slow.text.split())[:100]}",
        ]
        for cause in verdict.causes:
            told.append(f"  {cause.share:6.1%} {cause.seconds:9.1f} s  {cause.cause}: {cause.advice}")
        told += [f"  {note}" for note in verdict.notes]
    if not found.verdicts:
        told.append("no query got slower")
    return [*told, "", *(f"cannot see: {note}" for note in found.cannot_see)]


def _queued(row: Row) -> bool:
    return bool(row["queue_time"] > QUEUED * (row["queue_time"] + row["execution_time"]))


def _json(row: Row) -> dict[str, Any]:
    return {
        name: value if value is None or isinstance(value, int | str) else float(value) for name, value in row.items()
    }
