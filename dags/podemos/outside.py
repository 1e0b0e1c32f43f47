"""The ports of a command line, without Airflow: boto3's credentials and one JSON text of names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from podemos.contracts.platform import Platform, platform
from podemos.core.alert import plain_subject
from podemos.core.store import ObjectStore, S3Store
from podemos.warehouse.port import DataApi


@dataclass(frozen=True)
class Outside:
    """Everything outside, built when first asked for.

    Args:
        endpoint: of all AWS services; None is AWS, or what AWS_ENDPOINT_URL says.
    """

    endpoint: str | None = None

    @cached_property
    def platform(self) -> Platform:
        """The names in force: platform.yaml with PODEMOS_PLATFORM."""
        return platform(os.environ.get("PODEMOS_PLATFORM"))

    @cached_property
    def lake(self) -> ObjectStore:
        """The lake's bucket."""
        return S3Store(self.client("s3"), self.platform.lake_bucket)

    @cached_property
    def reports(self) -> ObjectStore:
        """The bucket of published reports."""
        return S3Store(self.client("s3"), self.platform.reports_bucket, self.platform.retention)

    @cached_property
    def warehouse(self) -> DataApi:
        """The Redshift workgroup."""
        names = self.platform.warehouse
        return DataApi(self.client("redshift-data"), names.workgroup, names.database)

    def send(self, subject: str, body: str, attributes: Mapping[str, str], *, rehearsal: bool = False) -> None:
        """Sends a notice over the alerts' topic, or over the quiet one."""
        self.client("sns").publish(
            TopicArn=self.platform.topic_arn(rehearsal=rehearsal),
            Subject=plain_subject(subject),
            Message=body,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items() if value
            },
        )

    def client(self, service: str) -> Any:
        """The boto3 client of a service."""
        import boto3
        from botocore.config import Config

        session = boto3.Session(region_name=self.platform.region)
        create: Any = session.client  # its overloads know literal names only
        signed: dict[str, Any] = {"signature_version": "s3v4"} if service == "s3" else {}  # presigned links, too
        return create(service, endpoint_url=self.endpoint, config=Config(max_pool_connections=32, **signed))
