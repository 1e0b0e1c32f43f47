"""The object store: immutable objects, created once. S3 in production and locally, memory in the simulations."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from podemos.core.clock import Clock, system_clock
from podemos.core.errors import AlreadyExists, NotFound
from podemos.core.retention import Lock, Retention


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What a listing or a head says. `version` is empty in an unversioned bucket; only a head knows of a `lock`."""

    key: str
    size: int
    etag: str
    version: str = ""
    lock: Lock | None = None


class ObjectStore(Protocol):
    """One bucket. Keys have no leading slash."""

    bucket: str

    def uri(self, key: str) -> str:
        """``s3://bucket/key``."""
        ...

    def get(self, key: str, version: str = "") -> bytes:
        """Whole content. Raises `NotFound`."""
        ...

    def open(self, key: str, version: str = "") -> BinaryIO:
        """A stream of the content, in bounded memory. Raises `NotFound`."""
        ...

    def get_range(self, key: str, start: int, size: int) -> bytes:
        """`size` bytes (at least one) from `start` on, fewer at the end. Raises `NotFound`."""
        ...

    def head(self, key: str) -> ObjectInfo | None:
        """What the object is now, or None."""
        ...

    def list(self, prefix: str, start_after: str = "") -> Iterator[ObjectInfo]:
        """Objects in key order."""
        ...

    def put_new(self, key: str, data: bytes, content_type: str = "application/octet-stream") -> None:
        """Creates the object. Raises `AlreadyExists`."""
        ...

    def put_file(self, key: str, path: Path, content_type: str = "application/octet-stream") -> None:
        """Creates the object from a local file. Raises `AlreadyExists`."""
        ...

    def replace(self, key: str, data: bytes, content_type: str = "application/json") -> None:
        """Writes an index or a board that may be overwritten; never data, never a manifest."""
        ...


class S3Store:
    """An S3 bucket through a boto3 client (passed in: the core imports no SDK).

    `put_new` and `put_file` use ``If-None-Match: *``, so of several writers exactly one succeeds.

    Args:
        client: of boto3.
        bucket: its name; with a retention, one with Object Lock.
        retention: which of its objects are locked as they are written, and how long; None is none.
        clock: what a lock counts from.
    """

    def __init__(
        self, client: Any, bucket: str, retention: Retention | None = None, clock: Clock = system_clock
    ) -> None:
        self._client, self.bucket = client, bucket
        self._retention, self._clock = retention, clock

    def uri(self, key: str) -> str:
        """``s3://bucket/key``."""
        return f"s3://{self.bucket}/{key}"

    def get(self, key: str, version: str = "") -> bytes:
        """Whole content."""
        with self.open(key, version) as stream:
            return stream.read()

    def open(self, key: str, version: str = "") -> BinaryIO:
        """The response's own stream."""
        return self._opened(key, {"VersionId": version} if version else {})

    def get_range(self, key: str, start: int, size: int) -> bytes:
        """One ranged GET."""
        with self._opened(key, {"Range": f"bytes={start}-{start + size - 1}"}) as stream:
            return stream.read()

    def _opened(self, key: str, extra: dict[str, str]) -> BinaryIO:
        try:
            body: BinaryIO = self._client.get_object(Bucket=self.bucket, Key=key, **extra)["Body"]
        except self._client.exceptions.ClientError as error:
            if _code(error) in ("NoSuchKey", "404", "NoSuchVersion"):
                raise NotFound(self.uri(key)) from error
            raise
        return body

    def head(self, key: str) -> ObjectInfo | None:
        """Size, ETag, version and lock."""
        try:
            found = self._client.head_object(Bucket=self.bucket, Key=key)
        except self._client.exceptions.ClientError as error:
            if _code(error) in ("NoSuchKey", "404"):
                return None
            raise
        lock = Lock(found["ObjectLockMode"], found["ObjectLockRetainUntilDate"]) if "ObjectLockMode" in found else None
        return ObjectInfo(key, found["ContentLength"], found["ETag"], _version(found), lock)

    def list(self, prefix: str, start_after: str = "") -> Iterator[ObjectInfo]:
        """Pages of a thousand."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=prefix, StartAfter=start_after
        )
        for page in pages:
            for entry in page.get("Contents", ()):
                yield ObjectInfo(entry["Key"], entry["Size"], entry["ETag"])

    def put_new(self, key: str, data: bytes, content_type: str = "application/octet-stream") -> None:
        """One conditional PUT."""
        self._put(key, data, content_type, IfNoneMatch="*")

    def put_file(self, key: str, path: Path, content_type: str = "application/octet-stream") -> None:
        """One conditional PUT, streamed (objects up to 5 GB)."""
        with path.open("rb") as file:
            self._put(key, file, content_type, IfNoneMatch="*")

    def replace(self, key: str, data: bytes, content_type: str = "application/json") -> None:
        """One unconditional PUT."""
        self._put(key, data, content_type)

    def _put(self, key: str, body: bytes | BinaryIO, content_type: str, **about: Any) -> None:
        if self._retention and (lock := self._retention.lock(key, self._clock())):
            about |= {"ObjectLockMode": lock.mode, "ObjectLockRetainUntilDate": lock.until}
        try:
            self._client.put_object(Bucket=self.bucket, Key=key, Body=body, ContentType=content_type, **about)
        except self._client.exceptions.ClientError as error:
            if _code(error) in ("PreconditionFailed", "412", "ConditionalRequestConflict"):
                raise AlreadyExists(self.uri(key)) from error
            raise


class MemoryStore:
    """The same promises in memory; the simulations' store. Versions are kept as in a versioned bucket."""

    def __init__(self, bucket: str = "memory") -> None:
        self.bucket = bucket
        self._objects: dict[str, list[bytes]] = {}

    def uri(self, key: str) -> str:
        """``s3://bucket/key``."""
        return f"s3://{self.bucket}/{key}"

    def get(self, key: str, version: str = "") -> bytes:
        """Whole content."""
        if key not in self._objects:
            raise NotFound(self.uri(key))
        return self._objects[key][int(version or 0) - 1]

    def open(self, key: str, version: str = "") -> BinaryIO:
        """A view of the content."""
        return io.BytesIO(self.get(key, version))

    def get_range(self, key: str, start: int, size: int) -> bytes:
        """A slice."""
        return self.get(key)[start : start + size]

    def head(self, key: str) -> ObjectInfo | None:
        """Size, ETag and version."""
        if key not in self._objects:
            return None
        data = self._objects[key][-1]
        etag = hashlib.md5(data, usedforsecurity=False).hexdigest()
        return ObjectInfo(key, len(data), f'"{etag}"', str(len(self._objects[key])))

    def list(self, prefix: str, start_after: str = "") -> Iterator[ObjectInfo]:
        """Key order, as S3."""
        for key in sorted(self._objects):
            if key.startswith(prefix) and key > start_after:
                info = self.head(key)
                assert info is not None  # noqa: S101 - the key was just listed
                yield info

    def put_new(self, key: str, data: bytes, content_type: str = "application/octet-stream") -> None:
        """Creates the object."""
        if key in self._objects:
            raise AlreadyExists(self.uri(key))
        self._objects[key] = [bytes(data)]

    def put_file(self, key: str, path: Path, content_type: str = "application/octet-stream") -> None:
        """Creates the object from a file."""
        self.put_new(key, path.read_bytes(), content_type)

    def replace(self, key: str, data: bytes, content_type: str = "application/json") -> None:
        """Adds a version."""
        self._objects.setdefault(key, []).append(bytes(data))


def _code(error: Any) -> str:
    return str(error.response["Error"]["Code"])


def _version(found: dict[str, Any]) -> str:
    version = str(found.get("VersionId") or "")
    return "" if version == "null" else version
