"""`make bench-mobile`: small uploads compacted, beside Spark, DuckDB and a copy of the bytes; last line JSON.

Each size is an inbox of its own (12 events an upload). Ours is list, plan, compact in the worker, publish; verify is
told apart. Then late uploads come in ten rounds over ten days, for the write amplification. Exit 1 when events are not
those that were sent, or answers differ.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.chaos_branches.__main__ import code_sha
from bench.mobile.inbox import START, fill

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 10


def main() -> int:
    """All sizes, the peers on the largest, and the verdict."""
    parser = argparse.ArgumentParser(prog="python -m bench.mobile", description=__doc__)
    parser.add_argument("--files", type=int, default=50_000, help="uploads of the largest size")
    parser.add_argument("--scales", default="0.25,0.5,1", help="sizes in --files")
    parser.add_argument("--seed", type=int, default=20261124)
    parser.add_argument("--keep", type=Path, help="a folder for the inboxes, instead of a temporary one")
    parser.add_argument("--skip", default="", help="peers that are left out: spark_plain,duckdb_copy")
    args = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="bench-mobile-", dir=args.keep) as name:
        folder, growth, faults = Path(name), {}, []
        for scale in sorted(map(float, args.scales.split(","))):
            lake = folder / f"{scale}"
            events = fill(lake, round(args.files * scale), args.seed)
            found = _ours(lake, START + timedelta(days=3))
            if found["totals"]["events"] != events or found["totals"]["quarantined"]:
                faults.append(f"scale {scale}: {found['totals']}, {events} events were sent")
            growth[scale] = _work(found)
            print(f"{scale:g}: {events} events, {found['seconds']}, {found['rss_mb']} MB", flush=True)
        names = [name for name in ("byte_copy", "duckdb_copy", "spark_plain") if name not in args.skip.split(",")]
        peers = {name: _peer(name, lake, folder / "out") for name in names}
        before, after = (min((_peer(n, lake, folder / "out") for _ in range(3)), key=lambda each: each["seconds"])
                         for n in ("query_before", "query_after"))  # fmt: skip
        if before["rows"] != after["rows"]:
            faults.append(f"answers differ: {before}, {after}")
        late = _late(lake, round(args.files * 0.01), args.seed)
        if late["written"] > 2 * late["fresh"]:
            faults.append(f"{late['written']} bytes written for {late['fresh']}")
        mine = growth[scale]
    for line in faults:
        print(line)
    packed = {name: round(each["seconds"] / mine, 2) for name, each in peers.items()}
    sizes = sorted(growth)
    print(
        json.dumps(
            {
                "events_per_s": round(events / mine),
                "vs_spark_plain": packed.get("spark_plain"),
                "vs_duckdb": packed.get("duckdb_copy"),
                "vs_byte_copy": packed.get("byte_copy"),
                "write_amplification": round(late["written"] / late["fresh"], 3),
                "query_speedup": round(before["seconds"] / after["seconds"], 1),
                "drain_forecast_error": None,
                "peak_rss_mb": found["rss_mb"],
                "files": args.files,
                "events": events,
                "seconds": mine,
                "growth": {f"{size:g}": round(growth[size] / growth[sizes[0]], 2) for size in sizes},
                "peers_s": {name: each["seconds"] for name, each in peers.items()},
                "load_before": round(load, 1),
                "code_sha": code_sha(),
            }
        )
    )
    return int(bool(faults))


def _work(found: dict[str, Any]) -> float:
    """Seconds to the manifest."""
    return round(sum(value for name, value in found["seconds"].items() if name != "verify"), 3)


def _late(lake: Path, files: int, seed: int) -> dict[str, Any]:
    """Late uploads in rounds, as the days are sealed."""
    found: dict[str, Any] = {}
    for number in range(ROUNDS):
        fill(lake, files, seed + 1 + number, first=number)
        found = _ours(lake, START + timedelta(days=4 + number))
    return found


def _ours(lake: Path, instant: Any) -> dict[str, Any]:
    return _run("bench.mobile.ours", str(lake), instant.isoformat())


def _peer(name: str, lake: Path, out: Path) -> dict[str, Any]:
    shutil.rmtree(out, ignore_errors=True)
    found = _run("bench.mobile.peers", name, str(lake), str(out))
    shutil.rmtree(out, ignore_errors=True)
    print(f"{name}: {found}", flush=True)
    return found


def _run(module: str, *arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{module} {' '.join(arguments)}: {done.stderr[-2000:]}")
    document: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return document


if __name__ == "__main__":
    sys.exit(main())
