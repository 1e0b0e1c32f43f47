"""What a client says of its bytes is checked, and a conditional write is one step.

Moto stores the checksum it was told. AWS refuses an upload whose bytes do not have it.
"""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import re
import threading
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from moto.s3.exceptions import S3ClientError
from moto.s3.responses import S3Response

from local.aws import patching

_TRAILER = re.compile(rb"x-amz-checksum-(\w+):([A-Za-z0-9+/=]+)\r?\n?(?:\r\n|$)")
_HEX_SHA256 = re.compile(r"[0-9a-f]{64}")
_HASHES: Mapping[str, Callable[[bytes], bytes]] = {
    "crc32": lambda body: zlib.crc32(body).to_bytes(4, "big"),
    "sha1": lambda body: hashlib.sha1(body, usedforsecurity=False).digest(),
    "sha256": lambda body: hashlib.sha256(body).digest(),
}
_UNVERIFIABLE = ("crc32c", "crc64nvme")
_conditional_write = threading.Lock()


def install() -> None:
    """Verify PutObject and UploadPart, keep the checksum given; make If-None-Match and If-Match atomic."""
    put_object = S3Response.put_object
    upload_part = S3Response.upload_part

    @functools.wraps(put_object)
    def checked_put(self: Any) -> Any:
        verify(self.headers, self.body or b"", self.raw_body or b"")
        if self.headers.get("If-None-Match") or self.headers.get("If-Match"):
            with _conditional_write:
                return put_object(self)
        return put_object(self)

    @functools.wraps(upload_part)
    def checked_part(self: Any) -> Any:
        verify(self.headers, self.body or b"", self.raw_body or b"")
        return upload_part(self)

    get_checksum = S3Response._get_checksum

    @functools.wraps(get_checksum)
    def kept_checksum(self: Any, response_headers: dict[str, Any]) -> tuple[str, str | None]:
        """A checksum header names its algorithm; x-amz-sdk-checksum-algorithm is not needed beside it."""
        for name in _HASHES:
            header = f"x-amz-checksum-{name}"
            if value := self.headers.get(header):
                response_headers[header] = value
                return name.upper(), value
        return get_checksum(self, response_headers)

    patching.replace(S3Response, "_get_checksum", kept_checksum)
    patching.replace(S3Response, "put_object", checked_put)
    patching.replace(S3Response, "upload_part", checked_part)


def verify(headers: Mapping[str, str], body: bytes, raw_body: bytes) -> None:
    """Compare every digest the client gave with the bytes that arrived.

    Args:
        headers: the request's headers.
        body: the object's bytes.
        raw_body: the bytes as sent; an aws-chunked upload carries its checksum at their end.

    Raises:
        S3ClientError: InvalidDigest, BadDigest, InvalidRequest or XAmzContentSHA256Mismatch, as AWS names them.
    """
    given = headers.get("Content-MD5")
    if given is not None:
        digest = _decoded(given, 16)
        if digest is None:
            raise S3ClientError("InvalidDigest", "The Content-MD5 you specified was invalid.")
        if digest != hashlib.md5(body, usedforsecurity=False).digest():
            raise S3ClientError("BadDigest", "The Content-MD5 you specified did not match what we received.")
    signed = headers.get("x-amz-content-sha256", "")
    if _HEX_SHA256.fullmatch(signed) and signed != hashlib.sha256(body).hexdigest():
        raise S3ClientError(
            "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed."
        )
    for algorithm, checksum in _checksums(headers, body, raw_body).items():
        _verify_checksum(algorithm, checksum, body)


def _checksums(headers: Mapping[str, str], body: bytes, raw_body: bytes) -> dict[str, str]:
    names = (*_HASHES, *_UNVERIFIABLE)
    found = {name: value for name in names if (value := headers.get(f"x-amz-checksum-{name}"))}
    if headers.get("x-amz-trailer") and raw_body != body:
        trailer = raw_body[raw_body.rfind(b"\r\n0") :] if b"\r\n0" in raw_body else raw_body[-512:]
        found |= {match[1].decode().lower(): match[2].decode() for match in _TRAILER.finditer(trailer)}
    return found


def _verify_checksum(algorithm: str, given: str, body: bytes) -> None:
    label = algorithm.upper()
    if algorithm not in _HASHES:
        raise S3ClientError(
            "InvalidRequest", f"local.aws can not verify {label}; use CRC32, SHA1 or SHA256 (or no checksum)."
        )
    computed = _HASHES[algorithm](body)
    digest = _decoded(given, len(computed))
    if digest is None:
        raise S3ClientError("InvalidRequest", f"Value for x-amz-checksum-{algorithm} header is invalid.")
    if digest != computed:
        raise S3ClientError("BadDigest", f"The {label} you specified did not match the calculated checksum.")


def _decoded(text: str, length: int) -> bytes | None:
    try:
        digest = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return digest if len(digest) == length else None
