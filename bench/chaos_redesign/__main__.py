"""`python -m bench.chaos_redesign`: seeded redesigns under fire. The last line is the result as JSON."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import time
from collections import Counter
from functools import partial

from bench.chaos_redesign.case import PROTECTIONS, Outcome, run

DEFAULT_SEED = 20261124


def main() -> int:
    """Runs the cases; 1 when something was lost, doubled, stale or different."""
    parser = argparse.ArgumentParser(prog="python -m bench.chaos_redesign", description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    parser.add_argument("--case", type=int, help="only the case of this number")
    parser.add_argument("--without", default="", choices=["", *PROTECTIONS], help="leave a protection out of the swap")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    args = parser.parse_args()
    indexes = [args.case] if args.case is not None else list(range(args.runs))
    started = time.monotonic()
    play = partial(run, args.seed, without=args.without)
    if args.processes > 1 and len(indexes) > 1:
        with multiprocessing.get_context("spawn").Pool(args.processes) as pool:
            outcomes = list(pool.imap_unordered(play, indexes, chunksize=8))
    else:
        outcomes = [play(index) for index in indexes]
    outcomes.sort(key=lambda outcome: outcome.index)
    _tell(outcomes, args.seed, args.without, time.monotonic() - started)
    found = {
        "runs": len(outcomes),
        "lost": sum(len(o.found.lost) for o in outcomes),
        "doubled": sum(len(o.found.doubled) for o in outcomes),
        "stale": sum(len(o.found.stale) for o in outcomes),
        "max_lock_s": round(max((o.longest for o in outcomes), default=0.0), 3),
        "inventory_diffs": sum(len(o.found.inventory) for o in outcomes),
        "rollback_lost": sum(len(o.found.rollback_lost) for o in outcomes),
    }
    print(json.dumps(found))
    return int(any(o.error or o.found.lines() for o in outcomes))


def _tell(outcomes: list[Outcome], seed: int, without: str, seconds: float) -> None:
    more = f" WITHOUT={without}" if without else ""
    for outcome in [o for o in outcomes if o.error or o.found.lines()][:20]:
        print(
            f"case {outcome.index} ({outcome.ended}): again: make chaos-redesign SEED={seed} CASE={outcome.index}{more}"
        )
        print("\n".join(f"  {line[:300]}" for line in [*filter(None, [outcome.error]), *outcome.found.lines()][:6]))
    crashes: Counter[str] = Counter()
    for outcome in outcomes:
        crashes.update(outcome.crashed_at)
    ends = Counter(outcome.ended for outcome in outcomes)
    killed = ", ".join(f"{label} {count}" for label, count in sorted(crashes.items()))
    print(f"killed at: {killed or 'nothing'}")
    print(
        f"{len(outcomes)} runs in {seconds:.0f} s; ended: {dict(ends)}; "
        f"{sum(o.writes for o in outcomes)} writes committed; "
        f"{sum(o.gave_up for o in outcomes)} times a swap gave up for later"
    )


if __name__ == "__main__":
    sys.exit(main())
