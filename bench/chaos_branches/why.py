"""`make why`: removes one protection at a time and tells what would have been lost.

The same cases run with every protection in place, and once without each. What a protection of the pull is worth is seen
by branches of one lake side by side; the others need a curation of their own.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from collections import Counter
from contextlib import AbstractContextManager
from typing import Any

from pyspark.sql import SparkSession

from bench.chaos_branches.__main__ import DEFAULT_SEED
from bench.chaos_branches.calendar import attempt_at
from bench.chaos_branches.crews import InProcess
from bench.chaos_branches.draw import edited_behind_its_first_load, generate, moved_out_of_the_window
from bench.chaos_branches.judge import Violation
from bench.chaos_branches.machine import session
from bench.chaos_branches.nights import Suite
from bench.chaos_branches.protections import PROTECTIONS, Protection, removed
from bench.chaos_branches.schedule import FIRST_BRANCH, Schedule
from bench.chaos_branches.shard import Shard

PROMISED, OTHERS = 50, 20
NIGHTS = (2, 5, 8, 9)
ACTIVE = NIGHTS[:2]


def main() -> int:
    """Prints an exhibit per protection; 1 unless every removal is caught and none is caught with all in place."""
    parser = argparse.ArgumentParser(prog="python -m bench.chaos_branches.why", description=__doc__)
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    args = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    started = time.monotonic()
    with session() as spark:
        control, found = exhibits(spark, *cases(args.seed), args.seed)
    for protection in PROTECTIONS:
        tell(protection, found[protection.name])
    caught = sum(bool(found[protection.name]) for protection in PROTECTIONS)
    result = {"protections": len(PROTECTIONS), "caught": caught, "with_all_in_place": len(control)}
    print(
        json.dumps(
            result | {"cases": PROMISED + OTHERS, "seed": args.seed, "wall_s": round(time.monotonic() - started)}
        )
    )
    return int(caught < len(PROTECTIONS) or bool(control))


def cases(seed: int) -> tuple[list[Schedule], list[Schedule]]:
    """Cases whose every row the watermark promises to see, and others: half of these have a row that grows younger.

    Of the promised ones with small pages and hours between the first pulls, every other one is edited behind its first
    load; in every fourth of the
    others a payment moves far away.
    """
    drawn = [generate(seed, index, ACTIVE) for index in range(6 * (PROMISED + OTHERS))]
    others = [one for one in drawn if not one.promised]
    younger = [one for one in others if _grows_younger(one)][: OTHERS // 2]
    rest = [one for one in others if one not in younger]
    promised = [one for one in drawn if one.promised][:PROMISED]
    paged = [one for one in promised if one.profile.page_rows == 3 and _hours_between_pulls(one)][::2]
    promised = [edited_behind_its_first_load(one) if one in paged else one for one in promised]
    others = younger + rest[: OTHERS - len(younger)]
    return promised, [moved_out_of_the_window(one, ACTIVE[1]) if at % 4 == 0 else one for at, one in enumerate(others)]


def _hours_between_pulls(case: Schedule) -> bool:
    first, second = (attempt_at(*pull) for pull in case.pulls[:2])
    return second - first > 20_000


def _grows_younger(case: Schedule) -> bool:
    """Whether a row ends with a lower cursor than it had at the first night: restored, or written by another clock."""
    source = case.source()
    source.advance(attempt_at(ACTIVE[0], 1))
    first = source.snapshot()
    source.advance(attempt_at(NIGHTS[-1], 1))
    return any(
        (row[-1] or b"") < (first[table].get(key, row)[-1] or b"")
        for table, rows in source.content.items()
        for key, row in rows.items()
    )


def exhibits(
    spark: SparkSession, promised: list[Schedule], others: list[Schedule], seed: int
) -> tuple[list[Violation], dict[str, list[Violation]]]:
    """Violations with everything in place, and by protection without it."""
    found: dict[str, list[Violation]] = {}
    pulls = [one for one in PROTECTIONS if one.stage in ("watermark", "fingerprint")]
    members = [promised + others, *(promised if one.stage == "watermark" else others for one in pulls)]
    groups = [[case.moved(number * 1_000 + at) for at, case in enumerate(each)] for number, each in enumerate(members)]

    def guard(number: int) -> AbstractContextManager[Any] | None:
        return removed(pulls[number - 1]) if number else None

    load = next(one for one in PROTECTIONS if one.stage == "load")
    crew = InProcess([Shard(group) for group in groups], guard)
    suite = Suite(
        spark, [one for group in groups for one in group], seed, crew, crashes=False, hangs=False, nights=NIGHTS
    )
    suite.without_mutex = lambda: removed(load)
    verdict = suite.run()
    by_group: dict[int, list[Violation]] = {}
    for violation in verdict.judge.violations:
        by_group.setdefault((int(violation.branch) - FIRST_BRANCH) // 1_000, []).append(violation)
    for number, protection in enumerate(pulls, 1):
        found[protection.name] = by_group.get(number, [])
    found[load.name] = suite.doubled
    for protection in PROTECTIONS:
        if protection.stage in ("curate", "commit"):
            hangs = protection.stage == "commit"
            nights = ACTIVE if hangs else (ACTIVE[0], *NIGHTS[2:])
            with removed(protection):
                crew = InProcess([Shard(others)])
                single = Suite(spark, others, seed, crew, crashes=False, hangs=hangs, nights=nights)
                found[protection.name] = single.run_until_red()
    return by_group.get(0, []), found


def tell(protection: Protection, violations: list[Violation]) -> None:
    """One exhibit."""
    print(f"\nWithout: {protection.name}\n  {protection.without}")
    for change in protection.changes:
        print(f"  - {' '.join(change.old.split())}\n  + {' '.join(change.new.split())}")
    counts = ", ".join(f"{count} {what}" for what, count in Counter(one.what for one in violations).most_common())
    branches = len({one.branch for one in violations})
    print(f"  {'CAUGHT' if violations else 'NOT CAUGHT'}: {counts or 'nothing'} in {branches} branches")
    for one in violations[:1]:
        print(f"    branch {one.branch}: {one.message}")


if __name__ == "__main__":
    sys.exit(main())
