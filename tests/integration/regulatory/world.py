"""The ports of a test against the local AWS."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass
from typing import Any

import boto3

from podemos.contracts.platform import Platform, platform
from podemos.core.store import S3Store
from podemos.warehouse.port import DataApi
from tests.unit.regulatory.deliveries import clock, curated, payments

AWS = {"region_name": "us-east-1", "aws_access_key_id": "local", "aws_secret_access_key": "local"}
_numbers = itertools.count(1)


@dataclass(frozen=True)
class World:
    """The ports of one test."""

    lake: S3Store
    reports: S3Store
    warehouse: DataApi
    platform: Platform
    s3: Any
    kms: Any
    redshift: Any

    def run(self, *statements: str) -> None:
        """Statements that are no part of the project: what others load, and the hands that tamper."""
        for sql in statements:
            found = self.redshift.execute_statement(WorkgroupName="podemos", Database="analytics", Sql=sql)["Id"]
            self.finished(found)

    def finished(self, statement: str) -> None:
        """Waits for a statement."""
        while (state := self.redshift.describe_statement(Id=statement))["Status"] not in ("FINISHED", "FAILED"):
            time.sleep(0.02)
        assert state["Status"] == "FINISHED", state.get("Error")

    def load_history(self, count: int) -> None:
        """Puts the branch lake's payments into the warehouse's history, as branch ingestion does."""
        self.run("DELETE FROM core.pagos_historicos")
        rows = [f"({', '.join(map(_literal, row.values()))})" for row in curated(payments(count)).to_pylist()]
        for at in range(0, len(rows), 500):  # a statement holds 200 KB
            self.run(f"INSERT INTO core.pagos_historicos VALUES {', '.join(rows[at : at + 500])}")


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, bool | int) else "'" + str(value).replace("'", "''") + "'"


def open_world(endpoint: str) -> World:
    """Fresh buckets on that server; the warehouse is everybody's."""
    s3 = boto3.client("s3", endpoint_url=endpoint, **AWS)
    number = next(_numbers)
    for name in (lake := f"lake-{number:04d}", reports := f"reports-{number:04d}"):
        s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=name == reports)
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    redshift = boto3.client("redshift-data", endpoint_url=endpoint, **AWS)
    return World(
        S3Store(s3, lake),
        S3Store(s3, reports, platform().retention, clock),
        DataApi(redshift, "podemos", "analytics", poll_seconds=0.02),
        platform(),
        s3,
        boto3.client("kms", endpoint_url=endpoint, **AWS),
        redshift,
    )
