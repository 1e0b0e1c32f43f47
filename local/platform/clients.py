"""boto3 clients of the AWS stand-in: explicit endpoint and keys, whatever profile the caller's shell has.

They sign as the outside world, which an outage of a service spares: what was simulated of it is the platform's trouble.
"""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config

from local.aws.outages import OUTSIDE
from local.platform.settings import Settings

REGION = "us-east-1"
_CONFIG = Config(
    retries={"max_attempts": 3, "mode": "standard"}, max_pool_connections=32, proxies={},
    s3={"addressing_style": "path"},
)  # fmt: skip


class Clients:
    """One session, one client per service; thread-safe once made."""

    def __init__(self, settings: Settings) -> None:
        self._endpoint = settings.endpoint
        self._session = boto3.session.Session(
            aws_access_key_id=OUTSIDE, aws_secret_access_key="local", region_name=REGION  # noqa: S106 - not a secret
        )  # fmt: skip
        self._made: dict[str, Any] = {}

    def environment(self) -> dict[str, str]:
        """What another program's boto3 needs to find the stand-in."""
        return {
            "AWS_ENDPOINT_URL": self._endpoint,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": REGION,
        }

    def __call__(self, service: str) -> Any:
        """The client of a service, for example ``clients("s3")``."""
        if service not in self._made:
            self._made[service] = self._session.client(service, endpoint_url=self._endpoint, config=_CONFIG)
        return self._made[service]
