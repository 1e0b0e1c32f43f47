"""Runs the plan of a curation: for each table, parents first, one winner per key, written only where a day changed."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from podemos.branches import control_totals, curation, decided, derived, keys, wall_times
from podemos.branches.control_totals import Place
from podemos.branches.judgement import Judge, Judged
from podemos.branches.lake_frames import NO_FILES, LakeFrames
from podemos.branches.landed_rows import Fetch
from podemos.branches.zone_frames import ZoneFrames
from podemos.core import manifest
from podemos.core.manifest import Ref
from podemos.core.store import ObjectStore
from podemos.core.table import Table

log = logging.getLogger("branches_curate")
_ROWS_PER_FILE = 1_000_000
_THREADS = 8


def commit_result(lake: ObjectStore, plan: Ref, rev: str, tables: dict[str, Any]) -> bool:
    """Commits what an attempt wrote; False when another attempt at the plan was first, which then stands."""
    result = {"kind": "branches.result", "plan": plan.to_dict(), "rev": rev, "tables": tables}
    return manifest.commit_first(lake, keys.result_of(plan.key), result)[2]


@dataclass
class Curation:
    """One attempt at a plan.

    Attributes:
        root: where Spark finds the lake, ``s3://bucket``.
        fetch: how executors read a landed chunk.
        rev: folder name of everything this attempt writes; no other attempt has it.
    """

    spark: SparkSession
    lake: ObjectStore
    root: str
    fetch: Fetch
    plan: dict[str, Any]
    rev: str
    zones: ZoneFrames

    def run(self) -> dict[str, Any]:
        """Curates every table of the plan; returns the result by table.

        Tables are judged parents first; what a table writes is written while the next one is judged.
        """
        tables = [Table.from_dict(data) for data in self.plan["tables"]]
        with ThreadPoolExecutor(len(tables)) as pool:
            writing = {table.name: pool.submit(self._write, self._judge.judge(table)) for table in tables}
            return {name: found.result() for name, found in writing.items()}

    @cached_property
    def _frames(self) -> LakeFrames:
        return LakeFrames(self.spark, self.lake, self.root)

    @cached_property
    def _judge(self) -> Judge:
        return Judge(self.spark, self._frames, self.fetch, self.plan, self.zones)

    def _write(self, judged: Judged) -> dict[str, Any]:
        """Writes what a table's judgement says, and takes the control totals of what was written."""
        table, touched = judged.table, judged.effect.days
        self._for(table, "write days")
        files = self._write_days(judged)
        self._for(table, "write quarantine")
        waiting = self._write_quarantine(judged)
        self._for(table, "write delta")
        merge = self._write_delta(judged)
        self._for(table, "write what was decided")
        kept = self._write_kept(judged)
        self._for(table, "control totals")
        back = control_totals.read_back(self._places(table, files, waiting, kept), table)
        terms = control_totals.terms(judged.effect.totals | back, touched)
        alive = curation.current(judged.fates, table).filter("NOT borrado")
        walls = wall_times.doubtful(alive, table, self.zones, {*judged.days, *touched})
        log.info("%s: %d rows to load, %d in quarantine", table.name, merge["rows"], waiting["rows"])
        return {
            "days": {
                day: {"files": files.get(day, [] if day in touched else None), "branches": terms.get(day, {})}
                | ({"walls": walls[day]} if day in walls else {})
                for day in sorted({*judged.days, *touched})
            },
            "quarantine": waiting,
            "delta": merge,
            "decided": kept,
            "altered": judged.altered,
            "healed": judged.healed,
        }

    def _for(self, table: Table, purpose: str) -> None:
        """Names the jobs that this thread launches from now on, in Spark's UI and event log."""
        self.spark.sparkContext.setJobDescription(f"{table.name}: {purpose}")

    def _write_days(self, judged: Judged) -> dict[str, list[dict[str, Any]]]:
        """Rewrites the touched days, one file each, sorted by branch and key."""
        table, days = judged.table, judged.effect.days
        if not days:
            return {}
        rows = curation.current(judged.fates, table).filter(curation.local_day(table).isin(days))
        day = curation.local_day(table, curated=True)
        width = max(1, min(len(days), self.spark.sparkContext.defaultParallelism))
        (
            self._curated(rows, table)
            .withColumn("fecha", day)
            .withColumn("rev", F.lit(self.rev))
            .repartition(width, "fecha")
            .sortWithinPartitions("fecha", "rev", *table.key)
            .write.mode("append")
            .partitionBy("fecha", "rev")
            .parquet(f"{self.root}/{keys.curated(table.name)}")
        )
        with ThreadPoolExecutor(_THREADS) as pool:
            found = pool.map(lambda d: self._frames.files(keys.curated_day(table.name, d, self.rev), table), days)
            return dict(zip(days, found, strict=True))

    def _write_quarantine(self, judged: Judged) -> dict[str, Any]:
        """All rows of the table that wait now, with their reasons."""
        table = judged.table
        if not judged.effect.waits:
            return NO_FILES
        rows = decided.parked(judged.fates, table).select(*curation.incoming_schema(table).fieldNames())
        return self._frames.write(rows.coalesce(1), keys.quarantine(table.name, self.rev), table)

    def _write_kept(self, judged: Judged) -> dict[str, Any]:
        """All rows of the table that are curated by a decision now; also those that no day of this curation touches."""
        table, before = judged.table, self._judge.kept(judged.table)
        if not before["rows"] and not self.plan.get("decisions", {}).get(table.name):
            return NO_FILES
        elsewhere = self._frames.read(decided.schema(table), before).filter(~decided.touching(judged.days))
        rows = decided.kept(judged.fates, table).select(*elsewhere.columns).unionByName(elsewhere)
        found = self._frames.write(rows.coalesce(1), keys.decided(table.name, self.rev), table)
        pairs = set()
        for file in found["files"]:
            days = pq.read_table(pa.BufferReader(self.lake.get(file["key"])), columns=["dia", "dia_origen"])
            pairs |= set(zip(days["dia"].to_pylist(), days["dia_origen"].to_pylist(), strict=True))
        return found | {"days": sorted([list(pair) for pair in pairs])}

    def _write_delta(self, judged: Judged) -> dict[str, Any]:
        """What the warehouse has to merge, and what earlier deltas had for it and nobody saw arrive."""
        table, pending = judged.table, self.plan["pending"].get(judged.table.name, NO_FILES)
        if not judged.effect.loads:
            return dict(pending)
        changed = curation.delta(judged.fates, table)
        rows = self._curated(changed, table)
        if pending["rows"]:
            older = self._frames.read(derived.curated_schema(table), pending)
            rows = rows.unionByName(older.join(changed.select(*table.key), list(table.key), "left_anti"))
        rows = derived.in_warehouse(rows, table)
        width = 1 + (judged.effect.loads + pending["rows"]) // _ROWS_PER_FILE
        return self._frames.write(rows.coalesce(width), keys.delta(table.name, self.rev), table)

    def _places(
        self, table: Table, files: dict[str, list[dict[str, Any]]], waiting: dict[str, Any], kept: dict[str, Any]
    ) -> dict[Place, DataFrame]:
        """Raw rows of what was written."""
        places = {}
        if written := [file for found in files.values() for file in found]:
            rows = self._frames.read(derived.curated_schema(table), {"files": written})
            places[Place.WRITTEN] = derived.from_curated(rows, table).filter("NOT borrado")
        if waiting["rows"]:
            places[Place.QUARANTINED] = self._frames.read(curation.incoming_schema(table), waiting)
        if kept["rows"]:
            places[Place.ORIGINAL] = self._frames.read(decided.schema(table), kept).filter("corregido")
        return places

    def _curated(self, raw: DataFrame, table: Table) -> DataFrame:
        return derived.to_curated(raw, table, self.zones.spans, self.zones.places, self.zones.changes)
