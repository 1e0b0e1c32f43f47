"""An outage hits one service, in that service's own words, and nobody who is not its customer."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.aws import testing
from local.aws.outages import OUTSIDE, PATH


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory):
    with testing.running_server(tmp_path_factory.mktemp("outages"), None, "--no-persist") as running:
        yield running


@pytest.fixture(autouse=True)
def mended(endpoint):
    yield
    for service in json.loads(order(endpoint, "GET", "")):
        order(endpoint, "DELETE", service)


def client(service: str, endpoint: str, key: str = "local"):
    return boto3.client(
        service, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=key, aws_secret_access_key="x",
        config=Config(retries={"max_attempts": 1, "mode": "standard"}),
    )  # fmt: skip


def order(endpoint: str, method: str, service: str, body: dict | None = None) -> bytes:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{endpoint}{PATH}/{service}", data=data, method=method)  # noqa: S310
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
        return answer.read()


@pytest.mark.parametrize(
    ("service", "call", "code"),
    [
        ("s3", lambda s3: s3.list_buckets(), "SlowDown"),
        ("glue", lambda glue: glue.list_jobs(), "ServiceUnavailableException"),
        ("redshift-data", lambda api: api.list_statements(), "ServiceUnavailableException"),
    ],
)
def test_a_service_that_refuses_says_so_until_it_is_mended(endpoint, service, call, code):
    order(endpoint, "PUT", service, {"kind": "refuse"})
    with pytest.raises(ClientError) as refused:
        call(client(service, endpoint))
    assert refused.value.response["Error"]["Code"] == code
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    client("sns", endpoint).list_topics()
    if service == "s3":
        client("s3", endpoint, OUTSIDE).list_buckets()
        order(endpoint, "DELETE", service)
        call(client(service, endpoint))


def test_a_slow_service_answers_late_and_at_once_when_it_is_mended(endpoint):
    order(endpoint, "PUT", "s3", {"kind": "slow", "seconds": 0.4})
    began = time.monotonic()
    client("s3", endpoint).list_buckets()
    assert time.monotonic() - began >= 0.4
    order(endpoint, "PUT", "s3", {"kind": "slow", "seconds": 20})
    waiting = threading.Thread(target=client("s3", endpoint).list_buckets)
    waiting.start()
    time.sleep(0.2)
    order(endpoint, "DELETE", "s3")
    waiting.join(5)
    assert not waiting.is_alive()


@pytest.mark.parametrize("body", [{}, {"kind": "slow"}, {"kind": "slow", "seconds": 3600}, {"kind": "burn"}])
def test_an_outage_that_is_none_is_refused(endpoint, body):
    with pytest.raises(urllib.error.HTTPError, match="refuse, or slow"):
        order(endpoint, "PUT", "s3", body)
