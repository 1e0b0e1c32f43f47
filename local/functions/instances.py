"""Instances of a function, as Lambda has them: each its own module, one request at a time, kept for the next."""

from __future__ import annotations

import importlib.util
import queue
import sys
import threading
import time
import uuid
from types import ModuleType
from typing import Any

from podemos.core.paths import include

_cold = threading.Lock()  # boto3's default session makes its first clients for one thread at a time
_loaded = 0


def load(name: str) -> ModuleType:
    """A new instance of `include/functions/<name>/handler.py`: it is no part of a package."""
    global _loaded
    path = include() / "functions" / name / "handler.py"
    with _cold:
        _loaded += 1
        spec = importlib.util.spec_from_file_location(f"{name}_handler_{_loaded}", path)
        assert spec and spec.loader  # noqa: S101 - the file is there
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module  # its dataclasses look their module up
        spec.loader.exec_module(module)
    return module


class Context:
    """What a handler is told of its invocation."""

    def __init__(self, function: str, seconds: float) -> None:
        self.function_name, self.memory_limit_in_mb = function, 512
        self.invoked_function_arn = f"arn:aws:lambda:us-east-1:123456789012:function:{function}"
        self.aws_request_id = str(uuid.uuid4())
        self._ends = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        """Until the timeout."""
        return max(0, int(1000 * (self._ends - time.monotonic())))


class Function:
    """A function with a limit of concurrent instances; who comes when all are busy waits.

    Args:
        name: of the folder under include/functions/.
        concurrency: at most so many at once.
        seconds: its timeout; told to the handler, not enforced.
    """

    def __init__(self, name: str, concurrency: int, seconds: float) -> None:
        self.name, self._seconds = name, seconds
        self._idle: queue.LifoQueue[ModuleType | None] = queue.LifoQueue()
        for _ in range(concurrency):
            self._idle.put(None)

    def invoke(self, event: dict[str, Any]) -> Any:
        """One invocation. Raises what the handler raises."""
        instance = self._idle.get()
        try:
            if instance is None:
                instance = load(self.name)
                with _cold:
                    return instance.handler(event, Context(self.name, self._seconds))
            return instance.handler(event, Context(self.name, self._seconds))
        finally:
            self._idle.put(instance)
