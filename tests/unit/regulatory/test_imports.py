"""A DAG file imports the report's stages at parse time: that must stay cheap."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import podemos
from podemos import regulatory

HEAVY = ("great_expectations", "pandas", "pyarrow", "numpy", "duckdb", "boto3", "airflow")


def test_importing_every_stage_loads_nothing_heavy() -> None:
    folder = Path(regulatory.__file__).parent
    names = [f"podemos.regulatory.{path.stem}" for path in sorted(folder.glob("*.py")) if path.stem != "__init__"]
    program = f"import sys, {', '.join(names)}; print(*(n for n in {HEAVY!r} if n in sys.modules))"
    variables = os.environ | {"PYTHONPATH": str(Path(podemos.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", program], env=variables, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == ""
