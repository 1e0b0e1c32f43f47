"""What Airflow's secrets backend reads: the branches' connections and the Variables, in Secrets Manager."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import ClientError

from local.branches.platform import Endpoint
from local.platform.clients import Clients
from podemos.contracts.platform import Platform

THREADS = 8


def provision(platform: Platform, clients: Clients, endpoints: list[Endpoint], overrides: Mapping[str, Any]) -> None:
    """One connection per branch, and the Variable `podemos_platform` holding `overrides`."""
    wanted = {f"airflow/connections/{endpoint.branch.schema}": _connection(endpoint) for endpoint in endpoints}
    wanted["airflow/variables/podemos_platform"] = json.dumps(dict(overrides))
    manager = clients("secretsmanager")
    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(put, manager, name, value) for name, value in wanted.items()]:
            done.result()


def put(manager: Any, name: str, value: str) -> None:
    """Create the secret, or give it a new value."""
    try:
        manager.create_secret(Name=name, SecretString=value)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceExistsException":
            raise
        manager.put_secret_value(SecretId=name, SecretString=value)


def _connection(endpoint: Endpoint) -> str:
    return json.dumps(
        {
            "conn_type": "mysql",
            "host": endpoint.host,
            "port": endpoint.port,
            "schema": endpoint.schema,
            "login": endpoint.user,
            "password": endpoint.password,
            "extra": {"charset": "utf8mb4"},
        }
    )
