"""`python -m bench.chaos_branches`: see docs/chaos_branches.md. The last line is the result as JSON."""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pyspark
from pyspark.sql import SparkSession

from bench.chaos_branches import mariadb, shrink
from bench.chaos_branches.crews import InProcess, Processes
from bench.chaos_branches.draw import generate
from bench.chaos_branches.machine import memory, session
from bench.chaos_branches.nights import Suite, Verdict
from bench.chaos_branches.schedule import FIRST_BRANCH, digest
from bench.chaos_branches.shard import Shard

WORDS = ("lost", "doubled", "stale", "falsely_certified", "missed_by_watermark")
DEFAULT_SEED = 20261124
REPOSITORY = Path(__file__).resolve().parents[2]


def main() -> int:
    """Runs the suite; 1 when anything is violated."""
    parser = argparse.ArgumentParser(prog="python -m bench.chaos_branches", description=__doc__)
    parser.add_argument("--schedules", type=int, default=1000, help="against the model")
    parser.add_argument("--mariadb", type=int, help="against a real MariaDB; a fifth of the others unless given")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    parser.add_argument("--case", type=int, help="only the schedule of this index, told event by event")
    parser.add_argument("--shrink", action="store_true", help="with --case: find the smallest part of it that fails")
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
    logging.getLogger("chaos").setLevel(logging.INFO if args.verbose else logging.WARNING)
    started = time.monotonic()
    chosen = [args.case] if args.case is not None else range(args.schedules)
    real = 0 if args.case is not None else args.schedules // 5 if args.mariadb is None else args.mariadb
    schedules = [generate(args.seed, index) for index in chosen]
    if args.case is not None:
        print("\n".join(schedules[0].told()))
    crew = InProcess([Shard(schedules)]) if len(schedules) < 50 else Processes(schedules, os.cpu_count() or 1)
    model = actual = None
    with session() as spark:
        if args.shrink:
            return shrink.shrink(spark, schedules[0], args.seed)
        if schedules:
            model = Suite(spark, schedules, args.seed, crew).run()
            print_failures(model, args.seed, "CASE={0}")
        if real:
            actual = against_mariadb(spark, args.seed, real)
            print_failures(actual, args.seed, f"SCHEDULES=0 MARIADB={real}")
    verdicts = [verdict for verdict in (model, actual) if verdict]
    result: dict[str, Any] = {"schedules": len(schedules)}
    result |= {word: sum(verdict.judge.count(word) for verdict in verdicts) for word in WORDS}
    result |= {
        "resent_max_chunks": max(verdict.resent_max_chunks for verdict in verdicts),
        "state_max_bytes": max(verdict.state_max_bytes for verdict in verdicts),
        "merge_engine": "spark",
        "mariadb_schedules": real,
        "peers": model.peers if model else {},
        "engine": ", ".join([f"Spark {pyspark.__version__}", *(verdict.engine for verdict in verdicts)]),
        "code_sha": code_sha(),
        "cases_digest": digest(schedules),
        "seed": args.seed,
        "spark_jobs": sum(verdict.spark_jobs for verdict in verdicts),
        "seconds": [{name: round(value) for name, value in verdict.seconds.items()} for verdict in verdicts],
        "wall_s": round(time.monotonic() - started),
    }
    print(json.dumps(result))
    bad = any(verdict.judge.violations for verdict in verdicts)
    return int(bad or result["resent_max_chunks"] > 1 or result["state_max_bytes"] > 4096)


def against_mariadb(spark: SparkSession, seed: int, count: int) -> Verdict:
    """The same nights over a real server's schemas."""
    with tempfile.TemporaryDirectory(prefix="chaos-mariadb-", dir=memory()) as folder:
        Path(folder).chmod(0o755)
        with mariadb.server(Path(folder)) as running:
            cases = mariadb.schedules(seed, count)
            shard = mariadb.MariaShard(cases, running, seed)
            verdict = Suite(spark, cases, seed, InProcess([shard]), nights=mariadb.NIGHTS, real=True).run()
            verdict.engine = shard.version()
            return verdict


def code_sha() -> str:
    """SHA-256 over the shipped code that is judged."""
    total = hashlib.sha256()
    for folder in ("dags/podemos", "include"):
        for path in sorted((REPOSITORY / folder).rglob("*")):
            if path.is_file() and path.suffix in (".py", ".sql", ".yaml", ".csv"):
                total.update(path.relative_to(REPOSITORY).as_posix().encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


def print_failures(verdict: Verdict, seed: int, what: str, most: int = 10) -> None:
    """The first violations, each case with the command that repeats it."""
    told: dict[str, list[str]] = {}
    for one in verdict.judge.violations:
        told.setdefault(one.branch, []).append(f"  {one.what}: {one.message}")
    for branch, lines in list(told.items())[:most]:
        index = int(branch) - FIRST_BRANCH
        print(f"seed {seed}, case {index}; again: make chaos-branches SEED={seed} {what.format(index)}")
        print("\n".join(lines[:5]))
    if len(told) > most:
        print(f"… and {len(told) - most} more cases")


if __name__ == "__main__":
    sys.exit(main())
