"""Connections of branches come from the secrets backend, which is built once."""

from __future__ import annotations

import json
from collections.abc import Iterator

import boto3
import pytest
from airflow.exceptions import AirflowNotFoundException

from podemos.orchestration import links

BACKEND = "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend"
SECRET = {"conn_type": "mysql", "login": "lector", "password": "p@ss", "host": "10.0.0.1", "port": 3306}


@pytest.fixture
def secrets(aws: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("AIRFLOW__SECRETS__BACKEND", BACKEND)
    monkeypatch.setenv("AIRFLOW__SECRETS__BACKEND_KWARGS", json.dumps({"connections_prefix": "airflow/connections"}))
    monkeypatch.setenv("AIRFLOW_CONN_SUCURSAL_998", "mysql://otro:x@10.0.0.2:3307/sucursal_998")
    client = boto3.client("secretsmanager", endpoint_url=aws, region_name="us-east-1")
    client.create_secret(Name="airflow/connections/sucursal_999", SecretString=json.dumps(SECRET))
    links._backend.cache_clear()
    yield aws
    links._backend.cache_clear()
    client.delete_secret(SecretId="airflow/connections/sucursal_999", ForceDeleteWithoutRecovery=True)


def test_a_connection_comes_from_the_backend_and_the_backend_is_built_once(secrets: str) -> None:
    found = links._connection("sucursal_999")
    assert (found.login, found.password, found.host, found.port) == ("lector", "p@ss", "10.0.0.1", 3306)
    client = links._backend().client
    links._connection("sucursal_999")
    assert links._backend().client is client


def test_what_the_backend_lacks_is_looked_up_airflows_own_way(secrets: str) -> None:
    assert links._connection("sucursal_998").login == "otro"
    with pytest.raises(AirflowNotFoundException, match="sucursal_997"):
        links._connection("sucursal_997")
