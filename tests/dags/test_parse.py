"""Parsing the DAGs is fast, opens no connection, and reads nothing but code and include/."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIMIT_SECONDS = 2.0
HEAVY = {"great_expectations", "pandas", "duckdb", "pyspark", "sqlglot"}

PARSE = """
import json, os, sys, time
from pathlib import Path
dags = Path(sys.argv[1])
sys.path[:0] = [str(dags), str(dags.parent / "plugins")]
import airflow.models, airflow.sdk
from airflow.dag_processing.dagbag import DagBag
loaded, opened, connected = set(sys.modules), [], []
def hook(event, arguments):
    if event == "open" and isinstance(arguments[0], str):
        opened.append((arguments[0], str(arguments[1])))
    if event in ("socket.connect", "socket.getaddrinfo"):
        connected.append(str(arguments[1:]))
sys.addaudithook(hook)
started, wall = time.process_time(), time.perf_counter()
bag = DagBag(str(dags), bundle_path=dags, bundle_name="dags-folder")
seconds, wall = time.process_time() - started, time.perf_counter() - wall
print(json.dumps({
    "seconds": seconds, "wall": wall, "dags": sorted(bag.dags), "errors": bag.import_errors, "opened": list(opened),
    "connected": connected, "loaded": sorted({m.partition(".")[0] for m in set(sys.modules) - loaded}),
}))
"""


def test_parsing_is_fast_offline_and_reads_only_code_and_include(tmp_path, capsys):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    settings = {"AIRFLOW_HOME": str(tmp_path), "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins")}
    done = subprocess.run(
        [sys.executable, "-c", PARSE, str(ROOT / "dags")],
        env=kept | settings | {"AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR"},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    with capsys.disabled():
        sys.stdout.write(
            f"\nparsing all DAGs: {found['seconds']:.2f} s of CPU, {found['wall']:.2f} s by the clock"
            f" (limit {LIMIT_SECONDS:.0f} s of CPU: other work on the machine does not count)\n"
        )
    assert found["errors"] == {}
    assert found["dags"] == sorted(path.stem for path in (ROOT / "dags").glob("*.py"))
    assert found["connected"] == []
    assert HEAVY & set(found["loaded"]) == set()
    ours = [
        Path(path).relative_to(ROOT)
        for path, mode in found["opened"]
        if path.startswith(f"{ROOT}/") and not path.startswith(f"{ROOT}/.venv/") and "w" not in mode
    ]
    assert ours, "the hook saw nothing"
    outside = {p for p in ours if p.suffix not in (".py", ".pyc") and p.parts[0] != "include"}
    assert outside == {Path("dags/.airflowignore")}
    assert found["seconds"] <= LIMIT_SECONDS
