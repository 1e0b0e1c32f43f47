"""Airflow's containers: the local platform's own configuration of Airflow, at a container's paths and addresses.

Imports nothing that the Airflow image with requirements.txt lacks: these containers have what a worker of MWAA has.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn
from urllib.parse import quote

from local.platform import airflow
from local.platform.keys import keys
from local.platform.settings import ROOT, Settings

PASSWORD_FILE = Path("/run/podemos/database-password")
"""In a volume that holds nothing else: Postgres reads it, too."""
MIGRATE = "migrate"


@dataclass(frozen=True)
class DatabaseService:
    """Airflow's metadata database, in a container of its own."""

    password: str
    host: str = "postgres"
    user: str = "airflow"
    name: str = "airflow"

    def url(self, driver: str = "psycopg2") -> str:
        """As SQLAlchemy wants it."""
        return f"postgresql+{driver}://{self.user}:{quote(self.password)}@{self.host}/{self.name}"


def make_secrets(settings: Settings) -> None:
    """Airflow's keys and the database's password: random, made at the first start, mode 600."""
    settings.state.mkdir(parents=True, exist_ok=True)
    keys(settings.state)
    if not PASSWORD_FILE.exists():
        descriptor = os.open(PASSWORD_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(24))


def environment(settings: Settings, password: str) -> dict[str, str]:
    """The local platform's environment of an Airflow process, where only places differ."""
    return {
        **airflow.environment(settings, DatabaseService(password)),
        "AIRFLOW_HOME": str(ROOT),
        # Where a browser finds it: the login page is redirected to by this address.
        "AIRFLOW__API__BASE_URL": os.environ.get("UI_URL", settings.airflow_url),
        "AIRFLOW__API__HOST": "0.0.0.0",  # noqa: S104 - the container's; docker-compose.yaml publishes it on 127.0.0.1
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(ROOT / "logs"),
    }


def become(component: str, settings: Settings) -> NoReturn:
    """Turn this process into a component of Airflow, or into the migration of its database."""
    command = airflow.MIGRATE if component == MIGRATE else airflow.command(f"airflow-{component}")
    os.chdir(ROOT)
    os.execve(command[0], list(command), environment(settings, PASSWORD_FILE.read_text(encoding="utf-8")))  # noqa: S606
