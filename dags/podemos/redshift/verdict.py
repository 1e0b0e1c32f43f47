"""Why the slow runs of a query take longer than its fast ones: causes with their share, seconds and evidence.

Elapsed time is split into what the views say (queue, planning, compile, lock, execution); what they leave over is
`unaccounted`. The growth of the execution is split further by factors that multiply: more rows asked for, rows read in
vain because the sort key no longer restricts, ghost rows. A factor's share is its logarithm's share of the growth.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from podemos.redshift.history import History, Run, Scan
from podemos.warehouse.port import Row

SLOWER = 1.5
"""A slow run takes at least this times as long as a fast one."""
LEAST_GROWTH = 1_000_000
"""Microseconds; less is noise."""
_FAST, _SLOW = 0.1, 0.9
"""Quantiles of elapsed time whose runs are compared: neither the luckiest nor the unluckiest run."""

ADVICE = {
    "queue": "look at who ran in those hours (queueing); give the report a queue or a priority of its own",
    "planning": "planning grew: many small files or partitions, stale statistics, or a busy leader node",
    "compile": "segments were compiled again: a new version of the warehouse, or a text that changes with each run",
    "lock": "it waited for a table lock: move the load or the ALTER that holds it",
    "planning_or_lock": "planning or a lock: these views do not tell; ask SYS_QUERY_HISTORY of the same runs",
    "more_rows_asked": "the query keeps more rows than before: the business grew, or its filter widened",
    "pruning_lost": "more rows are read for each row kept: VACUUM SORT ONLY if vacuum_sort_benefit is above 0, else "
    "the sort key does not fit the query: redesign",
    "ghost_rows": "rows marked deleted are read: VACUUM DELETE ONLY",
    "spill": "it spilled to disk: more memory for the queue, or fewer columns and rows in the join",
    "unexplained": "neither rows nor ghosts nor spill explain it: another plan, a cold cache, or contention",
    "unaccounted": "what the views' own parts leave over of the elapsed time",
}


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause of the growth. Shares of a verdict sum to 1; one that got better has a negative share."""

    cause: str
    share: float
    seconds: float
    evidence: tuple[dict[str, Any], ...]
    advice: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What happened to one query."""

    hash: str
    runs: int
    slow_runs: int
    fast: Run
    slow: Run
    causes: tuple[Cause, ...]
    notes: tuple[str, ...] = ()

    @property
    def lost(self) -> float:
        """Seconds that the slow runs took beyond the fast one, roughly: what this query costs."""
        return (self.slow.elapsed - self.fast.elapsed) / 1e6 * self.slow_runs

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "query_hash": self.hash,
            "runs": self.runs,
            "slow_runs": self.slow_runs,
            "fast_seconds": self.fast.elapsed / 1e6,
            "slow_seconds": self.slow.elapsed / 1e6,
            "fast": self.fast.to_dict(),
            "slow": self.slow.to_dict(),
            "causes": [asdict(cause) for cause in self.causes],
            "notes": list(self.notes),
        }


def verdicts(history: History, query_hash: str | None = None) -> list[Verdict]:
    """Every query that got slower, the one that costs most first; of one hash when it is given."""
    grouped: dict[str, list[Run]] = defaultdict(list)
    for run in history.runs:
        if query_hash in (None, run.hash):
            grouped[run.hash].append(run)
    scans: dict[int, list[Scan]] = defaultdict(list)
    for scan in history.scans:
        scans[scan.query].append(scan)
    found = [_judged(runs, scans, history.health) for runs in grouped.values()]
    return sorted((verdict for verdict in found if verdict), key=lambda verdict: -verdict.lost)


def _judged(runs: Sequence[Run], scans: dict[int, list[Scan]], health: Sequence[Row]) -> Verdict | None:
    notes = []
    newest = max(run.version for run in runs)
    comparable = [run for run in runs if run.version == newest]
    if len(comparable) < len(runs):
        notes.append(f"{len(runs) - len(comparable)} runs have a hash of another version and are not compared")
    ordered = sorted(comparable, key=lambda run: (run.elapsed, run.started))
    fast, slow = ordered[math.floor(_FAST * (len(ordered) - 1))], ordered[math.ceil(_SLOW * (len(ordered) - 1))]
    growth = slow.elapsed - fast.elapsed
    if slow.elapsed < SLOWER * fast.elapsed or growth < LEAST_GROWTH:
        return None
    causes = [*_buckets(fast, slow), *_execution(fast, slow, scans[fast.query], scans[slow.query], health)]
    left = growth - sum(micros for _, micros, _ in causes)
    causes.append(("unaccounted", left, []))
    shown = [
        Cause(name, micros / growth, micros / 1e6, tuple(evidence), ADVICE[name])
        for name, micros, evidence in sorted(causes, key=lambda cause: -cause[1])
        if abs(micros) >= growth / 1000
    ]
    slow_runs = sum(run.elapsed >= SLOWER * fast.elapsed for run in comparable)
    return Verdict(fast.hash, len(comparable), slow_runs, fast, slow, tuple(shown), tuple(notes))


_Found = tuple[str, float, list[dict[str, Any]]]


def _buckets(fast: Run, slow: Run) -> Iterable[_Found]:
    """What grew before the query executed."""
    pairs = [("queue", fast.queue, slow.queue), ("compile", fast.compile, slow.compile)]
    if None in (fast.planning, slow.planning, fast.lock, slow.lock):
        pairs.append(("planning_or_lock", _rest(fast), _rest(slow)))
    else:
        pairs += [("planning", fast.planning or 0, slow.planning or 0), ("lock", fast.lock or 0, slow.lock or 0)]
    for name, before, after in pairs:
        yield name, after - before, [{"fast_seconds": before / 1e6, "slow_seconds": after / 1e6}]


def _rest(run: Run) -> int:
    return max(0, run.elapsed - run.queue - run.compile - run.execution)


def _execution(
    fast: Run, slow: Run, before: Sequence[Scan], after: Sequence[Scan], health: Sequence[Row]
) -> Iterable[_Found]:
    growth = slow.execution - fast.execution
    if growth <= 0 or fast.execution <= 0:
        yield "unexplained", growth, [{"fast_seconds": fast.execution / 1e6, "slow_seconds": slow.execution / 1e6}]
        return
    factors = [found for found in _factors(before, after, health) if found[1] > 1]
    whole = math.log(slow.execution / fast.execution)
    explained = sum(math.log(factor) for _, factor, _ in factors)
    scale = growth / max(whole, explained)
    for name, factor, evidence in factors:
        yield name, math.log(factor) * scale, [{"factor": round(factor, 3)}, *evidence]
    left = growth - explained * scale
    spilled = _sum(after, "spilled") - _sum(before, "spilled")
    if spilled > 0:
        yield "spill", left, [{"spilled_blocks_more": spilled}]
    else:
        yield "unexplained", left, [{"execution_factor": round(slow.execution / fast.execution, 3)}]


def _factors(before: Sequence[Scan], after: Sequence[Scan], health: Sequence[Row]) -> Iterable[_Found]:
    """What multiplies the work of a scan: (cause, factor, evidence)."""
    read = (_sum(before, "read"), _sum(after, "read"))
    kept = (_sum(before, "kept"), _sum(after, "kept"))
    if 0 in read:
        return
    tables = {scan.table_id for scan in after}
    rows = [row for row in health if row["table_id"] in tables]
    asked = kept[1] / kept[0] if 0 not in kept else 1.0
    yield "more_rows_asked", asked, [{"rows_kept_fast": kept[0], "rows_kept_slow": kept[1]}]
    restricted = [{"table": s.table, "restricted": s.restricted, "rows_read": s.read} for s in after]
    states = [
        {name: _plain(row[name]) for name in ("tabla", "sortkey1", "unsorted", "vacuum_sort_benefit")} for row in rows
    ]
    yield "pruning_lost", read[1] / read[0] / asked, [
        {"rows_read_fast": read[0], "rows_read_slow": read[1]}, *restricted, *states
    ]  # fmt: skip
    yield "ghost_rows", _ghosts(after, rows) / _ghosts(before, ()), [
        {name: _plain(row[name]) for name in ("tabla", "tbl_rows", "estimated_visible_rows")} for row in rows
    ]  # fmt: skip


def _ghosts(scans: Sequence[Scan], health: Sequence[Row]) -> float:
    """Rows read with ghosts for each row read without: measured in STL, from the tables' state now in SYS."""
    measured = [scan for scan in scans if scan.with_ghosts is not None]
    if measured:
        return max(1.0, _sum(measured, "with_ghosts") / max(1, _sum(measured, "read")))
    rows, visible = (sum(int(row[name] or 0) for row in health) for name in ("tbl_rows", "estimated_visible_rows"))
    return max(1.0, rows / visible) if visible else 1.0


def _sum(scans: Sequence[Scan], name: str) -> int:
    return sum(getattr(scan, name) or 0 for scan in scans)


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, int | str) else float(value)
