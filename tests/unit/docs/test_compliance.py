"""Each clause of the compliance table names tests, and each of them exists where the table says."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
DOCUMENT = ROOT / "docs" / "regulatory-compliance.md"
NAMED = re.compile(r"\[(test_\w+)\]\(\.\./([^)]+)\)")
CLAUSES = {
    *(f"15(1)({letter})" for letter in "abcdefgh"), *(f"15({number})" for number in "2345"),
    "3 · automated", "3 · reconciled", "3 · one source", "3 · controls", "4 · all data", "4 · gaps told",
    "5 · in time", "5 · under stress", "6 · on demand", "6 · change",
}  # fmt: skip


def rows() -> dict[str, list[tuple[str, str]]]:
    """Tests and their files, by clause."""
    found = {}
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and cells[0] != "clause":
            found[cells[0]] = NAMED.findall(cells[3])
    return found


def test_every_clause_names_a_test() -> None:
    assert set(rows()) == CLAUSES
    assert not [clause for clause, tests in rows().items() if not tests]


def test_every_named_test_exists() -> None:
    for clause, tests in rows().items():
        for name, file in tests:
            assert f"\ndef {name}(" in (ROOT / file).read_text(encoding="utf-8"), f"{clause}: {name} in {file}"
