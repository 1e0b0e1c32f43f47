"""`python -m bench.chaos_mobile`: see docs/chaos_mobile.md. The last line is the result as JSON."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from typing import Any

import pyarrow as pa

from bench.chaos_mobile.judge import WORDS, Verdict, run
from bench.chaos_mobile.protections import PROTECTIONS, without
from bench.report.suite import account, parts, results

DEFAULT_SEED = 20261124
MORE = ("crashes", "meetings", "uploads")


def main() -> int:
    """Runs the suite; 1 when any case is not as it should be."""
    parser = argparse.ArgumentParser(prog="python -m bench.chaos_mobile", description=__doc__)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    parser.add_argument("--case", type=int, help="only the case of this number, told event by event")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--without", choices=sorted(PROTECTIONS), help="remove a protection, to see it missed")
    args = parser.parse_args()
    started, cpu = time.monotonic(), time.process_time()
    verdict = Verdict()
    with without(args.without):
        processes = 1 if args.without else args.processes
        for found in results(run, parts(args.seed, args.runs, args.case, 50), processes):
            verdict.add(found)
    for case, lines in sorted(verdict.failed.items())[:12]:
        print(f"{lines[0]}; again: make chaos-mobile SEED={args.seed} CASE={case}")
        print("\n".join(f"  {line[:300]}" for line in lines[1:14]))
    result: dict[str, Any] = {"runs": verdict.counts["runs"]}
    result |= {word: verdict.counts[word] for word in (*WORDS, *MORE)}
    result |= account(args.seed, verdict.cases, started) | {"engine": f"pyarrow {pa.__version__}, in the worker"}
    if args.processes == 1 or args.case is not None:
        result["cpu_s_per_run"] = round((time.process_time() - cpu) / max(1, verdict.counts["runs"]), 3)
    print(json.dumps(result))
    return int(bool(verdict.failed))


if __name__ == "__main__":
    sys.exit(main())
