"""`python -m bench.chaos_branches`: see docs/chaos_branches.md. The last line is the result as JSON."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import time

from bench.chaos_branches.nights import InProcess, Processes, Suite, Verdict, session
from bench.chaos_branches.schedule import digest, generate

WORDS = ("lost", "doubled", "stale", "falsely_certified", "missed_by_watermark")
DEFAULT_SEED = 20261124


def main() -> int:
    """Runs the suite; 1 when anything is violated."""
    parser = argparse.ArgumentParser(prog="python -m bench.chaos_branches", description=__doc__)
    parser.add_argument("--schedules", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    parser.add_argument("--case", type=int, help="only the schedule of this index, told event by event")
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO if args.verbose else logging.WARNING, format="%(asctime)s %(message)s")
    logging.getLogger("py4j").setLevel(logging.WARNING)
    logging.getLogger("branches_curate").setLevel(logging.WARNING)
    started = time.monotonic()
    chosen = [args.case] if args.case is not None else range(args.schedules)
    schedules = [generate(args.seed, index) for index in chosen]
    if args.case is not None:
        print("\n".join(schedules[0].told()))
    width = os.cpu_count() or 1
    crew = InProcess([schedules]) if len(schedules) < 50 else Processes(schedules, width)
    with session() as spark:
        verdict = Suite(spark, schedules, args.seed, crew).run()
    print_failures(verdict, args.seed)
    result = {"schedules": len(schedules)} | {word: verdict.judge.count(word) for word in WORDS}
    result |= {
        "resent_max_chunks": verdict.resent_max_chunks,
        "state_max_bytes": verdict.state_max_bytes,
        "merge_engine": "spark",
        "peers": verdict.peers,
        "cases_digest": digest(schedules),
        "seed": args.seed,
        "seconds": {name: round(value) for name, value in verdict.seconds.items()},
        "wall_s": round(time.monotonic() - started),
    }
    print(json.dumps(result))
    return int(bool(verdict.judge.violations) or verdict.resent_max_chunks > 1 or verdict.state_max_bytes > 4096)


def print_failures(verdict: Verdict, seed: int, most: int = 10) -> None:
    """The first violations, each case with the command that repeats it."""
    told: dict[str, list[str]] = {}
    for one in verdict.judge.violations:
        told.setdefault(one.branch, []).append(f"  {one.what}: {one.message}")
    for branch, lines in list(told.items())[:most]:
        print(f"case {int(branch) - 1000}: make chaos-branches SEED={seed} CASE={int(branch) - 1000}")
        print("\n".join(lines[:5]))
    if len(told) > most:
        print(f"… and {len(told) - most} more cases")


if __name__ == "__main__":
    sys.exit(main())
