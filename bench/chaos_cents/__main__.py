"""`python -m bench.chaos_cents`: see docs/chaos_report.md. The last line is the result as JSON."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from typing import Any

from bench.chaos_cents.draw import CASES_OF_A_NIGHT
from bench.chaos_cents.judge import Verdict, run
from bench.report.suite import account, parts, results

DEFAULT_SEED = 20261124
_BATCH_BLOCKS = 4


def main() -> int:
    """Runs the suite; 1 when a defect is missed or a clean night is held."""
    parser = argparse.ArgumentParser(prog="python -m bench.chaos_cents", description=__doc__)
    parser.add_argument("--seeds", type=int, default=500, help="cases")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    parser.add_argument("--case", type=int, help="only the case of this number, with everything that was said")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    args = parser.parse_args()
    started = time.monotonic()
    verdict = Verdict()
    for found in results(
        run, parts(args.seed, args.seeds, args.case, CASES_OF_A_NIGHT * _BATCH_BLOCKS), args.processes
    ):
        verdict.add(found)
    tell(verdict, args.seed)
    names = ("planted", "detected", "named")
    result: dict[str, Any] = {name: verdict.counts[name] for name in names}
    result["false_alarms"] = len(verdict.false_alarms)
    more = ("dvt_float32_missed", "double_sum_missed", "clean", "own_truth", "own_truth_noticed")
    more += ("great_expectations", "proven")
    result |= {name: verdict.counts[name] for name in more}
    result["crashed"] = len(verdict.crashed)
    result |= account(args.seed, verdict.cases, started)
    print(json.dumps(result))
    return int(bool(verdict.undetected or verdict.unnamed or verdict.false_alarms or verdict.crashed))


def tell(verdict: Verdict, seed: int, most: int = 12) -> None:
    """The failures, each with the command that repeats it."""
    for what, cases in (
        ("NOT DETECTED", verdict.undetected),
        ("not named", verdict.unnamed),
        ("false alarm", verdict.false_alarms),
        ("CRASHED", verdict.crashed),
    ):
        for index, lines in sorted(cases.items())[:most]:
            print(f"{what}: {lines[0]}; again: make chaos-cents SEED={seed} CASE={index}")
            print("\n".join(f"  {line[:400]}" for line in lines[1:8]))
        if len(cases) > most:
            print(f"… and {len(cases) - most} more: {what}")


if __name__ == "__main__":
    sys.exit(main())
