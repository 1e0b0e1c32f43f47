"""A window as it really passes: the judge. It knows the truth, and neither the planner nor its predictions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from bench.maintenance.fleets import Truth

SKIPS_AT = 0.95
NIL = 1e-9


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, as Redshift has it.

    Attributes:
        what: `FULL`, `SORT ONLY`, `DELETE ONLY`, `RECLUSTER`, `REINDEX`, `ANALYZE` or `ANALYZE PREDICATE COLUMNS`.
        predicted: seconds; who has a prediction does not begin what would not end in time.
    """

    table_id: int
    what: str
    to_percent: int = 95
    predicted: float | None = None


@dataclass(slots=True)
class Outcome:
    """What a window gave.

    Attributes:
        saved: seconds of scans a day; useless: vacuums that ended, or were cut off, and can save nothing.
    """

    saved: float = 0.0
    spent: float = 0.0
    vacuums: int = 0
    cut_off: int = 0
    useless: list[str] = field(default_factory=list)


Policy = Callable[[float, list[Statement]], Iterable[Statement]]
"""What to run, from the seconds that are left and from what has ended since; with nothing the window ends."""


def play(truth: Iterable[Truth], policy: Policy, seconds: float) -> Outcome:
    """Runs a policy's statements one after the other; what runs when the window closes is cancelled, for nothing."""
    tables = {table.table_id: table for table in truth}
    outcome, done = Outcome(), set[tuple[int, str]]()
    ended: list[Statement] = []
    while seconds - outcome.spent > 0 and (statements := list(policy(seconds - outcome.spent, ended))):
        ended = []
        for statement in statements:
            left = seconds - outcome.spent
            if left <= 0:
                break
            if statement.predicted is None or statement.predicted <= left:
                _run(tables[statement.table_id], statement, left, outcome, done)
                ended.append(statement)
        if not ended:
            break
    return outcome


def _run(table: Truth, statement: Statement, left: float, outcome: Outcome, done: set[tuple[int, str]]) -> None:
    took, phases = _cost(table, statement, done)
    outcome.spent += min(took, left)
    if statement.what.startswith("ANALYZE"):
        return
    outcome.vacuums += 1
    possible = _saved(table, phases, done)
    if possible <= NIL:
        outcome.useless.append(f"{statement.what} {table.schema}.{table.name}")
    if took <= left:
        outcome.saved += possible
        done |= {(table.table_id, phase) for phase in phases}
    else:
        outcome.cut_off += 1


def _cost(table: Truth, statement: Statement, done: set[tuple[int, str]]) -> tuple[float, list[str]]:
    """Seconds, and the phases that change something."""
    if statement.what.startswith("ANALYZE"):
        return table.analyze_seconds(predicate_columns="PREDICATE" in statement.what), []
    interleaved, phases, seconds = table.key == "INTERLEAVED", [], 2.0
    sorts = table.key is not None and table.unsorted > 0 and (table.table_id, "sort") not in done
    skipped = 1 - table.unsorted >= statement.to_percent / 100 and statement.to_percent < 100
    if statement.what in ("FULL", "SORT ONLY") and sorts and not skipped and not interleaved:
        phases, seconds = ["sort"], seconds + table.sort_seconds()
    if statement.what == "REINDEX" and sorts:
        phases, seconds = ["sort"], seconds + 2 * table.sort_seconds()
    if statement.what == "RECLUSTER" and sorts and not interleaved and table.style != "ALL":
        phases, seconds = ["recluster"], seconds + table.recluster_seconds()
    if statement.what in ("FULL", "DELETE ONLY", "REINDEX") and table.ghosts and (table.table_id, "delete") not in done:
        phases, seconds = [*phases, "delete"], seconds + table.delete_seconds()
    return seconds, phases


def _saved(table: Truth, phases: list[str], done: set[tuple[int, str]]) -> float:
    """Seconds of scans a day that these phases save; what one has saved is not there for the next."""
    before = {phase for table_id, phase in done if table_id == table.table_id}
    return _left(table, before) - _left(table, before | set(phases))


def _left(table: Truth, phases: set[str]) -> float:
    gain = table.sort_gain if "sort" in phases else table.sort_gain * table.recluster_part
    sorted_ = 1 - gain if phases & {"sort", "recluster"} else 1.0
    return table.scan * sorted_ * (1 - table.ghosts if "delete" in phases else 1.0)
