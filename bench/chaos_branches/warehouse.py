"""The local Redshift in this process, its COPY reading the suite's lake; the shipped Data API port talks to it."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from bench.chaos_branches.lake import SuiteLake
from local.aws.redshift.data_api import DataApi as Api
from local.aws.redshift.executions import Executions
from local.aws.redshift.s3_objects import Objects
from local.aws.redshift.warehouse import Warehouse
from podemos.branches import load
from podemos.contracts.platform import platform
from podemos.core.errors import NotFound
from podemos.warehouse.port import DataApi
from podemos.warehouse.statements import Batch


class _Bucket:
    """The three calls of boto3's S3 client that COPY makes."""

    def __init__(self, lake: SuiteLake, before: Callable[[], None]) -> None:
        self._lake, self._before = lake, before

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        return {"Body": io.BytesIO(self._bytes(Key))}

    def head_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        return {"ContentLength": len(self._bytes(Key))}

    def download_file(self, bucket: str, key: str, path: str) -> None:
        Path(path).write_bytes(self._bytes(key))

    def _bytes(self, key: str) -> bytes:
        self._before()
        try:
            return self._lake.get(key)
        except NotFound as missing:
            raise ClientError({"Error": {"Code": "NoSuchKey", "Message": str(missing)}}, "GetObject") from missing


class _Client:
    """boto3's `redshift-data` client without the wire."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def execute_statement(self, **fields: Any) -> dict[str, Any]:
        return self._api.execute(fields, batch=False)

    def batch_execute_statement(self, **fields: Any) -> dict[str, Any]:
        return self._api.execute(fields, batch=True)

    def describe_statement(self, **fields: Any) -> dict[str, Any]:
        return self._api.describe(fields | {"WaitTimeSeconds": 30})

    def get_statement_result(self, **fields: Any) -> dict[str, Any]:
        return self._api.result(fields)


class Redshift:
    """A warehouse with the branches' tables.

    Args:
        folder: where its file lies.
        lake: what COPY reads.
        names: the tables.
        before_read: what a COPY does before each object that it reads.
    """

    def __init__(
        self, folder: Path, lake: SuiteLake, names: tuple[str, ...], before_read: Callable[[], None] = lambda: None
    ) -> None:
        folder.mkdir(parents=True)
        self._lake, self.names = lake, names
        self.file = Warehouse(folder / "warehouse.duckdb", "http://127.0.0.1:9")
        self.file.objects._s3 = _Bucket(lake, before_read)
        assert isinstance(self.file.objects, Objects)  # noqa: S101 - whose calls `_Bucket` stands for
        self.client = _Client(Api(Executions(self.file)))
        self.port = DataApi(self.client, "chaos", "analytics", poll_seconds=0.001)
        self.port.execute("branches/ops/create_loads.sql")
        for name in names:
            self.port.execute(f"branches/ops/create_writer_{name}.sql")
            self.port.execute(f"branches/{name}/create_{name}.sql")

    def load(self, revision: str, *, senders: int = 1) -> None:
        """Sends each table's batch, also several times at once, as a retry beside a statement that still runs."""
        for name in self.names:
            batch = load.load_batch(revision, name, lake=self._lake, platform=platform())
            with ThreadPoolExecutor(senders) as pool:
                list(pool.map(self._send, [batch] * senders))

    def _send(self, batch: Batch) -> None:
        fields: dict[str, Any] = {"WorkgroupName": "chaos", "Database": "analytics"}
        if batch.parameters:
            fields["Parameters"] = batch.api_parameters()
        if len(batch.statements) == 1:
            found = self.client.execute_statement(Sql=batch.statements[0], **fields)["Id"]
        else:
            found = self.client.batch_execute_statement(Sqls=list(batch.statements), **fields)["Id"]
        while (state := self.client.describe_statement(Id=found))["Status"] not in ("FINISHED", "FAILED", "ABORTED"):
            time.sleep(0.01)
        if state["Status"] != "FINISHED":
            raise RuntimeError(f"load: {state.get('Error')}")

    def close(self) -> None:
        """Closes the file."""
        self.file.close()
