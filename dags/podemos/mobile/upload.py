"""What the inbox knows of an upload beside its bytes (S3 user metadata), and the store that keeps both."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, Protocol

from podemos.core.clock import from_iso, iso
from podemos.core.errors import AlreadyExists, NotFound
from podemos.core.store import MemoryStore, ObjectStore, S3Store

PROTOCOL = 1
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Upload:
    """Who sent a batch, when, and what the phone says of itself.

    Attributes:
        device: `id_dispositivo`.
        install: the installation of the app; another one after a reinstallation.
        region: of the officer's branch, by the server's own table.
        id_sucursal: the officer's branch.
        sent_at: by the phone's clock, at the moment of sending: with `received_at` it gives the clock's skew.
        received_at: by the server's clock.
        attempt: 1 for the first sending of this batch.
        protocol: version of docs/mobile-protocol.md.
        head: the greatest `secuencia` that the phone has captured: what is owed up to it can be named.
        pending: events in its outbox that no one has acknowledged, with this batch.
    """

    device: str
    install: str
    region: str
    id_sucursal: int
    sent_at: datetime
    received_at: datetime
    attempt: int = 1
    protocol: int = PROTOCOL
    head: int = 0
    pending: int = 0

    def to_metadata(self) -> dict[str, str]:
        """As S3 user metadata: lower-case names, ASCII text."""
        return {
            "device": self.device,
            "install": self.install,
            "region": self.region,
            "branch": str(self.id_sucursal),
            "sent_at": iso(self.sent_at),
            "received_at": iso(self.received_at),
            "attempt": str(self.attempt),
            "protocol": str(self.protocol),
            "head": str(self.head),
            "pending": str(self.pending),
        }

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> Upload | None:
        """The inverse; None when the object did not come through `ingest`."""
        try:
            return cls(
                metadata["device"],
                metadata["install"],
                metadata["region"],
                int(metadata["branch"]),
                from_iso(metadata["sent_at"]),
                from_iso(metadata["received_at"]),
                int(metadata["attempt"]),
                int(metadata["protocol"]),
                int(metadata["head"]),
                int(metadata["pending"]),
            )
        except (KeyError, ValueError):
            return None


def is_token(text: str) -> bool:
    """Whether a name that a phone chose (its installation) can stand in metadata and logs."""
    return _TOKEN.fullmatch(text) is not None


class UploadStore(ObjectStore, Protocol):
    """A bucket whose objects carry user metadata."""

    def put_upload(self, key: str, data: bytes, metadata: Mapping[str, str]) -> None:
        """Creates the object with its metadata. Raises `AlreadyExists`."""
        ...

    def get_upload(self, key: str, version: str = "") -> tuple[bytes, Mapping[str, str]]:
        """Content and metadata, in one request. Raises `NotFound`."""
        ...

    def open_upload(self, key: str, version: str = "") -> tuple[BinaryIO, Mapping[str, str]]:
        """The same with a stream, in bounded memory. Raises `NotFound`."""
        ...

    def metadata(self, key: str) -> Mapping[str, str]:
        """The metadata alone. Raises `NotFound`."""
        ...


class S3Uploads(S3Store):
    """A bucket of S3."""

    def put_upload(self, key: str, data: bytes, metadata: Mapping[str, str]) -> None:
        """One conditional PUT."""
        self._put(key, data, "application/x-ndjson", IfNoneMatch="*", Metadata=dict(metadata))

    def get_upload(self, key: str, version: str = "") -> tuple[bytes, Mapping[str, str]]:
        """One GET."""
        stream, metadata = self.open_upload(key, version)
        with stream:
            return stream.read(), metadata

    def open_upload(self, key: str, version: str = "") -> tuple[BinaryIO, Mapping[str, str]]:
        """One GET, read as its reader reads."""
        about = {"VersionId": version} if version else {}
        try:
            found: dict[str, Any] = self._client.get_object(Bucket=self.bucket, Key=key, **about)
        except self._client.exceptions.ClientError as error:
            raise self._missing(key, error) from error
        return found["Body"], found["Metadata"]

    def metadata(self, key: str) -> Mapping[str, str]:
        """One HEAD."""
        try:
            found: Mapping[str, str] = self._client.head_object(Bucket=self.bucket, Key=key)["Metadata"]
        except self._client.exceptions.ClientError as error:
            raise self._missing(key, error) from error
        return found

    def _missing(self, key: str, error: Any) -> Exception:
        absent = error.response["Error"]["Code"] in ("NoSuchKey", "404", "NoSuchVersion")
        return NotFound(self.uri(key)) if absent else error


class MemoryUploads(MemoryStore):
    """The same in memory."""

    def __init__(self, bucket: str = "memory") -> None:
        super().__init__(bucket)
        self._metadata: dict[str, dict[str, str]] = {}

    def put_upload(self, key: str, data: bytes, metadata: Mapping[str, str]) -> None:
        """Creates the object."""
        if key in self._metadata:
            raise AlreadyExists(self.uri(key))
        self.put_new(key, data)
        self._metadata[key] = dict(metadata)

    def get_upload(self, key: str, version: str = "") -> tuple[bytes, Mapping[str, str]]:
        """Content and metadata."""
        return self.get(key, version), self._metadata.get(key, {})

    def open_upload(self, key: str, version: str = "") -> tuple[BinaryIO, Mapping[str, str]]:
        """A view of the content."""
        return self.open(key, version), self._metadata.get(key, {})

    def metadata(self, key: str) -> Mapping[str, str]:
        """The metadata alone."""
        if self.head(key) is None:
            raise NotFound(self.uri(key))
        return self._metadata.get(key, {})
