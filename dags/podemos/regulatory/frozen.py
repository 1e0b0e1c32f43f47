"""An object frozen by version and SHA-256: how the seal names it, and how a later stage gets exactly those bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from podemos.core.errors import AlreadyExists, DataFault, NotFound
from podemos.core.store import ObjectStore

BLOCK = 1 << 20


def freeze(lake: ObjectStore, key: str) -> dict[str, Any]:
    """The object's key, version, ETag, size and the SHA-256 of its bytes, streamed once.

    Raises:
        NotFound: there is no such object.
    """
    info = lake.head(key)
    if info is None:
        raise NotFound(lake.uri(key))
    digest, size = hashlib.sha256(), 0
    with lake.open(key, info.version) as stream:
        for block in iter(partial(stream.read, BLOCK), b""):
            digest.update(block)
            size += len(block)
    return {"key": key, "version": info.version, "etag": info.etag, "bytes": size, "sha256": digest.hexdigest()}


def fetch(lake: ObjectStore, frozen: Mapping[str, Any], path: Path) -> None:
    """Writes the object's bytes to `path`, in bounded memory.

    Raises:
        NotFound: the object is gone.
        DataFault: its bytes are not the frozen ones.
    """
    digest = hashlib.sha256()
    with lake.open(frozen["key"], frozen.get("version", "")) as stream, path.open("wb") as file:
        for block in iter(partial(stream.read, BLOCK), b""):
            digest.update(block)
            file.write(block)
    if digest.hexdigest() != frozen["sha256"]:
        raise DataFault(
            f"{lake.uri(frozen['key'])} changed after it was sealed: SHA-256 {digest.hexdigest()}, "
            f"sealed {frozen['sha256']}; restore that version, or open a new night to seal the new one"
        )


def sha256_of(path: Path) -> str:
    """SHA-256 of a local file, in bounded memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def store(lake: ObjectStore, prefix: str, path: Path, suffix: str) -> dict[str, Any]:
    """Puts a local file under a name made of its content; the same content is there once.

    Raises:
        DataFault: the object of that name has other bytes.
    """
    digest = sha256_of(path)
    key = f"{prefix}{digest[:32]}.{suffix}"
    try:
        lake.put_file(key, path)
    except AlreadyExists:
        found = freeze(lake, key)
        if found["sha256"] != digest:
            raise DataFault(
                f"{lake.uri(key)} was changed: SHA-256 {found['sha256']}, its name says {digest[:32]}; "
                "restore its first version, then run the stage again"
            ) from None
    return {"key": key, "sha256": digest, "bytes": path.stat().st_size}
