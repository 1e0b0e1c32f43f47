"""One run of the shipped Glue job over a lake in a folder, in a process of its own: `python -m bench.curate.job …`."""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from pathlib import Path
from typing import Any

from local.folder_store import FolderStore
from podemos.core.paths import include


def main(root: str, plan_key: str, out: str) -> None:
    """Runs the script's own `session` and `main`; writes seconds and the JVM's peak memory to `out`."""
    script = _script()
    lake = FolderStore(Path(root))
    began = time.perf_counter()
    spark = script.session()
    spark.sparkContext.setLogLevel("ERROR")
    started = time.perf_counter()
    script.main(spark, lake, root, lake.fetch(), plan_key, "bench")
    ended = time.perf_counter()
    status = Path(f"/proc/{spark.sparkContext._gateway.proc.pid}/status").read_text(encoding="ascii")
    peak = int(status.split("VmHWM:")[1].split()[0]) // 1024
    spark.stop()
    found = {"session_s": started - began, "job_s": ended - started, "jvm_peak_mb": peak}
    Path(out).write_text(json.dumps(found), encoding="ascii")


def _script() -> Any:
    path = include() / "glue" / "branches_curate.py"
    spec = importlib.util.spec_from_file_location("branches_curate", path)
    assert spec is not None and spec.loader is not None  # noqa: S101 - the file is ours
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main(*sys.argv[1:])
