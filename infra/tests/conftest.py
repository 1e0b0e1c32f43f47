"""Both environments, synthesized once per session."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infra.app import build

ENVIRONMENTS = ("dev", "prod")


@pytest.fixture(scope="session")
def folder(tmp_path_factory) -> Path:
    """Where each environment's templates are, below its name."""
    root = tmp_path_factory.mktemp("templates")
    for name in ENVIRONMENTS:
        build(name, str(root / name)).app.synth()
    return root


@pytest.fixture(scope="session")
def templates(folder) -> dict[str, dict[str, dict[str, Any]]]:
    """Environment -> stack -> template."""
    return {
        name: {p.name.partition(".")[0]: json.loads(p.read_text()) for p in (folder / name).glob("*.template.json")}
        for name in ENVIRONMENTS
    }


@pytest.fixture(params=ENVIRONMENTS)
def environment(request) -> str:
    return request.param


@pytest.fixture
def stacks(templates, environment) -> dict[str, dict[str, Any]]:
    return templates[environment]


def of_type(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """Logical id -> properties."""
    return {name: r.get("Properties", {}) for name, r in template["Resources"].items() if r["Type"] == kind}
