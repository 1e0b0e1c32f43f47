"""The lake's and the reports' buckets, in this process and behind a URL, and a day of movements."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from local.aws.testing import running_server
from local.sources.aws import client as local_client
from local.sources.day import Content
from local.sources.deliver import Inbox
from tests.integration.regulatory.conftest import aws, world  # noqa: F401 - fixtures of the platform's own nights
from tests.integration.sources_sim.sample import CLIENTS, DAY


@pytest.fixture(scope="module")
def mocked() -> Iterator[Any]:
    """A boto3 S3 client with both buckets, in this process."""
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="podemos-lake")
        client.create_bucket(Bucket="podemos-reports")
        yield client


@pytest.fixture
def s3(mocked: Any) -> Iterator[Any]:
    """The client, with both buckets empty."""
    yield mocked
    for bucket in ("podemos-lake", "podemos-reports"):
        for entry in mocked.list_objects_v2(Bucket=bucket).get("Contents", ()):
            mocked.delete_object(Bucket=bucket, Key=entry["Key"])


@pytest.fixture
def inbox(s3: Any, tmp_path: Path) -> Inbox:
    """The lake, with its own state folder."""
    return Inbox(s3, "podemos-lake", tmp_path / "state")


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a running local AWS with the two buckets."""
    with running_server(tmp_path_factory.mktemp("aws")) as url:
        client = local_client("s3", url)
        client.create_bucket(Bucket="podemos-lake")
        client.create_bucket(Bucket="podemos-reports")
        yield url


@pytest.fixture(scope="session")
def content() -> Content:
    """A day of 60 movements per system."""
    return Content(DAY, CLIENTS, rows=60)
