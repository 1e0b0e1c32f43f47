"""Where moto's S3 was kinder or slower than AWS."""

from __future__ import annotations

import base64
import hashlib
import http.client
import threading
import zlib
from datetime import UTC, datetime, timedelta

import botocore.exceptions
import pytest

BUCKET = "conformance"
LOCKED = "conformance-locked"
SCOPE = "Credential=test/20200101/us-east-1/s3/aws4_request"
SIGNED = {"Authorization": f"AWS4-HMAC-SHA256 {SCOPE}, SignedHeaders=host, Signature=x"}


@pytest.fixture(scope="module")
def s3(aws):
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.create_bucket(Bucket=LOCKED, ObjectLockEnabledForBucket=True)
    return s3


def refusal(call, **given) -> str:
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        call(**given)
    answer = refused.value.response
    code = answer["Error"]["Code"]
    expected = {"AccessDenied": 403, "PreconditionFailed": 412}.get(code, 404 if code.startswith("NoSuch") else 400)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == expected
    return code


def body_of(s3, key: str) -> bytes:
    return s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()


def test_a_key_is_created_once(s3):
    s3.put_object(Bucket=BUCKET, Key="once", Body=b"first", IfNoneMatch="*")
    assert refusal(s3.put_object, Bucket=BUCKET, Key="once", Body=b"second", IfNoneMatch="*") == "PreconditionFailed"
    assert body_of(s3, "once") == b"first"


def test_of_many_creators_exactly_one_wins(aws, s3):
    clients = [aws.client("s3") for _ in range(8)]
    for round_number in range(10):
        start = threading.Barrier(len(clients))
        won: list[int] = []

        def create(number: int, key: str, start=start, won=won) -> None:
            start.wait()
            try:
                clients[number].put_object(Bucket=BUCKET, Key=key, Body=str(number).encode(), IfNoneMatch="*")
            except botocore.exceptions.ClientError:
                return
            won.append(number)

        key = f"race/{round_number}"
        threads = [threading.Thread(target=create, args=(number, key)) for number in range(len(clients))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) == 1
        assert body_of(s3, key) == str(won[0]).encode()


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"ContentMD5": base64.b64encode(hashlib.md5(b"other").digest()).decode()}, "BadDigest"),
        ({"ContentMD5": "not base64!"}, "InvalidDigest"),
        ({"ChecksumSHA256": base64.b64encode(hashlib.sha256(b"other").digest()).decode()}, "BadDigest"),
        ({"ChecksumSHA1": base64.b64encode(hashlib.sha1(b"other").digest()).decode()}, "BadDigest"),
        ({"ChecksumCRC32": "AAAAAA=="}, "BadDigest"),
        ({"ChecksumSHA256": "c2hvcnQ="}, "InvalidRequest"),
        ({"ChecksumCRC32C": "AAAAAA=="}, "InvalidRequest"),
    ],
)
def test_an_upload_that_is_not_what_its_digest_says_is_refused_and_not_stored(s3, given, code):
    assert refusal(s3.put_object, Bucket=BUCKET, Key="damaged", Body=b"data", **given) == code
    assert refusal(s3.get_object, Bucket=BUCKET, Key="damaged") == "NoSuchKey"


def test_an_upload_with_the_right_digests_is_stored_with_them(s3):
    sha256 = base64.b64encode(hashlib.sha256(b"data").digest()).decode()
    md5 = base64.b64encode(hashlib.md5(b"data").digest()).decode()
    s3.put_object(Bucket=BUCKET, Key="sound", Body=b"data", ChecksumSHA256=sha256, ContentMD5=md5)
    assert s3.head_object(Bucket=BUCKET, Key="sound", ChecksumMode="ENABLED")["ChecksumSHA256"] == sha256


def test_bytes_changed_on_the_way_are_refused(aws, s3):
    connection = http.client.HTTPConnection(aws.endpoint.removeprefix("http://"))
    signed_for = hashlib.sha256(b"monto=100.00").hexdigest()
    connection.request("PUT", f"/{BUCKET}/changed", b"monto=100.01", {**SIGNED, "x-amz-content-sha256": signed_for})
    answer = connection.getresponse()
    assert (answer.status, b"XAmzContentSHA256Mismatch" in answer.read()) == (400, True)


@pytest.mark.parametrize("algorithm", ["SHA256", "CRC32"])
def test_the_checksum_in_a_trailer_is_verified_too(aws, s3, algorithm):
    def put(key: str, data: bytes, checksum_of: bytes) -> int:
        digest = (
            hashlib.sha256(checksum_of).digest()
            if algorithm == "SHA256"
            else zlib.crc32(checksum_of).to_bytes(4, "big")
        )
        name = f"x-amz-checksum-{algorithm.lower()}"
        trailer = f"{name}:{base64.b64encode(digest).decode()}\r\n\r\n".encode()
        body = f"{len(data):x}\r\n".encode() + data + b"\r\n0\r\n" + trailer
        headers = {
            **SIGNED,
            "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
            "x-amz-trailer": name,
            "x-amz-sdk-checksum-algorithm": algorithm,
            "x-amz-decoded-content-length": str(len(data)),
            "Content-Encoding": "aws-chunked",
        }
        connection = http.client.HTTPConnection(aws.endpoint.removeprefix("http://"))
        connection.request("PUT", f"/{BUCKET}/{key}", body, headers)
        return connection.getresponse().status

    assert put(f"trailer-{algorithm}", b"data", b"data") == 200
    assert body_of(s3, f"trailer-{algorithm}") == b"data"
    assert put(f"trailer-wrong-{algorithm}", b"data", b"other") == 400


def test_a_compliance_lock_is_never_made_weaker(s3):
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=10)
    version = s3.put_object(
        Bucket=LOCKED, Key="report", Body=b"v1", ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=until
    )["VersionId"]

    def retain(mode: str, date: datetime, **more) -> dict:
        return {
            "Bucket": LOCKED,
            "Key": "report",
            "VersionId": version,
            "Retention": {"Mode": mode, "RetainUntilDate": date},
            **more,
        }

    shorter, longer = until - timedelta(days=1), until + timedelta(days=1)
    put = s3.put_object_retention
    assert refusal(put, **retain("COMPLIANCE", shorter)) == "AccessDenied"
    assert refusal(put, **retain("GOVERNANCE", longer)) == "AccessDenied"
    assert refusal(put, **retain("COMPLIANCE", shorter, BypassGovernanceRetention=True)) == "AccessDenied"
    put(**retain("COMPLIANCE", longer))
    kept = s3.get_object_retention(Bucket=LOCKED, Key="report", VersionId=version)["Retention"]
    assert kept["RetainUntilDate"] == longer
    assert refusal(s3.delete_object, Bucket=LOCKED, Key="report", VersionId=version) == "AccessDenied"
    s3.put_object(Bucket=LOCKED, Key="free", Body=b"")
    assert refusal(s3.get_object_retention, Bucket=LOCKED, Key="free") == "NoSuchObjectLockConfiguration"
    past = retain("COMPLIANCE", datetime.now(UTC) - timedelta(days=1))
    assert refusal(put, **past) == "InvalidArgument"


def test_a_governance_lock_is_shortened_only_with_the_bypass(s3):
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=10)
    version = s3.put_object(
        Bucket=LOCKED, Key="draft", Body=b"v1", ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=until
    )["VersionId"]
    shorter = {
        "Bucket": LOCKED,
        "Key": "draft",
        "VersionId": version,
        "Retention": {"Mode": "GOVERNANCE", "RetainUntilDate": until - timedelta(days=1)},
    }
    assert refusal(s3.put_object_retention, **shorter) == "AccessDenied"
    s3.put_object_retention(**shorter, BypassGovernanceRetention=True)


def test_the_default_retention_holds_for_multipart_uploads_and_copies(s3):
    bucket = "conformance-default"
    s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 3}}
    s3.put_object_lock_configuration(
        Bucket=bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
    )
    upload = s3.create_multipart_upload(Bucket=bucket, Key="parts")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="parts", UploadId=upload, PartNumber=1, Body=b"x")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(Bucket=bucket, Key="parts", UploadId=upload, MultipartUpload=parts)
    assert s3.head_object(Bucket=bucket, Key="parts")["ObjectLockMode"] == "COMPLIANCE"
    s3.put_object(Bucket=BUCKET, Key="source", Body=b"x")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": BUCKET, "Key": "source"})
    assert s3.head_object(Bucket=bucket, Key="copy")["ObjectLockMode"] == "COMPLIANCE"


def test_a_listing_has_pages_prefixes_and_order(s3):
    keys = [f"list/{day}/{number:03d}" for day in ("b", "a") for number in range(25)]
    for key in [*keys, "list/top", "lisu"]:
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"")
    pages = list(
        s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix="list/", PaginationConfig={"PageSize": 20})
    )
    assert [len(page["Contents"]) for page in pages] == [20, 20, 11]
    assert [item["Key"] for page in pages for item in page["Contents"]] == sorted([*keys, "list/top"])
    level = s3.list_objects_v2(Bucket=BUCKET, Prefix="list/", Delimiter="/")
    assert [item["Prefix"] for item in level["CommonPrefixes"]] == ["list/a/", "list/b/"]
    assert [item["Key"] for item in level["Contents"]] == ["list/top"]
    assert abs(level["Contents"][0]["LastModified"] - datetime.now(UTC)) < timedelta(minutes=1)
    after = s3.list_objects_v2(Bucket=BUCKET, Prefix="list/", StartAfter="list/b/023")
    assert [item["Key"] for item in after["Contents"]] == ["list/b/024", "list/top"]


def test_a_prefix_with_only_deleted_objects_is_not_listed(s3):
    s3.put_object(Bucket=LOCKED, Key="gone/x", Body=b"")
    s3.delete_object(Bucket=LOCKED, Key="gone/x")
    assert "CommonPrefixes" not in s3.list_objects_v2(Bucket=LOCKED, Prefix="gone", Delimiter="/")


def test_one_connection_carries_many_requests_even_after_a_refused_body(aws, s3):
    s3.put_object(Bucket=BUCKET, Key="kept", Body=b"kept")
    connection = http.client.HTTPConnection(aws.endpoint.removeprefix("http://"))
    connection.connect()
    socket = connection.sock
    for _ in range(3):
        connection.request("PUT", f"/{BUCKET}/kept", b"x" * 200_000, {**SIGNED, "If-None-Match": "*"})
        refused = connection.getresponse()
        refused.read()
        assert refused.status == 412
        connection.request("HEAD", f"/{BUCKET}/kept", headers=SIGNED)
        head = connection.getresponse()
        assert (head.status, head.read(), head.headers["Content-Length"]) == (200, b"", "4")
        connection.request("GET", f"/{BUCKET}/kept", headers={**SIGNED, "Range": "bytes=1-2"})
        part = connection.getresponse()
        assert (part.status, part.read()) == (206, b"ep")
    assert connection.sock is socket


def test_a_chunked_request_is_read_to_its_end(aws, s3):
    connection = http.client.HTTPConnection(aws.endpoint.removeprefix("http://"))
    connection.request("PUT", f"/{BUCKET}/chunked", iter([b"one", b"two"]), SIGNED, encode_chunked=True)
    assert connection.getresponse().status == 200
    assert body_of(s3, "chunked") == b"onetwo"
