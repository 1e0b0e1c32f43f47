"""Seeded fleets of warehouse tables: what is true of them, and the noisy rows that the system views show.

Two families of 300 tables, from 1 MB to 2 TB:

- `append`: rows arrive in the order of time. The unsorted rows are the newest, a merge is cheap, sorting them without a
  merge gives most of the gain, few rows are deleted.
- `churn`: rows are changed and deleted everywhere. A merge rewrites the sorted rows, sorting without one gives little,
  ghosts are many, and how unsorted a table is says little about what sorting it gives.

No policy may read `Truth`. What a policy sees are `Fleet.rows`: the documented columns of the system views, where the
benefit has an error, future scans differ from past ones, and durations of past vacuums are of another size and state.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

Family = Literal["append", "churn"]
FAMILIES: tuple[Family, ...] = ("append", "churn")
TABLES = 300
NOW = datetime.fromisoformat("2026-11-24T07:00:00")
"""01:00 in Mexico City, when the window opens. UTC, as the views are."""
DAYS = 7
LARGE_MB = 700 * 1024
"""What the awslabs rules call too large."""
MOST_MB = 2_000_000
SLICES = 2
INT32 = 2**31

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Truth:
    """What nobody sees. Fractions are 0 to 1, times seconds.

    Attributes:
        scan: seconds of scans a day, from now on.
        sort_gain: of them that a full sort saves; recluster_part: of that gain that RECLUSTER gives.
        sort_rate: seconds per unsorted MB; merge_rate: per sorted MB; delete_rate: per MB with ghosts in its block.
    """

    table_id: int
    schema: str
    name: str
    mb: int
    rows: int
    style: str
    key: str | None
    unsorted: float
    ghosts: float
    stale: float
    scan: float
    sort_gain: float
    recluster_part: float
    sort_rate: float
    merge_rate: float
    delete_rate: float
    touched: float
    written_at_night: bool

    def sort_seconds(self, unsorted: float | None = None) -> float:
        """A sort phase with its merge."""
        part = self.unsorted if unsorted is None else unsorted
        return self.mb * (part * self.sort_rate + (1 - part) * self.merge_rate)

    def recluster_seconds(self) -> float:
        """Sorting the unsorted rows only."""
        return self.mb * self.unsorted * self.sort_rate

    def delete_seconds(self) -> float:
        """Reclaiming ghost rows: the blocks that hold some are written anew."""
        return self.mb * self.touched * self.delete_rate

    def analyze_seconds(self, *, predicate_columns: bool) -> float:
        """A sample is read, of all columns or of the few that predicates use."""
        return 2 + 0.25 * math.sqrt(self.mb) * (0.3 if predicate_columns else 1)


@dataclass(frozen=True, slots=True)
class Fleet:
    """One warehouse.

    Attributes:
        rows: by system view; a column that no policy asks for may be absent.
    """

    family: Family
    seed: int
    large: bool
    truth: tuple[Truth, ...]
    rows: dict[str, list[Row]]


def fleet(family: Family, seed: int, *, large: bool) -> Fleet:
    """The fleet of a seed, always the same.

    Args:
        family: see above.
        seed: any.
        large: with tables of more than 700 GB, or without any.
    """
    luck = random.Random(f"{family}/{seed}/{large}")
    truth = tuple(_table(luck, family, number, large=large) for number in range(TABLES))
    rows: dict[str, list[Row]] = defaultdict(list)
    for table in truth:
        _table_info(luck, table, rows)
        _scans(luck, table, rows)
        _vacuums(luck, table, rows)
        _analyses(luck, table, rows)
        _writes(table, rows)
    return Fleet(family, seed, large, truth, dict(rows))


def _table(luck: random.Random, family: Family, number: int, *, large: bool) -> Truth:
    churn = family == "churn"
    mb = int(min(MOST_MB if large else LARGE_MB - 1, max(1, luck.lognormvariate(math.log(900), 2.3))))
    if large and number < 5:
        mb = luck.randint(LARGE_MB + 1, MOST_MB)
    keyed = luck.random()
    key = None if keyed < 0.15 else "INTERLEAVED" if keyed < 0.19 else "fecha"
    unsorted = 0.0 if key is None else luck.choice((0, luck.uniform(0, 0.06), luck.betavariate(1, 4), luck.random()))
    ghosts = luck.choice((0, 0, luck.uniform(0, 0.05), luck.betavariate(1.5, 5 if churn else 14)))
    useful = unsorted > 0 and luck.random() < 0.5
    shape = (luck.betavariate(2, 3) if churn else min(0.95, unsorted * luck.uniform(0.5, 1.6))) if useful else 0.0
    scanned = luck.random() > 0.3
    speed = luck.lognormvariate(0, 0.35)
    return Truth(
        table_id=100_000 + number * 7,
        schema=luck.choice(("core", "riesgo", "cobranza", "Datos Viejos")),
        name=f"tabla_{number:03}" if number % 40 else f'Tabla "{number}"',
        mb=mb,
        rows=int(mb * luck.lognormvariate(math.log(9_000), 0.7)) + 1,
        style=luck.choice(("EVEN", "KEY(id)", "AUTO(EVEN)", "ALL")) if mb < 2_000 else luck.choice(("EVEN", "KEY(id)")),
        key=key,
        unsorted=unsorted,
        ghosts=ghosts,
        stale=luck.choice((0, luck.uniform(0, 0.1), luck.random())),
        scan=mb / 800 * luck.lognormvariate(math.log(6), 1.6) if scanned else 0.0,
        sort_gain=shape,
        recluster_part=luck.uniform(0.2, 0.6) if churn else luck.uniform(0.6, 0.95),
        sort_rate=0.020 * speed,
        merge_rate=(0.012 if churn else 0.003) * speed,
        delete_rate=0.010 * speed,
        touched=min(1.0, ghosts * (luck.uniform(3, 8) if churn else luck.uniform(1, 2))),
        written_at_night=luck.random() < 0.4,
    )


def _table_info(luck: random.Random, table: Truth, rows: dict[str, list[Row]]) -> None:
    """The benefit is a guess: a fifth off, and up to some points of nothing where there is none."""
    guess = 100 * table.sort_gain * luck.lognormvariate(0, 0.25) + abs(luck.gauss(0, 1.2))
    total = int(table.rows / (1 - table.ghosts))
    skew = luck.uniform(1, 4) if table.key == "INTERLEAVED" else None
    rows["svv_table_info"].append(
        {
            "database": "podemos",
            "schema": table.schema,
            "table_id": table.table_id,
            "table": table.name,
            "diststyle": table.style,
            "sortkey1": table.key,
            "sortkey_num": 0 if table.key is None else 2,
            "size": table.mb,
            "unsorted": None if table.key is None else round(100 * table.unsorted, 2),
            "stats_off": round(100 * table.stale, 2),
            "tbl_rows": total,
            "estimated_visible_rows": int(table.rows * luck.uniform(0.99, 1.0)),
            "skew_rows": round(luck.uniform(1, 5), 2),
            "vacuum_sort_benefit": None if table.key is None else round(min(99.0, guess), 2),
        }
    )
    if skew is not None:
        rows["svv_interleaved_columns"].append({"tbl": table.table_id, "interleaved_skew": round(skew, 2)})


def _scans(luck: random.Random, table: Truth, rows: dict[str, list[Row]]) -> None:
    """The same scans in both families of views: a row per slice in STL; a segment's and a step's row in SYS."""
    if not table.scan:
        return
    runs = luck.randint(3, 8)
    past = table.scan * DAYS * luck.lognormvariate(0, 0.3) / runs
    for _ in range(runs):
        query = len(rows["sys_query_detail"]) + 1
        start = NOW - timedelta(seconds=luck.randint(3600, DAYS * 86_400 - 60))
        end = start + timedelta(microseconds=max(1, int(past * luck.uniform(0.7, 1.3) * 1e6)))
        restricted = "t" if table.key and luck.random() < 0.8 else "f"
        before, total = table.rows, int(table.rows / (1 - table.ghosts))
        for slice_ in range(SLICES):
            early = timedelta(microseconds=int((end - start) / timedelta(microseconds=1) * 0.1)) * slice_
            rows["stl_scan"].append(
                {
                    "query": query,
                    "slice": slice_,
                    "segment": 0,
                    "step": 0,
                    "starttime": start,
                    "endtime": end - early,
                    "type": 2,
                    "tbl": table.table_id,
                    "is_rrscan": restricted,
                    "rows_pre_filter": total // SLICES,
                    "rows_pre_user_filter": before // SLICES,
                }
            )
        common = {
            "query_id": query,
            "child_query_sequence": 1,
            "stream_id": 0,
            "segment_id": 0,
            "table_id": table.table_id,
        }
        rows["sys_query_detail"] += [
            common | {"step_id": -1, "step_name": None, "start_time": start, "end_time": end, "is_rrscan": None},
            common | {"step_id": 0, "step_name": "scan", "start_time": start, "end_time": end, "is_rrscan": restricted},
        ]
        if table.ghosts > 0.1 and start > NOW - timedelta(days=1):
            event = {"event": "Scanned a large number of deleted rows:", "tbl": table.table_id}
            rows["stl_alert_event_log"].append(
                event | {"solution": "Run the VACUUM command to reclaim deleted space", "event_time": start}
            )


def _vacuums(luck: random.Random, table: Truth, rows: dict[str, list[Row]]) -> None:
    """Earlier vacuums of another size and state. `duration` is 32 bits wide, as documented: it wraps around."""
    for _ in range(luck.choice((0, 0, 1, 2, 4))):
        kind = luck.choice(("Full", "Sort", "Delete", "Recluster") if table.key == "fecha" else ("Delete",))
        part, size = luck.betavariate(1, 3), luck.uniform(0.7, 1.0)
        seconds = {
            "Full": table.sort_seconds(part) + table.delete_seconds(),
            "Sort": table.sort_seconds(part),
            "Delete": table.delete_seconds(),
            "Recluster": table.mb * part * table.sort_rate,
        }[kind] * size * luck.lognormvariate(0, 0.15) + 2  # fmt: skip
        skipped = luck.random() < 0.15
        micros = int((1 if skipped else seconds) * 1e6)
        start = NOW - timedelta(days=luck.uniform(1, 30))
        total = int(table.rows / (1 - table.ghosts) * size)
        rows["sys_vacuum_history"].append(
            {
                "transaction_id": len(rows["sys_vacuum_history"]) + 1,
                "schema_name": table.schema,
                "table_name": table.name,
                "table_id": table.table_id,
                "vacuum_type": kind,
                "is_automatic": luck.random() < 0.3,
                "status": "Skipped" if skipped else "Complete",
                "start_time": start,
                "end_time": start + timedelta(microseconds=micros),
                "duration": (micros + INT32) % (2 * INT32) - INT32,
                "rows_before_vacuum": total,
                "size_before_vacuum": max(1, int(table.mb * size)),
                "reclaimed_rows": int(total * table.ghosts) if kind in ("Full", "Delete") and not skipped else 0,
                "sortedrows_before_vacuum": min(INT32 - 1, int(total * (1 - part))),
                "sortedrows_after_vacuum": 0 if skipped or kind == "Delete" else min(INT32 - 1, int(total * part)),
            }
        )


def _analyses(luck: random.Random, table: Truth, rows: dict[str, list[Row]]) -> None:
    for _ in range(luck.choice((0, 1, 1, 2))):
        few = luck.random() < 0.6
        seconds = table.analyze_seconds(predicate_columns=few) * luck.lognormvariate(0, 0.2)
        start = NOW - timedelta(days=luck.uniform(1, 30))
        rows["sys_analyze_history"].append(
            {
                "table_id": table.table_id,
                "status": "PredicateColumn" if few else "Full",
                "start_time": start,
                "end_time": start + timedelta(seconds=seconds),
                "rows": float(table.rows),
            }
        )


def _writes(table: Truth, rows: dict[str, list[Row]]) -> None:
    """Who is written to at night was written to in the same hour of each night."""
    for day in range(1, DAYS) if table.written_at_night else ():
        start = NOW - timedelta(days=day) + timedelta(minutes=20)
        common = {"query_id": len(rows["sys_query_detail"]) + 1, "child_query_sequence": 1, "stream_id": 0}
        rows["sys_query_detail"].append(
            common
            | {"segment_id": 0, "step_id": 0, "step_name": "insert", "table_id": table.table_id}
            | {"start_time": start, "end_time": start + timedelta(seconds=30), "is_rrscan": None}
        )
