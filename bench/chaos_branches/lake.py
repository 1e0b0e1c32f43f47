"""The lake in memory; what Spark writes and reads by path lies in a folder beside it."""

from __future__ import annotations

import bisect
import builtins
import hashlib
import io
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from podemos.branches.landed_rows import Fetch
from podemos.core.errors import AlreadyExists, NotFound
from podemos.core.store import ObjectInfo

_SPARK = ("curated/", "quarantine/", "decided/", "delta/")
ROOT = "index/suite/root"
"""Where a shard finds what Spark wrote: a pull looks up the keys of a curated day."""


class Killed(BaseException):
    """Stands for kill -9: nothing catches it."""


class SuiteLake:
    """The object store's promises for a million small objects: listed by folder, created once.

    Attributes:
        root: the folder that Spark sees as the bucket.
        fuse: called before and after each write of the driver; it may kill the process there.
    """

    def __init__(self, root: Path) -> None:
        self.root, self.bucket = root, "suite"
        self.objects: dict[str, bytes] = {}
        self.fuse: Callable[[], None] = lambda: None
        self._folders: list[str] = []
        self._names: dict[str, builtins.list[str]] = {}
        self._lock = threading.Lock()

    def uri(self, key: str) -> str:
        """``s3://suite/key``."""
        return f"s3://{self.bucket}/{key}"

    def get(self, key: str, version: str = "") -> bytes:
        """Whole content."""
        if (data := self.objects.get(key)) is not None:
            return data
        try:
            return (self.root / key).read_bytes()
        except FileNotFoundError:
            raise NotFound(self.uri(key)) from None

    def open(self, key: str, version: str = "") -> BinaryIO:
        """A view of the content."""
        return io.BytesIO(self.get(key))

    def get_range(self, key: str, start: int, size: int) -> bytes:
        """A slice."""
        return self.get(key)[start : start + size]

    def head(self, key: str) -> ObjectInfo | None:
        """What the object is now."""
        try:
            data = self.get(key)
        except NotFound:
            return None
        return ObjectInfo(key, len(data), f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"')

    def list(self, prefix: str, start_after: str = "") -> Iterator[ObjectInfo]:
        """Key order within a folder, folders in order; no size is believed."""
        if prefix.startswith(_SPARK):
            yield from self._files(prefix, start_after)
            return
        with self._lock:
            folder = prefix.rpartition("/")[0] + "/"
            first = bisect.bisect_left(self._folders, folder)
            found = []
            for name in self._folders[first:]:
                if not name.startswith(folder):
                    break
                found += [name + each for each in self._names[name]]
        for key in sorted(found):
            if key.startswith(prefix) and key > start_after:
                yield ObjectInfo(key, len(self.objects[key]), "")

    def put_new(self, key: str, data: bytes, content_type: str = "") -> None:
        """Creates the object."""
        self.fuse()
        self._create(key, data)
        self.fuse()

    def _create(self, key: str, data: bytes) -> None:
        with self._lock:
            if key in self.objects:
                raise AlreadyExists(self.uri(key))
            self._place(key, data)

    def put_file(self, key: str, path: Path, content_type: str = "") -> None:
        """Creates the object from a file."""
        self.put_new(key, path.read_bytes())

    def replace(self, key: str, data: bytes, content_type: str = "") -> None:
        """Writes an index."""
        self.fuse()
        with self._lock:
            self._place(key, data)

    def _place(self, key: str, data: bytes) -> None:
        if key not in self.objects:
            folder, _, name = key.rpartition("/")
            if (folder := folder + "/") not in self._names:
                bisect.insort(self._folders, folder)
                self._names[folder] = []
            bisect.insort(self._names[folder], name)
        self.objects[key] = bytes(data)

    def _files(self, prefix: str, start_after: str) -> Iterator[ObjectInfo]:
        folder = self.root / prefix.rpartition("/")[0]
        for path in sorted(folder.rglob("*.parquet")):
            key = path.relative_to(self.root).as_posix()
            if key.startswith(prefix) and key > start_after:
                yield ObjectInfo(key, path.stat().st_size, "")

    def unpack(self) -> None:
        """The chunks that were packed for Spark are no longer needed there."""
        for path in (*self.root.glob("pack-*"), *self.root.glob("index-of-*")):
            path.write_bytes(b"")

    def forget(self, prefixes: tuple[str, ...]) -> None:
        """Drops what somebody else keeps."""
        for key in [key for key in self.objects if key.startswith(prefixes)]:
            del self.objects[key]
        kept = builtins.list(self.objects)
        self._folders, self._names = [], {}
        for key in kept:
            data = self.objects.pop(key)
            self._place(key, data)

    def fetch(self, keys: builtins.list[str]) -> Fetch:
        """For Spark's workers, which import nothing of the suite: the landed chunks, packed into one file."""
        pack = self.root / f"pack-{len(builtins.list(self.root.glob('pack-*')))}"
        places: dict[str, tuple[int, int]] = {}
        at = 0
        with pack.open("wb") as file:
            for key in keys:
                data = self.objects[key]
                places[key] = (at, len(data))
                at += file.write(data)
        name = str(pack)
        index = self.root / f"index-of-{pack.name}"
        index.write_text("\n".join(f"{key} {a} {n}" for key, (a, n) in places.items()))

        def read(key: str) -> bytes:
            known = read.__dict__.get("places")
            if known is None:
                lines = Path(str(index)).read_text().splitlines()
                known = {k: (int(a), int(n)) for k, a, n in (line.split(" ") for line in lines)}
                read.__dict__["places"] = known
                read.__dict__["file"] = os.open(name, os.O_RDONLY)
            offset, size = known[key]
            return os.pread(read.__dict__["file"], size, offset)

        return read
