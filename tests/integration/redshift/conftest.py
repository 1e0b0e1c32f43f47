"""One AWS stand-in for the tests of this concern; its Redshift executes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from local.aws.testing import running_server
from podemos.warehouse.port import DataApi


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_server(tmp_path_factory.mktemp("aws")) as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def client(endpoint: str) -> Any:
    def create(service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    return create


@pytest.fixture(scope="session")
def warehouse(client: Any) -> DataApi:
    return DataApi(client("redshift-data"), "podemos", "analytics", poll_seconds=0.01)
