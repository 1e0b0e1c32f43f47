"""Every state and every alarm has its section in the runbook, with symptom, command and fix, and links lead there."""

import inspect
import re
from pathlib import Path

import pytest

from podemos.branches import alarms, horizon
from podemos.branches.link import REMEDY, Trouble

ROOT = Path(__file__).resolve().parents[3]
RUNBOOK = (ROOT / alarms.RUNBOOK).read_text(encoding="utf-8")
SECTIONS = {
    re.sub(r"[^a-z0-9_ -]", "", title.lower()).replace(" ", "-"): body
    for title, body in re.findall(r"^##+ (.+)\n((?:(?!^##).*\n?)*)", RUNBOOK, re.M)
}
ALARMED = [*(str(trouble) for trouble in Trouble), *alarms.HOLD_BACK.values(), alarms.NOT_SEEN, alarms.NEW_COLUMN]


@pytest.mark.parametrize("section", ALARMED)
def test_a_section_says_symptom_command_and_fix(section: str) -> None:
    assert [part for part in ("**Symptom**", "**Command**", "**Fix**") if part not in SECTIONS[section]] == []


def test_every_trouble_has_a_remedy() -> None:
    assert set(REMEDY) == set(Trouble)


def test_every_alert_of_the_hold_back_leads_to_its_own_section() -> None:
    said = re.findall(r'^_[A-Z_]+ = "(.+ .+)"|f"\{writer.what\} ([^"]+)"', inspect.getsource(horizon), re.M)
    alerts = [first or second for first, second in said]
    assert len(alerts) == len(alarms.HOLD_BACK)
    assert {alarms.section_of(alert) for alert in alerts} == set(alarms.HOLD_BACK.values())


def test_every_link_within_the_runbook_resolves() -> None:
    links = re.findall(r"\]\(#([^)]+)\)", RUNBOOK)
    assert links
    assert [link for link in links if link not in SECTIONS] == []
