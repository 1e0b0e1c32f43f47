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

from local.aws.redshift.executions import Executions, Request, Submission
from local.aws.redshift.text import as_text
from local.aws.redshift.warehouse import Warehouse

ROLE = "IAM_ROLE 'arn:aws:iam::123456789012:role/podemos-warehouse-copy'"
AWS = {"region_name": "us-east-1", "aws_access_key_id": "local", "aws_secret_access_key": "local"}


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


class Client:
    """Runs statements through the executions, as the Data API does, and shows what came out as text."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.executions = Executions(warehouse)

    def start(self, *sqls: str, batch: bool | None = None, **values: str) -> Submission:
        request = Request(sqls, len(sqls) > 1 if batch is None else batch, values, {"Database": "analytics"})
        return self.executions.submit(request)

    def wait(self, submission: Submission) -> Submission:
        assert submission.done.wait(30), "the statement did not end within 30 s"
        return submission

    def run(self, *sqls: str, **values: str) -> list[list[str | None]]:
        """Rows of the last statement; a failure is raised."""
        submission = self.wait(self.start(*sqls, **values))
        assert submission.head.status == "FINISHED", submission.head.error
        result = submission.parts[-1].result
        assert result is not None
        return [[None if v is None else as_text(v) for v in row] for row in result.rows]

    def fails(self, *sqls: str, **values: str) -> str:
        """The error's text; a success is a failure."""
        submission = self.wait(self.start(*sqls, **values))
        assert submission.head.status == "FAILED", submission.head.status
        return submission.head.error or ""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, endpoint: str, s3: Any) -> Iterator[Client]:
    warehouse = Warehouse(Path(tmp_path_factory.mktemp("warehouse")) / "warehouse.duckdb", endpoint)
    yield Client(warehouse)
    warehouse.close()
