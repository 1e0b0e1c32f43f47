"""A few schedules of the long suite (`make chaos-branches`), so that it cannot rot."""

from __future__ import annotations

from pyspark.sql import SparkSession

from bench.chaos_branches.crews import InProcess
from bench.chaos_branches.draw import generate
from bench.chaos_branches.nights import Suite
from bench.chaos_branches.shard import Shard

NIGHTS = (0, 8, 9)


def test_schedules_lose_double_and_age_nothing_and_no_certificate_says_too_much(spark: SparkSession) -> None:
    cases = [generate(7, index, NIGHTS[:1]) for index in range(25)]
    suite = Suite(spark, cases, 7, InProcess([Shard(cases)]), crashes=False, hangs=False, nights=NIGHTS)
    verdict = suite.run()
    assert verdict.judge.violations == []
    assert verdict.resent_max_chunks <= 1
    assert verdict.state_max_bytes <= 4096
    assert verdict.peers["greater_than"]["lost"] > 0, "the schedules are adverse enough for somebody"
