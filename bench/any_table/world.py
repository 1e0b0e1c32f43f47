"""One MariaDB for all sample databases, and for each of them an AWS that executes, and the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import yaml

from local.aws.testing import running_server
from local.branches.server import MariaDB
from local.branches.settings import HOST, Settings
from local.branches.testing import claimed_ports
from local.platform.provision import jobs, storage
from podemos.contracts.platform import platform
from podemos.warehouse.port import DataApi
from podemos.warehouse.statements import Script

USER, PASSWORD = "lector", "solo-lectura"
ZONE, SERVER_ZONE = "America/Mexico_City", "UTC"
ROOT = Path(__file__).resolve().parents[2]
KEYS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_DEFAULT_REGION": "us-east-1"}


@contextmanager
def mariadb(folder: Path) -> Iterator[MariaDB]:
    """A server whose clock is UTC, and a user who may only read."""
    with claimed_ports() as port:
        server = MariaDB(Settings(state=folder, port=port))
        server.start(zone="UTC")
        try:
            execute(server, "", f"CREATE USER {USER}@'%' IDENTIFIED BY '{PASSWORD}'")
            execute(server, "", f"GRANT SELECT ON *.* TO {USER}@'%'")
            yield server
        finally:
            server.stop()


def execute(server: MariaDB, schema: str, *statements: str) -> None:
    """Runs statements as root."""
    with closing(server.connect(schema)) as root:
        for statement in statements:
            root.cursor().execute(statement)


@dataclass
class Terminal:
    """The command line of one house: a configuration folder, a DSN and an endpoint."""

    config: Path
    dsn: str
    endpoint: str
    seconds: float = 0.0

    def __call__(self, *arguments: str) -> tuple[int, str]:
        """Exit code, and what it said."""
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "podemos.branches", *arguments],
            cwd=self.config,
            env={**os.environ, **KEYS, "PYTHONPATH": f"{ROOT / 'dags'}", "MYSQL_PWD": PASSWORD},
            capture_output=True,
            text=True,
            check=False,
        )
        self.seconds = time.monotonic() - started
        return done.returncode, done.stdout + done.stderr

    def run(self) -> tuple[int, str]:
        """pull, curate, load, certify."""
        return self("run", "--config", str(self.config), "--dsn", self.dsn, "--endpoint", self.endpoint)

    def warehouse(self) -> DataApi:
        """Where the rows end."""
        names = platform().warehouse
        return DataApi(self._client("redshift-data"), names.workgroup, names.database, poll_seconds=0.02)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Rows of an ad-hoc question to the warehouse."""
        return list(self.warehouse().fetch(Script("trial.sql", sql + ";\n")))

    def certification(self) -> dict[str, Any]:
        """The newest certification."""
        from podemos.branches import keys
        from podemos.core import manifest
        from podemos.core.store import S3Store

        lake = S3Store(self._client("s3"), platform().lake_bucket)
        found = [manifest.read(lake, info.key)[0] for info in lake.list(keys.CERTIFICATIONS)]
        return max(found, key=lambda document: str(document["certified"]))

    def provision(self) -> None:
        """Buckets, state table and job: nothing that knows a table."""
        storage.provision(platform(), self._client)  # type: ignore[arg-type]
        jobs.provision(platform(), self._client)  # type: ignore[arg-type]

    def _client(self, service: str) -> Any:
        return boto3.client(
            service, endpoint_url=self.endpoint, region_name="us-east-1",
            aws_access_key_id="local", aws_secret_access_key="local",  # noqa: S106 - not a secret
        )  # fmt: skip


@contextmanager
def terminal(folder: Path, server: MariaDB, schema: str) -> Iterator[Terminal]:
    """A house's own lake and warehouse."""
    config = folder / "config"
    config.mkdir(parents=True)
    with running_server(folder / "aws", None, "--no-persist") as endpoint:
        found = Terminal(config, f"mysql://{USER}@{HOST}:{server.port}/{schema}", endpoint)
        found.provision()
        yield found


def write_branches(config: Path, branches: int, tables: list[str]) -> None:
    """The whole configuration beside the tables' contracts."""
    document = {
        "extraction": {"tables": tables, "fingerprint_days": 20_000, "threads": 8, "batch_size": 40},
        "branches": [
            {"id": f"{n:03d}", "nombre": f"Sucursal {n}", "zone": ZONE, "server_zone": SERVER_ZONE}
            for n in range(1, branches + 1)
        ],
    }
    (config / "branches.yaml").write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")


def last_line(document: dict[str, Any]) -> str:
    """The trial's result."""
    return json.dumps(document)
