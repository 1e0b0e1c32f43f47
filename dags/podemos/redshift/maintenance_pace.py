"""How long a vacuum will take: from the table's own vacuums, else from those of all tables, else from a guess.

Work is counted in MB: of a sort the unsorted ones and a part of the sorted ones (the merge), of a delete the share of
rows that is reclaimed. What an MB takes is the median over the vacuums of all tables; a table's own vacuums then say
how much faster or slower it is.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from podemos.redshift.maintenance_facts import Facts, PastVacuum, TableFacts


class Form(StrEnum):
    """What can be done to a table; the values are how SQL says it."""

    SORT_ONLY = "VACUUM SORT ONLY"
    DELETE_ONLY = "VACUUM DELETE ONLY"
    FULL = "VACUUM FULL"
    RECLUSTER = "VACUUM RECLUSTER"
    ANALYZE = "ANALYZE PREDICATE COLUMNS"


class Basis(StrEnum):
    """What a prediction rests on."""

    OWN = "own"
    FLEET = "fleet"
    ASSUMED = "assumed"


ASSUMED = {"Sort": 0.03, "Recluster": 0.03, "Delete": 0.03}
"""Seconds per MB of work before any vacuum was seen. A guess: a first window begins with small tables."""
OVERHEAD = 2.0
"""Seconds of any statement."""
ASSUMED_ANALYZE = 30.0
_MERGES = tuple(n / 10 for n in range(11))


@dataclass(frozen=True, slots=True)
class Prediction:
    """Seconds, and what they rest on."""

    seconds: float
    basis: Basis


class Pace:
    """Predicts; made once from all facts."""

    def __init__(self, facts: Facts) -> None:
        tables = {table.table_id: table for table in facts.tables}
        worked = [v for v in facts.vacuums if v.worked]
        long = [v for v in worked if (v.seconds or 0) > 5 * OVERHEAD] or worked
        sorts = [v for v in long if v.kind == "Sort"]
        self._merge = min(_MERGES, key=lambda merge: _spread(sorts, tables, merge)) if len(sorts) > 2 else 0.3
        self._seen = {kind for kind in ASSUMED if any(v.kind == kind for v in long)}
        self._rates = ASSUMED | {
            kind: median(_ratios([v for v in long if v.kind == kind], tables, self._merge) or [ASSUMED[kind]])
            for kind in self._seen
        }
        self._own: dict[int, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        for vacuum in worked:
            if expected := self._expected(vacuum, tables.get(vacuum.table_id)):
                self._own[vacuum.table_id][vacuum.kind].append(((vacuum.seconds or 0) - OVERHEAD) / expected)
        self._analyses: dict[int, list[float]] = defaultdict(list)
        for analysis in facts.analyses:
            if analysis.status != "Skipped" and analysis.seconds is not None:
                self._analyses[analysis.table_id].append(analysis.seconds)
        self._analysis = median(s for found in self._analyses.values() for s in found) if self._analyses else None

    def predict(self, table: TableFacts, form: Form) -> Prediction:
        """Of a table as it is now."""
        if form is Form.ANALYZE:
            if past := self._analyses.get(table.table_id):
                return Prediction(median(past), Basis.OWN)
            known = self._analysis is not None
            return Prediction(self._analysis or ASSUMED_ANALYZE, Basis.FLEET if known else Basis.ASSUMED)
        unsorted = table.unsorted or 0.0
        parts = {
            Form.SORT_ONLY: ("Sort",),
            Form.DELETE_ONLY: ("Delete",),
            Form.FULL: ("Sort", "Delete"),
            Form.RECLUSTER: ("Recluster",),
        }[form]
        seconds = sum(
            self._rates[kind]
            * work(kind, table.mb, unsorted, table.ghost_share, self._merge)
            * self._factor(table, kind)
            for kind in parts
        )
        own, seen = table.table_id in self._own, all(kind in self._seen for kind in parts)
        return Prediction(OVERHEAD + seconds, Basis.OWN if own else Basis.FLEET if seen else Basis.ASSUMED)

    def _factor(self, table: TableFacts, kind: str) -> float:
        """How much slower than others the table is in this; in anything, if this was never done to it."""
        own = self._own.get(table.table_id)
        if not own:
            return 1.0
        found = own.get(kind) or [ratio for ratios in own.values() for ratio in ratios]
        return max(0.1, median(found))

    def _expected(self, vacuum: PastVacuum, table: TableFacts | None) -> float:
        kinds = ("Sort", "Delete") if vacuum.kind == "Full" else (vacuum.kind,)
        return sum(self._rates.get(kind, 0.0) * _work(vacuum, table, kind, self._merge) for kind in kinds)


def work(kind: str, mb: float, unsorted: float, ghosts: float, merge: float) -> float:
    """MB of work of a phase."""
    match kind:
        case "Sort":
            return mb * (unsorted + merge * (1 - unsorted))
        case "Recluster":
            return mb * unsorted
        case _:
            return mb * ghosts


def _work(vacuum: PastVacuum, table: TableFacts | None, kind: str, merge: float) -> float:
    """Of a vacuum of the past; what its row does not say is taken from the table as it is now."""
    mb = vacuum.mb if vacuum.mb is not None else table.mb if table else 0
    unsorted = vacuum.unsorted if vacuum.unsorted is not None else (table.unsorted if table else None) or 0.0
    return work(kind, mb, unsorted, vacuum.reclaimed, merge)


def _ratios(vacuums: list[PastVacuum], tables: dict[int, TableFacts], merge: float) -> list[float]:
    """Seconds per MB of work."""
    found = []
    for vacuum in vacuums:
        amount = _work(vacuum, tables.get(vacuum.table_id), vacuum.kind, merge)
        if amount > 0 and vacuum.seconds is not None:
            found.append(max(0.0, vacuum.seconds - OVERHEAD) / amount)
    return found


def _spread(vacuums: list[PastVacuum], tables: dict[int, TableFacts], merge: float) -> float:
    """How far the vacuums are from one rate, if a merge costs this much."""
    ratios = _ratios(vacuums, tables, merge)
    if not ratios or not (middle := median(ratios)):
        return float("inf")
    return median(abs(ratio / middle - 1) for ratio in ratios)
