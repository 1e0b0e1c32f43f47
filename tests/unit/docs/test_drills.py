"""Every section of the report's runbook names the drill that shows it, or says why there is none."""

import re
from pathlib import Path

import pytest

from local.drill.catalogue import ALL, drill

RUNBOOKS = Path(__file__).resolve().parents[3] / "docs" / "runbooks"
SECTIONS = dict(re.findall(r"(?ms)^## (.+?)\n(.*?)(?=^## |\Z)", (RUNBOOKS / "regulatory_report.md").read_text("utf-8")))


@pytest.mark.parametrize("title", SECTIONS)
def test_a_section_names_its_drill_or_says_why_not(title: str) -> None:
    [said] = re.findall(r"(?ms)^\*(Drill|No drill):\* (.+?)(?:\n\n|\Z)", SECTIONS[title])
    commands = re.findall(r"`make drill[^`]*`", said[1])
    if said[0] == "Drill":
        assert commands
    else:
        assert not commands
        assert len(said[1]) > 20, "a reason"
    for test in re.findall(r"`(tests/[^`]+)`", said[1]):
        assert (RUNBOOKS.parents[1] / test).exists()


@pytest.mark.parametrize("path", sorted(RUNBOOKS.glob("*.md")), ids=lambda path: path.stem)
def test_every_drill_that_is_named_exists(path: Path) -> None:
    for at, fault in re.findall(r"`(?:make drill )?(?:AT=(\S+) )?FAULT=([^`]+)`", path.read_text("utf-8")):
        drill(fault, at or None)


def test_every_drill_is_named_where_it_is_needed() -> None:
    text = "\n".join(path.read_text("utf-8") for path in RUNBOOKS.glob("*.md"))
    assert [fault.name for fault in ALL if f"FAULT={fault.name}" not in text] == []
