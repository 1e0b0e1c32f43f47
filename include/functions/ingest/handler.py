"""AWS Lambda behind an API Gateway HTTP API (payload 2.0): the phones' door. The logic is `podemos.mobile.receive`.

`docs/mobile-protocol.md` is what it speaks. Before it stands the API's authorizer: when that vouches for a device
(`requestContext.authorizer.lambda.device`, or a JWT's claim `device`), a request may speak for no other one.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Mapping
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from podemos.core.clock import system_clock
from podemos.mobile.admission import Capacity, DynamoCounters, Gate
from podemos.mobile.answers import Answer, Refusal, Request
from podemos.mobile.heartbeat import DynamoHeartbeats
from podemos.mobile.lines import COMPRESSED_BYTES
from podemos.mobile.receive import Door
from podemos.mobile.upload import S3Uploads

log = Logger(service="ingest")
metrics = EphemeralMetrics(namespace="Podemos/Mobile", service="ingest")
_BASE64_BYTES = (COMPRESSED_BYTES + 2) // 3 * 4
"""A longer text is refused before it is decoded."""


@metrics.log_metrics
def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """One request."""
    answer = _answer(event)
    accepted = answer.status < 300
    metrics.add_metric("Requests", MetricUnit.Count, 1)
    metrics.add_metric("Accepted" if accepted else "TurnedAway", MetricUnit.Count, 1)
    if accepted and "count" in answer.body:
        metrics.add_metric("EventsReceived", MetricUnit.Count, answer.body["count"])
    if not accepted:
        log.info("refused", status=answer.status, **{key: answer.body[key] for key in ("error", "detail")})
    return {
        "statusCode": answer.status,
        "headers": {"content-type": "application/json", **answer.headers},
        "body": json.dumps(answer.body, ensure_ascii=False),
        "isBase64Encoded": False,
    }


def _answer(event: Mapping[str, Any]) -> Answer:
    try:
        return _door().answer(_request(event))
    except Refusal as refusal:
        return refusal.answer()


def _request(event: Mapping[str, Any]) -> Request:
    http = event["requestContext"]["http"]
    authorizer = event["requestContext"].get("authorizer") or {}
    claims = (authorizer.get("jwt") or {}).get("claims") or {}
    principal = (authorizer.get("lambda") or {}).get("device") or claims.get("device") or ""
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    return Request(http["method"], event["rawPath"], headers, _body(event), str(principal))


def _body(event: Mapping[str, Any]) -> bytes:
    text = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(text).encode()
    if len(text) > _BASE64_BYTES:
        raise Refusal(413, "too_large", f"more than {COMPRESSED_BYTES} bytes; send fewer events")
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise Refusal(400, "corrupted", f"the body is no base64: {error}") from None


@cache
def _door() -> Door:
    """Clients live as long as the Lambda's process."""
    dynamodb, environment = boto3.client("dynamodb"), os.environ
    seconds = int(environment["WINDOW_SECONDS"])
    capacity = Capacity(seconds, int(environment["WINDOW_UPLOADS"]), int(environment["OTHERS_PERCENT"]))
    return Door(
        S3Uploads(boto3.client("s3"), environment["LAKE_BUCKET"]),
        DynamoHeartbeats(dynamodb, environment["HEARTBEATS_TABLE"]),
        Gate(capacity, DynamoCounters(dynamodb, environment["ADMISSION_TABLE"], seconds)),
        _regions(environment["REGIONS"]),
        system_clock,
    )


def _regions(text: str) -> dict[int, str]:
    """`norte:13,17;sur:8` → {13: norte, 17: norte, 8: sur}."""
    pairs = (entry.split(":") for entry in text.split(";"))
    return {int(branch): region for region, members in pairs for branch in members.split(",")}
