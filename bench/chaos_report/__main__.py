"""`python -m bench.chaos_report`: see docs/chaos_report.md. The last line is the result as JSON."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from typing import Any

from bench.chaos_report.judge import NIGHTS_OF_A_CONTENT, WORDS, Verdict, run
from bench.report.suite import account, parts, results

DEFAULT_SEED = 20261124
COUNTED = ("partial", "held", "oracle_partial", "oracle_held", "sql_nights", "by_contingency", "great_expectations")
MORE = ("proven", "crashed")


def main() -> int:
    """Runs the suite; 1 when any night is not as it should be."""
    parser = argparse.ArgumentParser(prog="python -m bench.chaos_report", description=__doc__)
    parser.add_argument("--nights", type=int, default=300)
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    parser.add_argument("--case", type=int, help="only the night of this number, told event by event")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    args = parser.parse_args()
    started = time.monotonic()
    verdict = Verdict()
    for found in results(run, parts(args.seed, args.nights, args.case, NIGHTS_OF_A_CONTENT * 4), args.processes):
        verdict.add(found)
    for index, lines in sorted(verdict.failed.items())[:12]:
        print(f"{lines[0]}; again: make chaos-report SEED={args.seed} CASE={index}")
        print("\n".join(f"  {line[:300]}" for line in lines[1:14]))
    result: dict[str, Any] = {"nights": verdict.counts["nights"]}
    result |= {word: verdict.counts[word] for word in (*WORDS, *COUNTED, *MORE)}
    result |= account(args.seed, verdict.cases, started)
    print(json.dumps(result))
    return int(bool(verdict.failed))


if __name__ == "__main__":
    sys.exit(main())
