"""The smallest part of a failing schedule that still fails: all candidates of a round are branches of one lake.

Hypothesis runs one example after the other; here an example costs ten Spark jobs, and a hundred of them cost the same.
"""

from __future__ import annotations

from dataclasses import replace

from pyspark.sql import SparkSession

from bench.chaos_branches.crews import InProcess
from bench.chaos_branches.nights import Suite
from bench.chaos_branches.schedule import FIRST_BRANCH, Schedule, Unit
from bench.chaos_branches.shard import Shard

_ROUNDS = 5


def shrink(spark: SparkSession, schedule: Schedule, seed: int) -> int:
    """Prints the smallest failing part; 1 if the schedule fails at all."""
    smallest = schedule
    if not _failing(spark, [schedule], seed):
        print("this schedule does not fail")
        return 0
    for _ in range(_ROUNDS):
        tried = candidates(smallest.units)
        failing = _failing(spark, [replace(smallest, units=units) for units in tried], seed)
        if not failing:
            break
        smallest = replace(smallest, units=min((tried[at] for at in failing), key=len))
        print(f"{len(smallest.units)} of {len(schedule.units)} stories still fail")
    print("\n".join(smallest.told()))
    return 1


def candidates(units: tuple[Unit, ...]) -> list[tuple[Unit, ...]]:
    """Halves, quarters and eighths left out, and each unit but the first left out alone; the first rows always stay."""
    first, rest = units[:1], units[1:]
    found = []
    for parts in (2, 4, 8, len(rest)):
        size = max(1, -(-len(rest) // max(1, parts)))
        for at in range(0, len(rest), size):
            found.append(first + rest[:at] + rest[at + size :])
            found.append(first + rest[at : at + size])
    return sorted({each for each in found if len(each) < len(units)}, key=len)


def _failing(spark: SparkSession, schedules: list[Schedule], seed: int) -> list[int]:
    """Which of the schedules violate anything."""
    cases = [schedule.moved(at) for at, schedule in enumerate(schedules)]
    verdict = Suite(spark, cases, seed, InProcess([Shard(cases)]), crashes=False, hangs=False).run()
    return sorted({int(one.branch) - FIRST_BRANCH for one in verdict.judge.violations})
