"""The kinds of statement that the code sends to Redshift and Athena: the words before the first name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from tools.fidelity.operations import ROOT, tree

SQL = ROOT / "include" / "sql"
ELSEWHERE = ("second",)
"""Folders of include/sql that DuckDB runs."""
CODE = ("warehouse", "redshift", "regulatory", "orchestration", "governance", "branches")
NOT_SENT = re.compile(
    r"redshift/(ddl_\w+|rules|advisor/designs)\.py|branches/(query|column_types|drift|inspection|findings|examine|horizon|ddl|dynamo_state|pipeline)\.py|"
    r"regulatory/second\w*\.py"
)
"""Readers and proposers of DDL, the branches' MySQL, DynamoDB's expressions, and DuckDB; ddl.py renders include/sql."""
_WORDS = re.compile(r"^(?:[A-Z]+\s+)*[A-Z]+\b")
_UTILITY = re.compile(
    r"^(VACUUM|ANALYZE|LOCK|COPY|UNLOAD|GRANT|REVOKE|TRUNCATE|CALL|REFRESH|CREATE|ALTER|DROP|COMMENT ON|MERGE INTO|"
    r"DELETE FROM|INSERT INTO|UPDATE|SET|BEGIN|START TRANSACTION|CANCEL|EXPLAIN|SHOW)\b (?:[A-Z:\"a-z_]|$)"
)


def kinds() -> dict[str, set[str]]:
    """Kind -> files that send it."""
    found: dict[str, set[str]] = {}
    for path, statement in [*_in_sql(), *_in_code(_code_files())]:
        found.setdefault(kind(statement), set()).add(str(path.relative_to(ROOT)))
    return dict(sorted(found.items()))


def kind(statement: str) -> str:
    """`VACUUM DELETE ONLY :schema.:table` -> "VACUUM"; `CREATE TABLE IF NOT EXISTS t` -> "CREATE TABLE"."""
    match = _WORDS.match(statement.strip())
    words = match[0].split() if match else statement.split()[:1]
    verb = words[0] if words else ""
    if verb in ("CREATE", "ALTER", "DROP", "COMMENT", "START"):
        return " ".join(words[:2])
    return "SELECT" if verb == "WITH" else verb


def _in_sql() -> Iterator[tuple[Path, str]]:
    for path in sorted(SQL.rglob("*.sql")):
        if path.relative_to(SQL).parts[0] in ELSEWHERE or path.parent.name == "second":
            continue
        text = "\n".join(line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("--"))
        for statement in re.split(r";[ \t]*(?:\n|$)", text):
            if statement.strip():
                yield path, statement.strip()


def _code_files() -> list[Path]:
    files = (path for package in CODE for path in (ROOT / "dags" / "podemos" / package).rglob("*.py"))
    return sorted(path for path in files if not NOT_SENT.search(str(path)))


def _in_code(files: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """String constants, and the beginnings of f-strings, that are statements; docstrings are not."""
    for path in files:
        nodes = list(ast.walk(tree(path)))
        told = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        for node in nodes:
            text = node.value if isinstance(node, ast.Constant) else None
            if isinstance(text, str) and id(node) not in told and _UTILITY.match(text):
                yield path, text
