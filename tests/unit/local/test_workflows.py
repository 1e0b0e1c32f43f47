"""The CI workflows run make targets, may read only, and `.ci/run` stays the whole truth."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
OWN = ("check", "test", "bundle", "infra", "compose")
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def workflow(name):
    return yaml.safe_load((ROOT / ".github" / "workflows" / f"{name}.yml").read_text())


def steps(found):
    return [step for job in found["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("name", OWN)
def test_a_workflow_runs_make_targets_only(name):
    ran = [step["run"] for step in steps(workflow(name)) if "run" in step]
    assert ran
    for command in ran:
        match = re.fullmatch(r"make ([a-z-]+)(?: [A-Z_]+=[a-z-]+)*", command)
        assert match, command
        assert match[1] in TARGETS, command


@pytest.mark.parametrize("name", OWN)
def test_a_workflow_may_read_and_nothing_else(name):
    found = workflow(name)
    assert found["permissions"] == {}
    assert all(job["permissions"] == {"contents": "read"} for job in found["jobs"].values())
    assert "secrets." not in (ROOT / ".github" / "workflows" / f"{name}.yml").read_text()
    assert found["concurrency"]["group"]
    for step in steps(found):
        if "uses" in step:
            assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", step["uses"]), step


def test_what_the_local_verification_runs_is_run_by_the_workflows():
    wanted = set(re.findall(r"^make ([a-z-]+)$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)) - {"setup", "down"}
    ran = {command for name in OWN for step in steps(workflow(name)) if (command := step.get("run"))}
    assert {f"make {target}" for target in wanted} <= ran


def test_zizmor_finds_nothing():
    zizmor = Path(sys.executable).with_name("zizmor")
    done = subprocess.run(
        [zizmor, "--offline", "--no-progress", "--quiet", *FILES], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
