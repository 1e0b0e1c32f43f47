"""One S3 endpoint for the session, a warehouse per test module, and a way to run statements without HTTP."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from moto.server import ThreadedMotoServer

from local.aws.redshift.warehouse import Warehouse
from local.aws.tests.redshift.client import AWS, Client


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def s3(endpoint: str) -> Any:
    client = boto3.client("s3", endpoint_url=endpoint, **AWS)
    client.create_bucket(Bucket="lake")
    return client


@pytest.fixture(scope="session")
def put_parquet(s3: Any) -> Callable[[str, pa.Table], str]:
    def put(key: str, table: pa.Table) -> str:
        body = io.BytesIO()
        pq.write_table(table, body)
        s3.put_object(Bucket="lake", Key=key, Body=body.getvalue())
        return f"s3://lake/{key}"

    return put


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, endpoint: str, s3: Any) -> Iterator[Client]:
    warehouse = Warehouse(Path(tmp_path_factory.mktemp("warehouse")) / "warehouse.duckdb", endpoint)
    yield Client(warehouse)
    warehouse.close()
