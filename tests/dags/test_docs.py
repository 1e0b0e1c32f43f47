"""docs/DAGS.md is generated: it is what the DAGs say today."""

from __future__ import annotations

import importlib.util
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_generated_document_is_fresh(bag):
    spec = importlib.util.spec_from_file_location("build_dag_docs", ROOT / "tools" / "build_dag_docs.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert (ROOT / "docs" / "DAGS.md").read_text(encoding="utf-8") == tool.render(bag.dags), "run `make docs`"
