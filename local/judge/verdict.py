"""The verdict on a published report: is every cent of the day in it, or named as excepted?"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from local.judge.compare import differences
from local.judge.expected import Truth, gather
from local.judge.published import UnreadableReport, read_report

MOST_LINES = 50


@dataclass(frozen=True)
class Verdict:
    """What the judge found.

    Attributes:
        report: URI of the report's folder.
        business_date: ISO date.
        verified: published + excepted = truth, to the cent, with missing sources and branches named.
        status: what the report calls itself, complete or partial.
        movements: published lines.
        cents: their sum, debits and credits alike.
        excepted: rows set aside, named or not.
        excepted_cents: their sum.
        expected: movements that sources and branches hold for the day, absent ones included.
        expected_cents: their sum.
        missing_sources: as the report names them.
        missing_branches: as the report names them.
        difference_count: how many lines there would be without a limit.
        differences: one line each, the first fifty.
    """

    report: str
    business_date: str
    verified: bool
    status: str = ""
    movements: int = 0
    cents: int = 0
    excepted: int = 0
    excepted_cents: int = 0
    expected: int = 0
    expected_cents: int = 0
    missing_sources: tuple[str, ...] = ()
    missing_branches: tuple[str, ...] = ()
    difference_count: int = 0
    differences: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)


def judge(
    report_uri: str, business_date: date, *, client: Any, state: Path | None = None, truth: Truth | None = None
) -> Verdict:
    """Compare a published report with what is true.

    Args:
        report_uri: `s3://bucket/reports/…/v1/`, the folder of one version.
        business_date: the day that the report is of.
        client: a boto3 S3 client of the local AWS.
        state: folder of the local platform, whose simulators are asked for the truth.
        truth: instead of `state`, a truth gathered before.

    Raises:
        NothingKnown: no source has delivered for the date.
        ServerFailed: the branches do not run.
        ValueError: neither `state` nor `truth` is given.
    """
    if truth is None:
        if state is None:
            raise ValueError("judge needs `state` or `truth`")
        truth = gather(state, business_date)
    try:
        report = read_report(report_uri, business_date, client=client)
    except UnreadableReport as fault:
        return Verdict(report_uri, business_date.isoformat(), False, difference_count=1, differences=(str(fault),))
    found = [*report.faults, *differences(report, truth)]
    return Verdict(
        report=report_uri,
        business_date=business_date.isoformat(),
        verified=not found,
        status=report.status,
        movements=len(report.lines),
        cents=sum(line.cents or 0 for line in report.lines),
        excepted=sum(one.rows for one in report.excepted),
        excepted_cents=sum(one.cents or 0 for one in report.excepted),
        expected=len(truth.movements),
        expected_cents=sum(one.cents for one in truth.movements.values()),
        missing_sources=tuple(sorted(report.missing_sources)),
        missing_branches=tuple(sorted(report.missing_branches)),
        difference_count=len(found),
        differences=tuple(found[:MOST_LINES]),
    )
