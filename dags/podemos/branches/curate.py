"""Runs the plan of a curation: for each table, parents first, one winner per key, written only where a day changed."""

from __future__ import annotations

import hashlib
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from podemos.branches import absence, control_totals, curation, decided, faults, keys, wall_times
from podemos.branches.chunk import cents
from podemos.branches.curation import ORIGIN, RANGE
from podemos.branches.landed_rows import ALTERED, Fetch, landed
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


@dataclass(frozen=True, slots=True)
class Judged:
    """What happens to a table's keys.

    Attributes:
        fates: of `curation.decide`.
        days: those that may change.
        touched: those that do.
        altered: keys of chunks that were not used.
        healed: what complete ranges put right, by day and branch.
    """

    table: Table
    fates: DataFrame
    days: list[str]
    touched: list[str]
    altered: list[str]
    healed: dict[str, Any]


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
    known: dict[str, DataFrame] = field(default_factory=dict)

    def run(self) -> dict[str, Any]:
        """Curates every table of the plan; returns the result by table.

        Tables are judged parents first; what a table writes is written while the next one is judged.
        """
        tables = [Table.from_dict(data) for data in self.plan["tables"]]
        with ThreadPoolExecutor(len(tables)) as pool:
            writing = {table.name: pool.submit(self._write, self._judge(table)) for table in tables}
            return {name: found.result() for name, found in writing.items()}

    def _judge(self, table: Table) -> Judged:
        """Finds what happens to each key; registers the table's keys for its children."""
        incoming = self._incoming(table)
        before_keys = self._before_keys(table)
        self._for(table, "days that may change")
        days, altered = self._candidate_days(incoming, before_keys, table)
        incoming = self._with_kept(incoming, table, days)
        sound = faults.with_local_faults(
            curation.keep_latest_snapshot(incoming.filter(F.col(ALTERED).isNull()), table),
            table,
            self.zones.first,
            self.zones.last,
        )
        sound = decided.accepted(faults.with_orphans(sound, table, self.known))
        ranges, gone = absence.sound(self._ranges(table), altered), self._gone(table)
        fates = curation.decide(sound, self._before(table, days), table)
        fates = absence.declare_gone(fates, table, ranges, gone).persist()
        swept = ranges or gone or any(chunk.get("range") for chunk in self.plan["chunks"].get(table.name, ()))
        self._for(table, "what ranges healed")
        healed = self._healed(fates, table, incoming.filter("esperaba")) if swept else {}
        self._for(table, "days that do change")
        touched = sorted(row["dia"] for row in curation.touched_days(fates, table).collect())
        # Disjoint from the keys of before, or a child would be joined to its parent twice.
        arrived = fates.filter((F.col("accion") == curation.PUT) & F.col("p").isNull())
        new_keys = arrived.select("id_sucursal", F.col(f"i.{table.primary_key[0]}").alias("_clave"))
        self.known[table.name] = before_keys.select("id_sucursal", "_clave").union(new_keys)
        log.info("%s: %d days may change, %d do, %d chunks altered", table.name, len(days), len(touched), len(altered))
        return Judged(table, fates, days, touched, altered, healed)

    def _write(self, judged: Judged) -> dict[str, Any]:
        """Writes what a table's judgement says, and takes the control totals of what was written."""
        table, fates = judged.table, judged.fates
        self._for(table, "write days")
        files = self._write_days(fates, table, judged.touched)
        self._for(table, "write quarantine")
        waiting = self._write_quarantine(fates, table)
        self._for(table, "write delta")
        merge = self._write_delta(fates, table)
        self._for(table, "write what was decided")
        kept = self._write_kept(fates, table, judged.days)
        written = self._read(curation.curated_schema(table), {"files": [f for found in files.values() for f in found]})
        stored = self._read(curation.incoming_schema(table), waiting)
        back = self._read(decided.schema(table), kept) if kept["files"] else None
        self._for(table, "control totals")
        terms = control_totals.totals(fates, table, files, written, stored, back)
        alive = curation.current(fates, table).filter("NOT borrado")
        walls = wall_times.doubtful(alive, table, self.zones, {*judged.days, *judged.touched})
        log.info("%s: %d rows to load, %d in quarantine", table.name, merge["rows"], waiting["rows"])
        return {
            "days": {
                day: {"files": files.get(day, [] if day in judged.touched else None), "branches": terms.get(day, {})}
                | ({"walls": walls[day]} if day in walls else {})
                for day in sorted({*judged.days, *judged.touched})
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

    def _incoming(self, table: Table) -> DataFrame:
        """Landed rows, and everything that waits in quarantine: it is judged again by every curation."""
        chunks = self.plan["chunks"].get(table.name, [])
        width = max(2, self.spark.sparkContext.defaultParallelism)
        names = [found.name for found in curation.raw_schema(table).fields]
        if chunks:
            rows = landed(self.spark, chunks, table, self.fetch, width)
        else:
            rows = self._empty(table).withColumn(ALTERED, F.lit(None).cast("string")).withColumn(RANGE, F.lit(False))
        rows = rows.withColumn("borrado", F.lit(False)).withColumn("esperaba", F.lit(False))
        waiting = self._read(curation.incoming_schema(table), self.plan["quarantine"].get(table.name, {}))
        again = waiting.withColumn(ALTERED, F.lit(None).cast("string")).withColumn("esperaba", F.lit(True))
        again = again.withColumn(RANGE, F.lit(False))
        columns = [*names, ALTERED, "esperaba", RANGE]
        found = rows.select(*columns).unionByName(again.select(*columns))
        return self._decisions(decided.undecided(found, table), table).persist()

    def _decisions(self, rows: DataFrame, table: Table) -> DataFrame:
        """Rows with what operators decided about them."""
        entries = self.plan.get("decisions", {}).get(table.name)
        return decided.apply(rows, table, entries) if entries else rows

    def _kept(self, table: Table) -> dict[str, Any]:
        """What the revision before says of the rows that are curated by a decision."""
        found: dict[str, Any] = self.plan.get("decided", {}).get(table.name, {"files": [], "rows": 0})
        return found

    def _with_kept(self, incoming: DataFrame, table: Table, days: list[str]) -> DataFrame:
        """With the decided rows that count on these days, to be judged again; `days` grows by what they tie to them."""
        kept = self._kept(table)
        if not kept["rows"]:
            return incoming
        days[:] = decided.closure(days, kept["days"])
        again = self._read(decided.schema(table), kept).filter(decided.touching(days))
        again = again.withColumn(ALTERED, F.lit(None).cast("string")).withColumn("esperaba", F.lit(True))
        again = self._decisions(decided.undecided(again.withColumn(RANGE, F.lit(False)), table), table)
        return incoming.unionByName(again.select(*incoming.columns))

    def _candidate_days(self, incoming: DataFrame, before: DataFrame, table: Table) -> tuple[list[str], list[str]]:
        """Days the incoming rows and ranges name, and days where their keys live now; and the altered chunks."""
        mine = incoming.select(F.coalesce(ALTERED, F.lit("")).alias("a"), curation.local_day(table).alias("dia"))
        found = mine.distinct()
        if self.plan["days"].get(table.name):
            owners = incoming.filter(F.col(ALTERED).isNull()).select(*table.key).distinct()
            theirs = before.join(owners, list(table.key), "left_semi")
            found = found.union(theirs.select(F.lit("").alias("a"), F.col("_dia").alias("dia")).distinct())
        if self.plan.get("decisions", {}).get(table.name) and table.partitioned:
            theirs = incoming.filter(F.col(ORIGIN).isNotNull()).select(decided.origin_day(table))
            found = found.union(theirs.select(F.lit("").alias("a"), "dia").distinct())
        rows = found.collect()
        days = {row["dia"] for row in rows if not row["a"]}
        days |= {entry["day"] for entry in (*self._ranges(table), *self._gone(table))}
        return sorted(days), sorted({row["a"] for row in rows if row["a"]})

    def _ranges(self, table: Table) -> list[dict[str, Any]]:
        """The plan's complete ranges; a plan of a release before them has none."""
        return list(self.plan.get("ranges", {}).get(table.name, ()))

    def _gone(self, table: Table) -> list[dict[str, Any]]:
        """Keys that branches were asked for and have not; a plan of a release before them has none."""
        return list(self.plan.get("gone", {}).get(table.name, ()))

    def _healed(self, decided: DataFrame, table: Table, waiting: DataFrame) -> dict[str, Any]:
        return absence.healed(decided, table, waiting, self.plan.get("late", {}).get(table.name, {}))

    def _before_keys(self, table: Table) -> DataFrame:
        """Key, `_clave` (the first key column) and `_dia` of every curated row."""
        kept = self.plan["days"].get(table.name, {})
        rows = self._read(curation.curated_schema(table), {"files": [f for day in kept.values() for f in day["files"]]})
        day = curation.local_day(table, curated=True).alias("_dia")
        return rows.select(*table.key, F.col(table.primary_key[0]).alias("_clave"), day)

    def _before(self, table: Table, days: list[str]) -> DataFrame:
        """Raw rows that are curated under `days` now."""
        kept = self.plan["days"].get(table.name, {})
        files = [file for day in days if day in kept for file in kept[day]["files"]]
        return curation.from_curated(self._read(curation.curated_schema(table), {"files": files}), table)

    def _write_days(self, fates: DataFrame, table: Table, days: list[str]) -> dict[str, list[dict[str, Any]]]:
        """Rewrites the touched days, one file each, sorted by branch and key."""
        if not days:
            return {}
        rows = self._curated(curation.current(fates, table).filter(curation.local_day(table).isin(days)), table)
        day = curation.local_day(table, curated=True)
        width = max(1, min(len(days), self.spark.sparkContext.defaultParallelism))
        (
            rows.withColumn("fecha", day)
            .withColumn("rev", F.lit(self.rev))
            .repartition(width, "fecha")
            .sortWithinPartitions("fecha", "rev", *table.key)
            .write.mode("append")
            .partitionBy("fecha", "rev")
            .parquet(f"{self.root}/{keys.curated(table.name)}")
        )
        with ThreadPoolExecutor(_THREADS) as pool:
            found = pool.map(lambda d: self._files(keys.curated_day(table.name, d, self.rev), table), days)
            return dict(zip(days, found, strict=True))

    def _write_quarantine(self, fates: DataFrame, table: Table) -> dict[str, Any]:
        """All rows of the table that wait now, with their reasons."""
        rows = decided.parked(fates, table).select(*curation.incoming_schema(table).fieldNames())
        place = keys.quarantine(table.name, self.rev)
        rows.coalesce(1).write.mode("append").parquet(f"{self.root}/{place}")
        files = self._files(place, table)
        return {"files": files, "rows": sum(file["rows"] for file in files)}

    def _write_kept(self, fates: DataFrame, table: Table, days: list[str]) -> dict[str, Any]:
        """All rows of the table that are curated by a decision now; also those that no day of this curation touches."""
        before = self._kept(table)
        if not before["rows"] and not self.plan.get("decisions", {}).get(table.name):
            return {"files": [], "rows": 0}
        elsewhere = self._read(decided.schema(table), before).filter(~decided.touching(days))
        rows = decided.kept(fates, table).select(*elsewhere.columns).unionByName(elsewhere)
        place = keys.decided(table.name, self.rev)
        rows.coalesce(1).write.mode("append").parquet(f"{self.root}/{place}")
        files = [file for file in self._files(place, table) if file["rows"]]
        pairs = self._read(decided.schema(table), {"files": files}).select("dia", "dia_origen").distinct().collect()
        return {"files": files, "rows": sum(f["rows"] for f in files), "days": sorted([list(pair) for pair in pairs])}

    def _write_delta(self, fates: DataFrame, table: Table) -> dict[str, Any]:
        """What the warehouse has to merge, and what earlier deltas had for it and nobody saw arrive."""
        rows = self._curated(curation.delta(fates, table), table)
        pending = self.plan["pending"].get(table.name)
        if pending and pending["rows"]:
            older = self._read(curation.curated_schema(table), pending)
            rows = rows.unionByName(older.join(rows.select(*table.key), list(table.key), "left_anti"))
        rows = curation.in_warehouse(rows, table)
        place = keys.delta(table.name, self.rev)
        chunks = self.plan["chunks"].get(table.name, [])
        width = 1 + sum(chunk["rows"] for chunk in chunks) // _ROWS_PER_FILE
        rows.coalesce(width).write.mode("append").parquet(f"{self.root}/{place}")
        files = self._files(place, table)
        return {"files": files, "rows": sum(file["rows"] for file in files)}

    def _curated(self, raw: DataFrame, table: Table) -> DataFrame:
        return curation.to_curated(raw, table, self.zones.spans, self.zones.places, self.zones.changes)

    def _empty(self, table: Table) -> DataFrame:
        return self._nothing(curation.raw_schema(table))

    def _read(self, schema: T.StructType, found: dict[str, Any]) -> DataFrame:
        files = [f"{self.root}/{file['key']}" for file in found.get("files", [])]
        return self.spark.read.schema(schema).parquet(*files) if files else self._nothing(schema)

    def _nothing(self, schema: T.StructType) -> DataFrame:
        """No rows, in a form that the optimizer sees through: joins and unions with it cost nothing."""
        columns = [F.lit(None).cast(found.dataType).alias(found.name) for found in schema.fields]
        return self.spark.range(1).select(*columns).filter(F.lit(False))

    def _files(self, prefix: str, table: Table) -> list[dict[str, Any]]:
        """Files under a prefix with rows, cents and SHA-256, taken from their bytes by a second reader."""
        found = []
        for info in self.lake.list(prefix):
            if info.key.endswith(".parquet"):
                data = self.lake.get(info.key)
                rows = pq.read_table(pa.BufferReader(data), columns=[table.amount] if table.amount else [])
                digest = hashlib.sha256(data).hexdigest()
                found.append(
                    {"key": info.key, "rows": pq.ParquetFile(pa.BufferReader(data)).metadata.num_rows}
                    | {"cents": cents(rows, table), "sha256": digest, "size": len(data)}
                )
        return found
