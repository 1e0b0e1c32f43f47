"""THREATS.md names tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
ROWS = [line for line in (ROOT / "THREATS.md").read_text(encoding="utf-8").splitlines() if re.match(r"\| \d+ \|", line)]
LINK = re.compile(r"\[([^\]]+)\]\(([^)]+)\)")


def test_every_threat_has_a_defence_that_exists():
    assert len(ROWS) >= 15
    for row in ROWS:
        found = LINK.findall(row.split("|")[4])
        assert found, row
        for name, path in found:
            assert (ROOT / path).is_file(), path
            if name.startswith("test_"):
                assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), name
