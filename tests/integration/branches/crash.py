"""A crash as a test input: the process ends before or after any one of its writes."""

from __future__ import annotations

from typing import Any

from podemos.branches.state import MemoryState
from podemos.core.store import MemoryStore


class Killed(BaseException):
    """Stands for kill -9: nothing catches it."""


class Fuse:
    """Burns at the n-th write; `after` lets that write happen first."""

    def __init__(self, at: int, after: bool) -> None:
        self.left, self.after, self.burnt = at, after, False

    def __call__(self, write: Any, *args: Any, **kwargs: Any) -> Any:
        if self.burnt:
            raise Killed
        self.left -= 1
        if self.left == 0:
            self.burnt = True
            if self.after:
                write(*args, **kwargs)
            raise Killed
        return write(*args, **kwargs)


class FusedStore(MemoryStore):
    """A store whose writes go through the fuse."""

    def __init__(self, fuse: Fuse, inner: MemoryStore) -> None:
        super().__init__()
        self._objects, self._fuse = inner._objects, fuse

    def put_new(self, key: str, data: bytes, content_type: str = "") -> None:
        self._fuse(super().put_new, key, data)


class FusedState:
    """A state whose writes go through the fuse."""

    def __init__(self, fuse: Fuse, inner: MemoryState) -> None:
        self._fuse, self._inner = fuse, inner

    def acquire(self, *args: Any, **kwargs: Any) -> Any:
        return self._fuse(self._inner.acquire, *args, **kwargs)

    def advance(self, *args: Any, **kwargs: Any) -> Any:
        return self._fuse(self._inner.advance, *args, **kwargs)

    def watermarks(self) -> Any:
        return self._inner.watermarks()

    def pause(self, *args: Any) -> None:
        self._inner.pause(*args)

    def paused(self, branch: str) -> Any:
        return self._inner.paused(branch)

    def pauses(self) -> Any:
        return self._inner.pauses()
