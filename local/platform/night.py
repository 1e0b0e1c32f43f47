"""One night, end to end, under real Airflow: branches, sources, report, and the independent verdict on it.

The night is a rehearsal: the same DAGs as in production, in compressed time. Nothing here knows how a report is made;
it starts runs, waits, and reads what they left.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC

from local.branches import faults, truth
from local.branches.faults import Kind
from local.judge.verdict import Verdict, judge
from local.platform import dataset, stages, watch
from local.platform.dataset import Dataset
from local.platform.deliveries import Deliveries, correct
from local.platform.evidence import Evidence, gather
from local.platform.show import Show
from local.platform.stack import Stack
from local.platform.watch import Run, Watch
from podemos.core.clock import system_clock
from podemos.core.night import Night

OFFLINE_SCENARIO = "offline-branches"
SHARE_PER_HOUR = 0.15


@dataclass(frozen=True)
class Failure:
    """A task that failed, why in one line, and where its log is."""

    task: str
    reason: str
    log: str


@dataclass
class Result:
    """What a night came to.

    Attributes:
        seconds: stage name -> what it took.
        took: from the command's start.
        planted: kind of defect -> how many of it the simulated branches hold.
    """

    data: Dataset
    status: str
    evidence: Evidence
    seconds: dict[str, float]
    took: float
    planted: Mapping[str, int]
    verdict: Verdict | None = None
    failures: list[Failure] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether a report was published and the truth agrees with it."""
        return self.status in ("complete", "partial") and self.verdict is not None and self.verdict.verified

    def line(self) -> dict[str, object]:
        """The command's last line."""
        report = self.evidence.report
        return {
            "business_date": self.data.business_date.isoformat(),
            "status": self.status,
            "report": report.uri if report else None,
            "version": report.version if report else None,
            "movements": report.movements if report else None,
            "cents": report.cents if report else None,
            "branches": self.data.branches,
            "branches_offline": len(self.evidence.branches_offline),
            "sources": self.evidence.sources,
            "verified": self.verdict.verified if self.verdict else False,
            "seconds": round(self.took),
        }


def run_night(stack: Stack, show: Show, data: Dataset) -> Result:
    """Bring everything up, run the night of `data`, and judge what was published.

    Raises:
        StartFailed, PortsTaken, …: see `Stack.up`.
        TimeoutError: the night takes too long.
    """
    held = dataset.read(stack.settings.state)
    _mend_after(stack, held, data)
    started = time.monotonic()
    stack.up(data)
    seconds = {stages.START.name: time.monotonic() - started - stack.seed_seconds, stages.SEED.name: stack.seed_seconds}
    if data.scenario == OFFLINE_SCENARIO:
        _take_offline(stack, show, data)
    correct(stack, show, data)
    if ended := stack.fail_active_runs():
        show.line(f"{ended} unfinished runs of an earlier command were ended")
    follow = Watch(stack, show, timeout_seconds=stack.settings.night.timeout_seconds)
    begun = time.monotonic()
    branches = follow.trigger(stages.BRANCHES, {"business_date": data.business_date.isoformat()})
    follow.until(lambda: branches.loaded)
    pace = pace_for(stack.settings.night.rehearsal_seconds_per_hour, time.monotonic() - begun)
    night = Night(data.business_date, system_clock().replace(microsecond=0), pace)
    report = open_night(follow, night)
    Deliveries(stack, show, data, night).start()
    follow.until(lambda: branches.ended and report.ended)
    seconds |= branches.seconds() | report.seconds()
    return _judged(stack, show, data, [branches, report], seconds)


def pace_for(configured: int, seconds: float) -> int:
    """Seconds per hour of the night: as configured, or slower where the machine is slow.

    What is left of the branches' run, their certificates, must be delivered at 04:00 of the night's clock, two of its
    hours after the start, also when a component of Airflow is killed meanwhile and comes back half a minute later.

    Args:
        configured: the usual pace.
        seconds: what pulling, curating and loading took.
    """
    return max(configured, math.ceil(seconds * SHARE_PER_HOUR))


def open_night(follow: Watch, night: Night) -> Run:
    """Start the report's run on the night's clock."""
    conf = {
        "business_date": night.business_date.isoformat(),
        "rehearsal_seconds_per_hour": night.seconds_per_hour,
        "night_start": night.start.astimezone(UTC).isoformat(),
    }
    return follow.trigger(stages.REPORT, conf)


def _judged(stack: Stack, show: Show, data: Dataset, runs: list[Run], seconds: dict[str, float]) -> Result:
    evidence = gather(stack, runs[0], runs[1])
    failures = [
        Failure(
            f"{run.dag_id}.{task['task_id']}" + (f"[{task['map_index']}]" if task["map_index"] >= 0 else ""),
            watch.reason(stack.airflow, run, task),
            str(watch.log_path(stack, run, task)),
        )
        for run in runs
        for task in run.failures()
    ]
    verdict = None
    if evidence.report:
        begun = time.monotonic()
        show.line("comparing the published report with what sources and branches really hold")
        verdict = judge(
            evidence.report.folder, data.business_date, client=stack.clients("s3"), state=stack.settings.state
        )
        name = stages.PUBLISH.name
        seconds[name] = seconds.get(name, 0.0) + time.monotonic() - begun
    status = "held" if evidence.held else evidence.report.status if evidence.report else "failed"
    planted = Counter(
        one["kind"] for ones in truth.planted(stack.branch_settings(data.branches)).values() for one in ones
    )
    return Result(data, status, evidence, seconds, show.elapsed(), planted, verdict, failures)


def _mend_after(stack: Stack, held: Dataset | None, data: Dataset) -> None:
    """Branches that the last night's scenario took offline come back, unless this one is the same."""
    if held and held.scenario == OFFLINE_SCENARIO and data.scenario != OFFLINE_SCENARIO:
        for branch in offline_branches(held.branches):
            faults.restore(stack.branch_settings(held.branches), branch)


def _take_offline(stack: Stack, show: Show, data: Dataset) -> None:
    chosen = offline_branches(data.branches)
    for branch in chosen:
        faults.fault(stack.branch_settings(data.branches), branch, Kind.OFFLINE)
    show.line(f"branches {', '.join(chosen)} are taken offline")


def offline_branches(count: int) -> list[str]:
    """One in twenty, spread over all: ten of two hundred."""
    return [f"{number:03d}" for number in range(min(7, count), count + 1, 20)]
