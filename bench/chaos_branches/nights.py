"""The lock-step: every schedule pulls a night, then one plan, one Spark job, one load and one certification for all."""

from __future__ import annotations

import logging
import random
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from pyspark.sql import SparkSession

from bench.chaos_branches.calendar import NIGHTS, business_date, certified_at, instant
from bench.chaos_branches.crews import InProcess, Processes
from bench.chaos_branches.judge import Judge, Violation
from bench.chaos_branches.lake import ROOT, Killed, SuiteLake
from bench.chaos_branches.machine import memory
from bench.chaos_branches.peers import POLICIES
from bench.chaos_branches.schedule import PROFILES, Schedule
from bench.chaos_branches.shard import Answer, configured
from bench.chaos_branches.source import TABLES
from bench.chaos_branches.warehouse import Redshift
from podemos.branches import certify, collect, keys, publish
from podemos.branches.curate import Curation, commit_result
from podemos.branches.zone_frames import zone_frames
from podemos.core import manifest
from podemos.core.clock import system_clock

log = logging.getLogger("chaos")
T = TypeVar("T")
_COUNT = "SELECT count(*), count(DISTINCT (id_sucursal, id_pago)) FROM core.pagos_historicos"
_SHARED = (keys.REVISIONS, keys.CERTIFICATIONS, "index/")


@dataclass
class Verdict:
    """What a suite found."""

    judge: Judge
    peers: dict[str, dict[str, int]]
    state_max_bytes: int
    resent_max_chunks: int
    seconds: dict[str, float]
    spark_jobs: int
    engine: str = "model of a branch's MySQL"


@dataclass
class Suite:
    """One lake and its nights.

    Args:
        spark: the session.
        schedules: the cases.
        seed: of the crashes between the stages.
        crew: pulls a night of all schedules; see `InProcess` and `Processes`.
        crashes: whether the stages after the pull are killed and repeated.
        hangs: whether a worker hangs with its plan in one night until everything is done.
        nights: numbers of the nights; a short suite leaves some out.
        real: the servers are real, and so is the time.
    """

    spark: SparkSession
    schedules: list[Schedule]
    seed: int
    crew: InProcess | Processes
    crashes: bool = True
    hangs: bool = True
    senders: int = 1
    nights: Sequence[int] = range(len(NIGHTS))
    real: bool = False
    without_mutex: Callable[[], AbstractContextManager[None]] | None = None
    doubled: list[Violation] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    jobs: int = 0

    def run(self) -> Verdict:
        """All nights, and the verdict."""
        folder = Path(tempfile.mkdtemp(prefix="chaos-", dir=memory()))
        try:
            return self._run(folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def run_until_red(self) -> list[Violation]:
        """Violations of a suite that may also break down: that a night cannot go on is one."""
        try:
            return self.run().judge.violations
        except Exception as error:
            return [Violation("all", "broken", f"the night stops: {type(error).__name__}: {error}")]

    def _run(self, folder: Path) -> Verdict:
        self.rng = random.Random(f"stages {self.seed}")
        lake = self.lake = SuiteLake(folder / "lake")
        lake.root.mkdir()
        lake._place(ROOT, str(lake.root).encode())
        self.config = configured(self.schedules, PROFILES[0])
        self.warehouse = Redshift(folder / "warehouse", lake, tuple(TABLES))
        judge = Judge(lake, {one.branch for one in self.schedules if one.promised})
        shared: dict[str, bytes] = {}
        told: dict[str, bytes] = {}
        for night in self.nights:
            answers = self._timed("pull", self.crew.night, night, shared)
            self.now = system_clock() if self.real else instant(certified_at(night))
            for answer in answers:
                judge.remember(answer.seen)
            stale = self._timed("collect", self._place, night, answers)
            certification = self._night(night, [key for answer in answers for key in answer.batches], stale)
            self._timed("judge", judge.night, night, certification)
            known = {key: data for key, data in lake.objects.items() if key.startswith(_SHARED)}
            shared = {key: data for key, data in known.items() if told.get(key) != data}
            told = known
            log.info("night %d: %s", night, {name: round(value, 1) for name, value in self.seconds.items()})
        reports = self.crew.reports()
        contents = {branch: content for report in reports for branch, content in report["content"].items()}
        self._timed("judge", judge.end, contents, self.warehouse.file._connection.cursor())
        self.warehouse.close()
        peers = {policy: {"lost": 0, "stale": 0, "undeleted": 0, "schedules": 0} for policy in POLICIES}
        for report in reports:
            for losses in report["peers"].values():
                for policy, counts in losses.items():
                    peers[policy] = {name: peers[policy][name] + value for name, value in counts.items()}
        resent = max((chunks for report in reports for chunks in report["resent"].values()), default=0)
        state = max(report["state_max_bytes"] for report in reports)
        return Verdict(judge, peers, state, resent, self.seconds, self.jobs)

    def _night(self, night: int, batches: list[str], stale: str | None) -> dict[str, Any]:
        """Plan, curate, publish, load, certify; each may die at any write and is then done again.

        A worker that hung with its `stale` plan goes on when everything is done.
        """
        quoted = batches if self.rng.random() < 0.7 else batches[: len(batches) // 2]
        day = self.now.date() if self.real else business_date(night)

        def clock() -> datetime:
            return self.now

        def plan() -> str:
            return collect.plan_curation(quoted, lake=self.lake, clock=clock, config=self.config)

        def published() -> str:
            return publish.publish_revision(plan_key, lake=self.lake)

        def certified() -> str:
            port = self.warehouse.port
            return certify.certify_days(revision, day, lake=self.lake, warehouse=port, clock=clock, config=self.config)

        plan_key = self._timed("collect", self._survive, plan)
        self._curate(plan_key, night)
        revision = self._timed("publish", self._survive, published)
        self._timed("load", self.warehouse.load, revision, senders=self.senders)
        if self.without_mutex is not None and night == self.nights[0]:
            with self.without_mutex():
                self.doubled = self._send_twice(revision)
        found = self._timed("certify", self._survive, certified)
        if stale is not None and stale != plan_key:
            self._curate(stale, night)
            publish.publish_revision(stale, lake=self.lake)
        return manifest.read(self.lake, found)[0]

    def _place(self, night: int, answers: list[Answer]) -> str | None:
        """Puts what was landed into the lake. On one night a worker plans when only part of it is there, and hangs."""
        ordered = [list(answer.objects.items()) for answer in answers]
        hangs = self.hangs and night == self.nights[min(2, len(self.nights) - 1)]
        stale = None
        for items in ordered:
            for key, data in items[: 2 * len(items) // 3 if hangs else len(items)]:
                self.lake.put_new(key, data)
        if hangs:
            stale = collect.plan_curation([], lake=self.lake, clock=lambda: self.now, config=self.config)
            for items in ordered:
                for key, data in items[2 * len(items) // 3 :]:
                    self.lake.put_new(key, data)
        return stale

    def _curate(self, plan_key: str, night: int) -> None:
        if self.lake.head(keys.result_of(plan_key)) is not None:
            return
        attempts = 2 if self.crashes and night == self.nights[1] else 1
        for attempt in range(attempts):
            self._timed("curate", self._attempt, plan_key, f"{attempt}", attempt + 1 < attempts)

    def _attempt(self, plan_key: str, attempt: str, dies: bool) -> None:
        """One run of the Glue job's body; one that dies has written everything but its result."""
        self.jobs += 1
        plan, ref = manifest.read(self.lake, plan_key)
        zones = zone_frames(self.spark, self.lake.get(plan["zones"]["key"]).decode(), plan["branches"])
        rev = f"{plan['revision']:012d}-{ref.sha256[:8]}-{attempt}"
        fetch = self.lake.fetch([chunk["key"] for chunks in plan["chunks"].values() for chunk in chunks])
        curation = Curation(self.spark, self.lake, str(self.lake.root), fetch, plan, rev, zones)
        result = curation.run()
        if not dies:
            commit_result(self.lake, ref, rev, result)
        self.spark.catalog.clearCache()
        self.lake.unpack()

    def _send_twice(self, revision: str) -> list[Violation]:
        """Two sends at once into an empty warehouse. Each COPY waits for the other's, which a mutex keeps away."""
        both = threading.Barrier(2)

        def meet() -> None:
            with suppress(threading.BrokenBarrierError):
                both.wait(timeout=2)

        other = Redshift(self.lake.root.parent / "twice", self.lake, tuple(TABLES), before_read=meet)
        try:
            other.load(revision, senders=2)
            rows, keys_ = other.file._connection.cursor().execute(_COUNT).fetchall()[0]
        finally:
            other.close()
        return [Violation("all", "doubled", f"{keys_} payments, {rows} rows in the warehouse")] if rows > keys_ else []

    def _survive(self, stage: Callable[[], T]) -> T:
        """Kills a stage before or after any of its first writes, then does it again."""
        if self.crashes and self.rng.random() < 0.6:
            left = self.rng.randrange(1, 6)

            def fuse() -> None:
                nonlocal left
                left -= 1
                if left < 1:
                    raise Killed

            self.lake.fuse = fuse
            try:
                return stage()
            except Killed:
                log.debug("a stage was killed")
            finally:
                self.lake.fuse = lambda: None
        return stage()

    def _timed(self, name: str, call: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        started = time.monotonic()
        try:
            return call(*args, **kwargs)
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - started
