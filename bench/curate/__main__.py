"""`make bench-curate`: the shipped Spark job over rows whose end is known; the last line is the verdict as JSON.

Each size is a lake of its own: a history, curated once and kept in `.local/bench-curate`, and a night that lands a
tenth of it (see `mix`). Timed is the whole process of the job, start-up included. Exit 1 when a row is not as it
must be.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.curate import events, landed, verify
from bench.curate.mix import NAMES, Mix
from local.folder_store import FolderStore
from podemos.branches import collect, keys, publish, revisions
from podemos.contracts.branches import branches
from podemos.core import manifest

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / ".local" / "bench-curate"
SETTINGS = """\
spark.master local[2]
spark.driver.memory 6g
spark.driver.bindAddress 127.0.0.1
spark.driver.host 127.0.0.1
spark.driver.extraJavaOptions -XX:+UseSerialGC
spark.ui.enabled false
spark.ui.showConsoleProgress false
spark.default.parallelism 4
spark.sql.shuffle.partitions 8
spark.eventLog.enabled true
spark.eventLog.dir {events}
"""


@dataclass
class Run:
    """One size. `rewritten` are bytes written under days that were there before."""

    rows: int
    landed: int
    late: int
    seconds: float
    session_s: float
    job_s: float
    jvm_peak_mb: int
    rewritten: int
    days: int
    spark: dict[str, events.Work]
    differences: list[str]


def main() -> int:
    """All sizes, a table, and the verdict."""
    parser = argparse.ArgumentParser(prog="python -m bench.curate", description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000, help="curated before the night, which lands a tenth")
    parser.add_argument("--scales", default="0.25,0.5,1", help="sizes in --rows; growth is counted from the first one")
    parser.add_argument("--seed", type=int, default=20261119)
    parser.add_argument("--profile", action="store_true", help="also print the Spark jobs of each size by purpose")
    args = parser.parse_args()
    scales = [float(scale) for scale in args.scales.split(",")]
    load, runs = os.getloadavg()[0], {}
    for scale in scales:
        run = runs[scale] = measure(round(args.rows * scale), args.seed)
        print(_line(run), flush=True)
        if args.profile:
            print(_profile(run), flush=True)
    whole = runs.get(1.0, runs[scales[-1]])
    for line in [line for run in runs.values() for line in run.differences][:20]:
        print("DIFFERS", line)
    parity = not any(run.differences for run in runs.values())
    print(json.dumps(_verdict(runs, scales, whole) | {"seed": args.seed, "load": round(load, 1), "parity": parity}))
    return int(not parity)


def measure(rows: int, seed: int) -> Run:
    """Lands a night on a copy of the history's lake and runs the job."""
    mix = Mix(rows, rows // 10, seed)
    with tempfile.TemporaryDirectory(prefix="bench-curate-") as name:
        work = Path(name)
        shutil.copytree(_history(mix), work / "lake", copy_function=_linked)
        lake = FolderStore(work / "lake")
        mix.night()
        count = landed.night(lake, mix)
        plan_key = collect.plan_curation([], lake=lake, clock=lambda: landed.NOW, config=branches())
        began = time.perf_counter()
        told = run_job(lake, plan_key, work)
        seconds = time.perf_counter() - began
        revision = revisions.read(lake, publish.publish_revision(plan_key, lake=lake)).document
        plan = manifest.read(lake, plan_key)[0]
        result = manifest.read_ref(lake, revision["result"])
        written = [
            (day, file["size"])
            for table in NAMES
            for day, entry in result["tables"][table]["days"].items()
            if day in plan["days"].get(table, {}) and table == "pagos"
            for file in entry["files"] or []
        ]
        return Run(
            rows=rows,
            landed=count,
            late=mix.late_rows(),
            seconds=seconds,
            rewritten=sum(size for _, size in written),
            days=len({day for day, _ in written}),
            spark=events.by_purpose(work / "events"),
            differences=verify.differences(lake, revision, mix),
            **told,
        )


def run_job(lake: FolderStore, plan_key: str, work: Path) -> dict[str, Any]:
    """The job's process; what it says of itself."""
    conf = work / "conf"
    for folder in (conf, work / "events"):
        folder.mkdir(exist_ok=True)
    text = SETTINGS.format(events=work / "events")
    (conf / "spark-defaults.conf").write_text(text, encoding="ascii")
    environment = {
        **os.environ,
        "SPARK_CONF_DIR": str(conf),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_DIRS": str(work / "scratch"),
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONPATH": f"{ROOT / 'dags'}:{ROOT}",
    }
    command = [sys.executable, "-m", "bench.curate.job", str(lake.root), plan_key, str(work / "told.json")]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"the job ended with {done.returncode}:\n{done.stderr[-3000:]}")
    told: dict[str, Any] = json.loads((work / "told.json").read_text(encoding="ascii"))
    return told


def _history(mix: Mix) -> Path:
    """The lake before the night, made now unless a run with the same rows and seed has left it."""
    sources = [Path(__file__).parent.joinpath(name).read_bytes() for name in ("mix.py", "landed.py", "sql/history.sql")]
    kept = KEPT / f"{mix.rows}-{mix.seed}-{hashlib.sha256(b''.join(sources)).hexdigest()[:12]}"
    if kept.exists():
        return kept
    print(f"the history of {mix.rows} rows is curated first, which is not timed", flush=True)
    KEPT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="history-", dir=KEPT) as name:
        work = Path(name)
        lake = FolderStore(work / "lake")
        lake.root.mkdir()
        landed.history(lake, mix)
        plan_key = collect.plan_curation([], lake=lake, clock=lambda: landed.BEFORE, config=branches())
        run_job(lake, plan_key, work)
        publish.publish_revision(plan_key, lake=lake)
        loaded = {"kind": "branches.certification", "loaded": list(NAMES)}
        manifest.commit(lake, keys.certification(1, manifest.sha256(manifest.canonical(loaded))), loaded)
        lake.root.rename(kept)
    return kept


def _linked(source: str, target: str) -> None:
    """Data is never changed, so it is linked; indices are."""
    if source.endswith(".parquet"):
        os.link(source, target)
    else:
        shutil.copy2(source, target)


def _line(run: Run) -> str:
    jobs = sum(work.jobs for work in run.spark.values())
    verdict = "equal" if not run.differences else f"{len(run.differences)} DIFFER"
    return (
        f"  {run.rows:>10,} + {run.landed:>9,} rows  {run.seconds:6.1f} s ({run.session_s:.1f} start-up, "
        f"{run.job_s:.1f} job)  {(run.rows + run.landed) / run.seconds:>9,.0f} rows/s  {jobs:>3} Spark jobs  "
        f"JVM {run.jvm_peak_mb:,} MB  {run.days} old days rewritten, {run.rewritten / 1e6:.0f} MB: {verdict}"
    )


def _profile(run: Run) -> str:
    lines = [f"    {'purpose':<34} {'jobs':>4} {'stages':>6} {'tasks':>6} {'wall s':>7} {'busy s':>7}"]
    for purpose, work in sorted(run.spark.items(), key=lambda item: -item[1].wall_s):
        found = asdict(work)
        lines.append("    {purpose:<34} {jobs:>4} {stages:>6} {tasks:>6} {wall_s:>7.2f} {busy_s:>7.2f}".format(
            purpose=purpose[:34], **found))  # fmt: skip
    return "\n".join(lines)


def _verdict(runs: dict[float, Run], scales: list[float], whole: Run) -> dict[str, Any]:
    first = runs[scales[0]]
    growth = {
        f"growth_{round(scale / scales[0])}x": round(runs[scale].seconds / first.seconds, 2) for scale in scales[1:]
    }
    return {
        "seconds": round(whole.seconds, 1),
        "job_seconds": round(whole.job_s, 1),
        "rows": whole.rows,
        "landed": whole.landed,
        "rows_per_s": round((whole.rows + whole.landed) / whole.seconds),
        "landed_rows_per_s": round(whole.landed / whole.seconds),
        **growth,
        "growth_from_rows": first.rows,
        "late_rows": whole.late,
        "bytes_rewritten_per_late_row": round(whole.rewritten / whole.late),
        "spark_jobs": sum(work.jobs for work in whole.spark.values()),
        "jvm_peak_mb": whole.jvm_peak_mb,
    }


if __name__ == "__main__":
    sys.exit(main())
