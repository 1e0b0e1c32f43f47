"""A lake in a folder, for suites and benches: what Spark writes by path, the library reads by key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from podemos.core.errors import AlreadyExists, NotFound
from podemos.core.store import ObjectInfo


class FolderStore:
    """The object store's promises over files; for one process at a time, also for its threads."""

    bucket = "folder"

    def __init__(self, root: Path) -> None:
        self.root = root

    def uri(self, key: str) -> str:
        """``s3://folder/key``."""
        return f"s3://folder/{key}"

    def get(self, key: str, version: str = "") -> bytes:
        """Whole content."""
        try:
            return (self.root / key).read_bytes()
        except FileNotFoundError:
            raise NotFound(self.uri(key)) from None

    def open(self, key: str, version: str = "") -> BinaryIO:
        """A stream of the content."""
        try:
            return (self.root / key).open("rb")
        except FileNotFoundError:
            raise NotFound(self.uri(key)) from None

    def get_range(self, key: str, start: int, size: int) -> bytes:
        """A slice."""
        return self.get(key)[start : start + size]

    def head(self, key: str) -> ObjectInfo | None:
        """What the object is now."""
        path = self.root / key
        return ObjectInfo(key, path.stat().st_size, "") if path.is_file() else None

    def list(self, prefix: str, start_after: str = "") -> Iterator[ObjectInfo]:
        """By key; what Spark hides (`_SUCCESS`, `.crc`) is not there."""
        folder = self.root / prefix.rpartition("/")[0]
        found = sorted(path.relative_to(self.root).as_posix() for path in folder.rglob("*") if path.is_file())
        for key in found:
            hidden = key.rpartition("/")[2].startswith((".", "_"))
            if key.startswith(prefix) and key > start_after and not hidden:
                yield ObjectInfo(key, (self.root / key).stat().st_size, "")

    def put_new(self, key: str, data: bytes, content_type: str = "") -> None:
        """Creates a file, once."""
        path = self.root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with path.open("xb") as file:
                file.write(data)
        except FileExistsError:
            raise AlreadyExists(self.uri(key)) from None

    def put_file(self, key: str, path: Path, content_type: str = "") -> None:
        """The same from a file."""
        self.put_new(key, path.read_bytes())

    def replace(self, key: str, data: bytes, content_type: str = "") -> None:
        """Creates or overwrites."""
        path = self.root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def fetch(self) -> Callable[[str], bytes]:
        """For Spark's workers, which import nothing of the tests."""
        root = str(self.root)

        def read(key: str) -> bytes:
            with Path(root, key).open("rb") as file:
                return file.read()

        return read
