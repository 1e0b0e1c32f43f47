"""An object of the store as a file to seek in; how its bytes are fetched is the subclass's."""

from __future__ import annotations

import io

from podemos.core.store import ObjectStore


class SeekableObject(io.RawIOBase):
    """Position and size; nothing is fetched by moving. A subclass reads from `_at` on, and moves it.

    Args:
        lake: holds the object.
        key: of it.
        size: its bytes.
    """

    def __init__(self, lake: ObjectStore, key: str, size: int) -> None:
        self._lake, self._key, self._size, self._at = lake, key, size, 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Where the next read begins."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """As of any file."""
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at
