"""What a pull holds of memory: little more than the pages at work, whatever the size of a table."""

from __future__ import annotations

import contextlib
import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

_ARENA_MAX, _ARENAS = -8, 2
"""`M_ARENA_MAX` of glibc's malloc.h. Each thread has an arena of its own, and keeps what it frees there."""
_DECAY_MS = 100
"""So long jemalloc keeps what was freed; a page takes longer."""


@contextmanager
def lean() -> Iterator[None]:
    """Millions of short-lived objects without cycles: the collector would only search them.

    Arrow's usual allocator keeps tens of megabytes more than it uses; others do not, at the same speed. Parquet's
    writer takes the default of the process; see the package.
    """
    enabled, pool = gc.isenabled(), pa.default_memory_pool()
    gc.disable()
    if "jemalloc" in pa.supported_memory_backends():
        pa.set_memory_pool(pa.jemalloc_memory_pool())
        pa.jemalloc_set_decay_ms(_DECAY_MS)
    else:
        pa.set_memory_pool(pa.system_memory_pool())
    with contextlib.suppress(AttributeError):  # another C library has no such limit, or none of that name
        ctypes.CDLL(None).mallopt(_ARENA_MAX, _ARENAS)
    try:
        yield
    finally:
        pa.set_memory_pool(pool)
        if enabled:
            gc.enable()
