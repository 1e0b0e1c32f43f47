"""`make rebuild-year`; the last line is the verdict as JSON. Exit 1 when a byte differs."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import duckdb

from bench.chaos_branches.__main__ import code_sha
from podemos.regulatory.render import RENDERER

ROOT = Path(__file__).resolve().parents[2]
FIRST = {"LC_ALL": "C", "TZ": "UTC", "PYTHONHASHSEED": "0"}
OTHER = {"TZ": "Asia/Kathmandu", "PYTHONHASHSEED": "4049"}
LOCALES = ("tr_TR", "es_MX")
"""Decimal commas, and a dotless i. The first one that can be compiled here."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.rebuild_year", description=__doc__)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--seed", type=int, default=20261119)
    args = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="rebuild-year-") as name:
        work = Path(name)
        year = work / "year"
        year.mkdir()
        first = life("publish", year, args, ROOT, FIRST)
        print(f"published: {first}", flush=True)
        moved = work / "elsewhere"  # another machine has other paths
        year.rename(moved)
        other = life("rebuild", moved, args, moved, OTHER | compiled(work))
        print(f"rebuilt: {other}", flush=True)
    verdict = {
        "reports": args.days,
        "identical": other["identical"],
        "seconds": other["seconds"],
        "movements": first["movements"],
        "partial": first["partial"],
        "files": other["files"],
        "renderer": RENDERER,
        "renderers": other["renderers"],
        "published_s": first["seconds"],
        "published_in": first["surroundings"],
        "rebuilt_in": other["surroundings"],
        "seed": args.seed,
        "engine": f"DuckDB {duckdb.__version__}",
        "code_sha": code_sha(),
        "cases_digest": other["cases_digest"],
        "load": round(load, 1),
    }
    print(json.dumps(verdict))
    return int(other["identical"] != args.days)


def life(command: str, folder: Path, args: argparse.Namespace, at: Path, around: dict[str, str]) -> dict[str, Any]:
    """One process in its surroundings; what it tells, with the digest of the published manifests."""
    environment = os.environ | around | {"PYTHONPATH": f"{ROOT / 'dags'}:{ROOT}"}
    call = [sys.executable, "-m", "bench.rebuild_year.life", command, str(folder), str(args.days), str(args.seed)]
    subprocess.run(call, cwd=at, env=environment, check=True)
    told: dict[str, Any] = json.loads((folder / f"{command}.json").read_text(encoding="utf-8"))
    digest = hashlib.sha256()
    for manifest in sorted((folder / "reports").rglob("manifest.json")):
        digest.update(manifest.read_bytes())
    return told | {"cases_digest": digest.hexdigest()}


def compiled(work: Path) -> dict[str, str]:
    """Another locale, compiled into a folder of the run; without the system's sources of locales it is POSIX."""
    for name in LOCALES if shutil.which("localedef") else ():
        subprocess.run(
            ["localedef", "-i", name, "-f", "UTF-8", str(work / f"{name}.UTF-8")], capture_output=True, check=False
        )  # 1 is said for warnings, too
        if (work / f"{name}.UTF-8" / "LC_NUMERIC").exists():
            return {"LOCPATH": str(work), "LC_ALL": f"{name}.UTF-8"}
    return {"LC_ALL": "POSIX"}


if __name__ == "__main__":
    sys.exit(main())
