"""What happens to each key of a table: what was landed and what waited, against what is curated."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from podemos.branches import absence, curation, decided, derived, faults
from podemos.branches.curation import ORIGIN, RANGE
from podemos.branches.effect import Effect, effect_of
from podemos.branches.lake_frames import NO_FILES, LakeFrames
from podemos.branches.landed_rows import ALTERED, Fetch, landed
from podemos.branches.zone_frames import ZoneFrames
from podemos.core.table import Table

log = logging.getLogger("branches_curate")
_BROADCAST_ROWS = 500_000
"""So many keys are sent to every executor, some 50 MB; joining more of them shuffles both sides."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What happens to a table's keys.

    Attributes:
        fates: of `curation.decide`.
        days: those that may change.
        effect: what does change.
        altered: keys of chunks that were not used.
        healed: what complete ranges put right, by day and branch.
    """

    table: Table
    fates: DataFrame
    days: list[str]
    effect: Effect
    altered: list[str]
    healed: dict[str, Any]


@dataclass
class Judge:
    """Judges the tables of a plan, parents first.

    Attributes:
        fetch: how executors read a landed chunk.
        known: keys of the tables judged so far, for their children.
    """

    spark: SparkSession
    frames: LakeFrames
    fetch: Fetch
    plan: dict[str, Any]
    zones: ZoneFrames
    known: dict[str, DataFrame] = field(default_factory=dict)

    def judge(self, table: Table) -> Judged:
        """Finds what happens to each key; registers the table's keys for its children."""
        incoming = self._incoming(table).persist()
        before_keys = self._before_keys(table)
        self._for(table, "days that may change")
        days, altered = self._candidate_days(incoming, before_keys, table)
        all_rows = self._with_kept(incoming, table, days)
        sound = faults.with_local_faults(
            curation.keep_latest_snapshot(all_rows.filter(F.col(ALTERED).isNull()), table),
            table,
            self.zones.first,
            self.zones.last,
        )
        sound = decided.accepted(faults.with_orphans(sound, table, self.known))
        self._for(table, "what happens to each key")
        ranges, gone = absence.sound(self._of(table, "ranges"), altered), self._of(table, "gone")
        fates = curation.decide(sound, self._before(table, days), table)
        # Not persisted: a write below a folder that a persisted frame reads from makes Spark compute that frame again.
        fates = absence.declare_gone(fates, table, ranges, gone).localCheckpoint(eager=False)
        swept = ranges or gone or any(chunk.get("range") for chunk in self.plan["chunks"].get(table.name, ()))
        self._for(table, "what ranges healed")
        healed = self._healed(fates, table, all_rows.filter("esperaba")) if swept else {}
        self._for(table, "what changes")
        effect = effect_of(fates, table, decisions=bool(self._decisions(table) or self.kept(table)["rows"]))
        self.known[table.name] = self._known(fates, before_keys, table)
        counts = len(days), len(effect.days), len(altered)
        log.info("%s: %d days may change, %d do, %d chunks altered", table.name, *counts)
        return Judged(table, fates, days, effect, altered, healed)

    def kept(self, table: Table) -> dict[str, Any]:
        """What the revision before says of the rows that are curated by a decision."""
        found: dict[str, Any] = self.plan.get("decided", {}).get(table.name, NO_FILES)
        return found

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
            rows = self.frames.nothing(curation.raw_schema(table))
            rows = rows.withColumns({ALTERED: F.lit(None).cast("string"), RANGE: F.lit(False)})
        rows = rows.withColumns({"borrado": F.lit(False), "esperaba": F.lit(False)})
        waiting = self.frames.read(curation.incoming_schema(table), self.plan["quarantine"].get(table.name, {}))
        columns = [*names, ALTERED, "esperaba", RANGE]
        found = rows.select(*columns).unionByName(_waited(waiting).select(*columns))
        return self._with_decisions(decided.undecided(found, table), table)

    def _with_decisions(self, rows: DataFrame, table: Table) -> DataFrame:
        """Rows with what operators decided about them."""
        entries = self._decisions(table)
        return decided.apply(rows, table, entries) if entries else rows

    def _with_kept(self, incoming: DataFrame, table: Table, days: list[str]) -> DataFrame:
        """With the decided rows that count on these days, to be judged again; `days` grows by what they tie to them."""
        kept = self.kept(table)
        if not kept["rows"]:
            return incoming
        days[:] = decided.closure(days, kept["days"])
        again = _waited(self.frames.read(decided.schema(table), kept).filter(decided.touching(days)))
        again = self._with_decisions(decided.undecided(again, table), table)
        return incoming.unionByName(again.select(*incoming.columns))

    def _candidate_days(self, incoming: DataFrame, before: DataFrame, table: Table) -> tuple[list[str], list[str]]:
        """Days the incoming rows and ranges name, and days where their keys live now; and the altered chunks."""
        mine = incoming.select(F.coalesce(ALTERED, F.lit("")).alias("a"), curation.local_day(table).alias("dia"))
        found = mine
        if table.partitioned and self.plan["days"].get(table.name):
            owners = incoming.filter(F.col(ALTERED).isNull()).select(*table.key)
            if self._incoming_rows(table) <= _BROADCAST_ROWS:
                owners = F.broadcast(owners)
            theirs = before.join(owners, list(table.key), "left_semi")
            found = found.union(theirs.select(F.lit("").alias("a"), F.col("_dia").alias("dia")))
        if self._decisions(table) and table.partitioned:
            theirs = incoming.filter(F.col(ORIGIN).isNotNull()).select(decided.origin_day(table))
            found = found.union(theirs.select(F.lit("").alias("a"), "dia"))
        rows = found.distinct().collect()
        days = {row["dia"] for row in rows if not row["a"]}
        days |= {entry["day"] for entry in (*self._of(table, "ranges"), *self._of(table, "gone"))}
        return sorted(days), sorted({row["a"] for row in rows if row["a"]})

    def _healed(self, fates: DataFrame, table: Table, waiting: DataFrame) -> dict[str, Any]:
        return absence.healed(fates, table, waiting, self.plan.get("late", {}).get(table.name, {}))

    def _known(self, fates: DataFrame, before: DataFrame, table: Table) -> DataFrame:
        """Keys of every curated row of before and of now, each once, or a child would be joined to its parent twice."""
        arrived = fates.filter((F.col("accion") == curation.PUT) & F.col("p").isNull())
        arrived = arrived.select("id_sucursal", F.col(f"i.{table.primary_key[0]}").alias("_clave"))
        keys = before.select("id_sucursal", "_clave").union(arrived)
        rows = sum(file["rows"] for file in self._files_before(table)) + self._incoming_rows(table)
        return F.broadcast(keys) if rows <= _BROADCAST_ROWS else keys

    def _before_keys(self, table: Table) -> DataFrame:
        """Key, `_clave` (the first key column) and `_dia` of every curated row."""
        rows = self.frames.read(derived.curated_schema(table), {"files": self._files_before(table)})
        day = curation.local_day(table, curated=True).alias("_dia")
        return rows.select(*table.key, F.col(table.primary_key[0]).alias("_clave"), day)

    def _before(self, table: Table, days: list[str]) -> DataFrame:
        """Raw rows that are curated under `days` now."""
        files = self._files_before(table, set(days))
        return derived.from_curated(self.frames.read(derived.curated_schema(table), {"files": files}), table)

    def _files_before(self, table: Table, days: set[str] | None = None) -> list[dict[str, Any]]:
        """Curated files of before, of all days or some."""
        kept = self.plan["days"].get(table.name, {})
        return [file for day, entry in kept.items() if days is None or day in days for file in entry["files"]]

    def _incoming_rows(self, table: Table) -> int:
        """Rows that were landed or wait."""
        landed_rows = sum(chunk["rows"] for chunk in self.plan["chunks"].get(table.name, ()))
        return int(landed_rows + self.plan["quarantine"].get(table.name, NO_FILES)["rows"])

    def _decisions(self, table: Table) -> list[dict[str, Any]]:
        return list(self.plan.get("decisions", {}).get(table.name) or ())

    def _of(self, table: Table, what: str) -> list[dict[str, Any]]:
        """The plan's complete ranges, or keys that branches were asked for and have not; older plans have none."""
        return list(self.plan.get(what, {}).get(table.name, ()))


def _waited(rows: DataFrame) -> DataFrame:
    """Rows that an earlier curation saw."""
    more = {ALTERED: F.lit(None).cast("string"), "esperaba": F.lit(True), RANGE: F.lit(False)}
    return rows.withColumns(more)
