"""`make bench-report`: a night of the report at two sizes, stage by stage, and its reconciliation beside two peers.

The last line is the verdict as JSON. Exit 1 when a published movement is not one that was delivered, or somebody names
other differing rows than there are.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import duckdb

from bench.chaos_branches.__main__ import code_sha
from bench.report_night import content, pairs, targets
from bench.report_night.night import Run, night
from podemos.regulatory.frozen import sha256_of


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.report_night", description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000, help="movements of the night; a tenth is run first")
    parser.add_argument("--seed", type=int, default=20261119)
    parser.add_argument("--scales", default="0.1,1", help="sizes in --rows; growth is from the first to the last")
    parser.add_argument("--pair-rows", type=int, default=1_000_000, help="beside the peers; 0 leaves them out")
    parser.add_argument("--rounds", type=int, default=3, help="of the comparison with the peers")
    parser.add_argument("--port", type=int, default=11000, help="the first of three")
    args = parser.parse_args()
    runs, load = [], os.getloadavg()[0]
    for scale in map(float, args.scales.split(",")):
        rows = round(args.rows * scale)
        folder = made(rows, args.seed)
        print(f"{rows:,} movements, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
        with tempfile.TemporaryDirectory(prefix="bench-report-") as scratch:
            runs.append(night(folder, rows, Path(scratch), args.port))
        print(told(runs[-1]), flush=True)
    found = verdict(runs, args.seed)
    if args.pair_rows:
        print(f"{args.pair_rows:,} rows in two stores, load {os.getloadavg()[0]:.1f}", flush=True)
        with tempfile.TemporaryDirectory(prefix="bench-pairs-") as scratch:
            Path(scratch).chmod(0o755)
            beside = pairs.measure(Path(scratch), args.port + 1, args.pair_rows, args.rounds)
        print("\n".join(f"  DIFFERS {line}" for line in beside.wrong))
        found |= compared(beside) | {"pair_rows": args.pair_rows, "rounds": args.rounds, "peers": pairs.versions()}
        found["parity"] = found["parity"] and not beside.wrong
    print("\n".join(targets.lines(found)))
    print(json.dumps(found | {"load": [round(load, 1), round(os.getloadavg()[0], 1)], "cores": os.cpu_count()}))
    return int(not found["parity"])


def compared(beside: pairs.Pairs) -> dict[str, float]:
    """How many times as long the peers take; `vs_reladiff` is where nothing differs."""
    return {
        "vs_dvt": beside.ratio("dvt 1", "ours postgres-postgres 1"),
        "vs_dvt_1000": beside.ratio("dvt 1000", "ours postgres-postgres 1000"),
        "vs_reladiff": beside.ratio("reladiff 0", "ours mariadb-postgres 0"),
        "vs_reladiff_1": beside.ratio("reladiff 1", "ours mariadb-postgres 1"),
        "vs_reladiff_1000": beside.ratio("reladiff 1000", "ours mariadb-postgres 1000"),
    }


def made(rows: int, seed: int) -> Path:
    """The night's content, made by a process of its own so that this one stays small."""
    if not content.kept(rows, seed).exists():
        print(f"{rows:,} movements are made first, which is not timed", flush=True)
        subprocess.run([sys.executable, "-m", "bench.report_night.content", str(rows), str(seed)], check=True)
    return content.kept(rows, seed)


def told(run: Run) -> str:
    lines = [f"  {'stage':10}{'wall s':>9}{'CPU s':>9}{'server s':>9}{'peak MB':>9}   (start-up included)"]
    for name, cost in run.costs.items():
        lines.append(f"  {name:10}{cost.wall:9.1f}{cost.cpu:9.1f}{cost.server_cpu:9.1f}{cost.rss_mb:9.0f}")
    lines += [f"  trace of the {what}: {seconds:.1f} s" for what, seconds in run.traces.items()]
    lines.append(
        f"  from the seal to the signature {run.seal_to_signature_s:.1f} s, largest task {run.peak_rss_mb:.0f} MB"
    )
    return "\n".join(lines + [f"  DIFFERS {line}" for line in run.differences[:20]])


def verdict(runs: list[Run], seed: int) -> dict[str, Any]:
    last, first = runs[-1], runs[0]
    return {
        "movements": last.movements,
        "seal_to_signature_s": round(last.seal_to_signature_s, 1),
        "peak_rss_mb": round(last.peak_rss_mb),
        "growth_10x": round(last.seal_to_signature_s / first.seal_to_signature_s, 2),
        "trace_s": round(max(last.traces.values()), 2),
        "gate_rss_mb": round(last.costs["gate"].rss_mb),
        "stages_s": {name: round(cost.wall, 1) for name, cost in last.costs.items()},
        "stages_mb": {name: round(cost.rss_mb) for name, cost in last.costs.items()},
        "parity": not any(run.differences for run in runs),
        "engine": f"local AWS, redshift SQL on DuckDB {duckdb.__version__}",
        "code_sha": code_sha(),
        "cases_digest": sha256_of(content.kept(last.movements, seed) / "truth.json"),
        "seed": seed,
    }


if __name__ == "__main__":
    sys.exit(main())
