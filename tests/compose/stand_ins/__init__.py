"""Builds the stand-in images and gives them the names of the official ones."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import yaml

from tests.compose.engine import ROOT, SEARCH_PATH, Engine

HERE = Path(__file__).parent
AIRFLOW, POSTGRES = "apache/airflow:3.3.1-python3.12", "postgres:16-bookworm"
DEBIAN = "debian:bookworm-slim"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


def build(engine: Engine, scratch: Path) -> Path:
    """Build what is missing; returns the override file for compose.

    Raises:
        EngineFailed: a build failed.
    """
    known = engine.docker("images", "--format", "{{.Repository}}:{{.Tag}}").split()
    if DEBIAN not in known:
        _debian(engine, scratch)
    context = scratch / "airflow"
    shutil.copytree(HERE / "airflow", context, dirs_exist_ok=True)
    shutil.copy(ROOT / "constraints.txt", context)
    shutil.copy(CERTIFICATES, context)  # of this machine; never part of the checkout
    for name, folder in ((AIRFLOW, context), (POSTGRES, HERE / "postgres")):
        engine.docker("build", "-q", "--network=host", "-t", name, str(folder), environment={"DOCKER_BUILDKIT": "0"})
    return _override(scratch / "override.yaml")


def _debian(engine: Engine, scratch: Path) -> None:
    root = scratch / "debian"
    tool = shutil.which("debootstrap", path=SEARCH_PATH) or "debootstrap"
    subprocess.run([tool, "--variant=minbase", "bookworm", str(root)], check=True, capture_output=True, timeout=900)
    archive = scratch / "debian.tar"
    subprocess.run(["tar", "-C", str(root), "-cf", str(archive), "."], check=True)
    engine.docker("import", str(archive), DEBIAN)
    archive.unlink()
    shutil.rmtree(root)


def _override(path: Path) -> Path:
    """The stand-in has Python 3.11, and builds reach the package index through the host."""
    services = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())["services"]
    build = {"network": "host", "args": {"CONSTRAINTS": "constraints.txt"}}
    path.write_text(
        yaml.safe_dump({"services": {name: {"build": build} for name in services if "build" in services[name]}})
    )
    return path
