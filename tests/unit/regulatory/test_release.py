"""A night is judged and built by one code, although MWAA may change it underneath."""

import pytest

from podemos.core.errors import ContractViolation
from podemos.core.manifest import read
from podemos.core.store import MemoryStore
from podemos.regulatory.release import hold

FOLDER = "regulatory/nights/2026-11-19/n/"
OLD, NEW = "a" * 40, "b" * 40


@pytest.fixture
def lake():
    return MemoryStore()


def test_a_night_under_one_commit_goes_through(lake):
    for task in ("plan", "seal", "gate", "decide", "build", "publish", "deliver"):
        hold(lake, FOLDER, task, OLD)
    assert read(lake, f"{FOLDER}release.json")[0] == {"commit": OLD, "task": "plan"}


def test_a_change_before_the_gate_is_written_down_and_allowed(lake):
    hold(lake, FOLDER, "plan", OLD)
    for task in ("normalise", "gate", "build"):
        hold(lake, FOLDER, task, NEW)
    assert read(lake, f"{FOLDER}release-{NEW[:12]}.json")[0] == {"commit": NEW, "task": "normalise", "began_with": OLD}


@pytest.mark.parametrize("task", ["decide", "build", "publish"])
def test_a_change_between_gate_and_publication_is_refused_until_the_gate_is_cleared(lake, task):
    hold(lake, FOLDER, "plan", OLD)
    hold(lake, FOLDER, "gate", OLD)
    with pytest.raises(ContractViolation, match="clear `gate`"):
        hold(lake, FOLDER, task, NEW)
    hold(lake, FOLDER, "gate", NEW)
    hold(lake, FOLDER, task, NEW)


def test_a_checkout_has_nothing_to_compare(lake):
    hold(lake, FOLDER, "publish", None)
    assert list(lake.list("")) == []
