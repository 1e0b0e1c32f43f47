"""cdk-nag and cfn-lint: clean, and nothing is waved through that no longer occurs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from infra.app import build
from infra.nag import MEANT, findings


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return {name: findings(build(name, str(tmp_path_factory.mktemp(f"nag-{name}")))) for name in ("dev", "prod")}


def test_every_finding_is_meant_and_has_its_reason(found):
    unexplained = {f for every in found.values() for f in every if not any(m.covers(f) for m in MEANT)}
    assert not unexplained, "\n".join(f"{f.construct}: {f.rule}" for f in sorted(unexplained))
    assert all(len(meant.reason) > 30 for meant in MEANT)


def test_no_reason_outlives_its_finding(found):
    everything = {finding for every in found.values() for finding in every}
    assert [m for m in MEANT if not any(m.covers(finding) for finding in everything)] == []


def test_the_rules_do_run(found):
    assert len(found["prod"]) > 30


def test_cfn_lint_knows_every_property_and_value(folder):
    """W3005 is left out: a dependency that the construct library states twice."""
    files = [str(path) for path in folder.rglob("*.template.json")]
    command = [str(Path(sys.executable).with_name("cfn-lint")), "--ignore-checks", "W3005", "--", *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert len(files) == 12
