"""What the local platform can be told: `include/config/local.yaml`, overridden by environment variables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field

from local.branches.settings import HOST
from podemos.contracts.loading import Strict, check, config_file

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "PODEMOS"
PORT = Field(ge=1024, le=65535)


class Ports(Strict):
    """TCP ports, on 127.0.0.1 unless `hosts` says otherwise."""

    airflow: int = PORT
    aws: int = PORT
    mariadb: int = PORT
    functions: int = PORT
    first_branch: int = Field(ge=1024, le=32768, description="above it, outgoing connections take ports by chance")


class Hosts(Strict):
    """Where the parts are reached: this machine, unless each runs in a container of its own (docker-compose.yaml)."""

    airflow: str = HOST
    aws: str = HOST
    branches: str = HOST


class Seed(Strict):
    """How much data the simulators make."""

    branches: int = Field(ge=1, le=200)
    rows: int = Field(ge=1, description="new payments of the business date per branch")
    movements: int = Field(ge=1, description="per source system other than the branches")


class AirflowSettings(Strict):
    """Airflow's own sizes."""

    parallelism: int = Field(ge=1, le=64)
    start_seconds: int = Field(ge=10)
    lineage: bool = Field(description="OpenLineage events into <state>/lineage/events.jsonl, a process per event")


class NightSettings(Strict):
    """How a rehearsal runs."""

    rehearsal_seconds_per_hour: int = Field(ge=1, lt=3600)
    timeout_seconds: int = Field(ge=60)


class AwsSettings(Strict):
    """Sizes of the AWS stand-in."""

    spark_memory: str


class Settings(Strict):
    """All settings of one platform; `state` holds everything it writes."""

    state: Path
    hosts: Hosts = Field(default_factory=Hosts)
    ports: Ports
    seed: Seed
    airflow: AirflowSettings
    night: NightSettings
    aws: AwsSettings

    @property
    def endpoint(self) -> str:
        """The AWS stand-in's URL."""
        return f"http://{self.hosts.aws}:{self.ports.aws}"

    @property
    def door(self) -> str:
        """The phones' URL, where the functions run."""
        return f"http://127.0.0.1:{self.ports.functions}"

    @property
    def airflow_url(self) -> str:
        """Airflow's URL."""
        return f"http://{self.hosts.airflow}:{self.ports.airflow}"

    @property
    def logs(self) -> Path:
        """Folder of the processes' own output."""
        return self.state / "log"


def settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings in force; `state` is absolute.

    Raises:
        ContractViolation: a value does not fit; the message names the file or variable, the key and the reason.
    """
    path = config_file("local.yaml")
    data: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    used = []
    for name, text in sorted(environment.items()):
        if (keys := _keys(data, name)) is not None:
            *parents, last = keys
            target = data
            for parent in parents:
                target = target[parent]
            target[last] = text
            used.append(name)
    origin = " with ".join([path.name, *([", ".join(used)] if used else [])])
    found = check(Settings, data, origin)
    return found.model_copy(update={"state": (ROOT / found.state).resolve()})


def _keys(data: Mapping[str, Any], variable: str) -> list[str] | None:
    """`PODEMOS_PORTS_AWS` -> ["ports", "aws"]; None when it is not one of ours."""
    if not variable.startswith(f"{PREFIX}_"):
        return None
    name = variable.removeprefix(f"{PREFIX}_").lower()
    if name == "state":
        return ["state"]
    section, _, key = name.partition("_")
    if isinstance(data.get(section), dict) and key in data[section]:
        return [section, key]
    return None
