"""The templates are the recorded ones. After a wanted change: `make infra-snapshot`, and read the difference."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

SNAPSHOTS = Path(__file__).parents[1] / "snapshots"
STACKS = ("network", "storage", "data", "mwaa", "mobile", "observability")


@pytest.mark.parametrize("stack", STACKS)
def test_a_template_is_the_recorded_one(stacks, environment, stack):
    recorded = json.loads((SNAPSHOTS / environment / f"{stack}.json").read_text())
    assert stacks[stack] == recorded


def test_nothing_else_is_recorded_or_made(stacks, environment):
    assert set(stacks) == set(STACKS) == {path.stem for path in (SNAPSHOTS / environment).glob("*.json")}
