"""Every query of system views uses documented views and columns only, and every file is used."""

import re
from pathlib import Path

import pytest
import sqlglot
import yaml
from sqlglot import exp
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.qualify import qualify

from podemos.core.paths import include

ROOT = Path(__file__).resolve().parents[3]
DOCUMENTED = yaml.safe_load((ROOT / "local/aws/tests/redshift/documented_columns.yaml").read_text(encoding="utf-8"))
FILES = sorted((include() / "sql" / "redshift").rglob("*.sql"))
SCHEMA = {view: dict.fromkeys(columns, "VARCHAR") for view, columns in DOCUMENTED.items()}


def undocumented(sql: str) -> str:
    """What the documentation does not have, or nothing."""
    for tree in sqlglot.parse(sql, read="redshift"):
        if tree is None or isinstance(tree, exp.Set | exp.Command):
            continue
        ctes = {cte.alias for cte in tree.find_all(exp.CTE)}
        if unknown := [t.name for t in tree.find_all(exp.Table) if t.name not in SCHEMA and t.name not in ctes]:
            return f"view {unknown[0]}"
        try:
            qualify(tree, schema=SCHEMA, dialect="redshift", expand_stars=False)
        except OptimizeError as error:
            return str(error)
    return ""


@pytest.mark.parametrize("path", FILES, ids=lambda path: "/".join(path.parts[-2:]))
def test_only_documented_columns(path: Path) -> None:
    assert undocumented(path.read_text(encoding="utf-8").replace(":schemas", "core")) == ""


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("SELECT elapsed FROM stl_query", "elapsed"),
        ("SELECT w.queue_time FROM stl_wlm_query AS w", "queue_time"),
        ("SELECT blocks_scanned FROM svl_scan_summary", "view svl_scan_summary"),
        ("SELECT a.query FROM (SELECT query, ghosts FROM stl_scan) AS a", "ghosts"),
    ],
)
def test_an_undocumented_column_is_seen(sql: str, found: str) -> None:
    assert found in undocumented(sql)


def test_both_dialects_have_the_same_questions() -> None:
    names = {folder: {p.name for p in FILES if p.parent.name == folder} for folder in ("sys", "stl")}
    assert names["sys"] == names["stl"]
    assert len(names["sys"]) >= 5


def test_every_file_is_asked() -> None:
    code = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "dags/podemos/redshift").glob("*.py"))
    asked = set(re.findall(r"select_(\w+)\.sql", code)) | set(re.findall(r'ask\("(\w+)"\)', code))
    assert {p.stem.removeprefix("select_") for p in FILES} <= asked
