"""The local AWS that the systems deliver to. Real accounts are out of reach: an endpoint must be named."""

from __future__ import annotations

import os
from typing import Any

from local.sources.catalog import platform_names


class NoEndpoint(RuntimeError):
    """No local endpoint was named."""


def client(service: str, endpoint: str | None = None) -> Any:
    """A boto3 client of the local AWS.

    Args:
        service: for example `s3`.
        endpoint: URL; without it, the environment's AWS_ENDPOINT_URL.

    Raises:
        NoEndpoint: neither is set; a simulator must never write to a real account by accident.
    """
    import boto3
    from botocore.config import Config

    url = endpoint or os.environ.get("AWS_ENDPOINT_URL")
    if not url:
        raise NoEndpoint("AWS_ENDPOINT_URL is not set: pass --endpoint http://127.0.0.1:5000 or start with `make up`")
    create: Any = boto3.client  # its stubs want a literal service name
    return create(
        service,
        endpoint_url=url,
        region_name=platform_names()["region"],
        aws_access_key_id=os.environ.get("AWS_ACCESS_KEY_ID", "local"),
        aws_secret_access_key=os.environ.get("AWS_SECRET_ACCESS_KEY", "local"),
        config=Config(proxies={}, s3={"addressing_style": "path"}),
    )


def lake_bucket() -> str:
    """The bucket with the inbox."""
    return str(platform_names()["lake_bucket"])
