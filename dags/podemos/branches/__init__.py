"""Branches: incremental pulls of 200 MySQL databases into a lake and a warehouse, proven to the cent.

Arrow reads its allocator's name once, when it is imported. Parquet's writer takes no other than that default, of which
the usual one keeps some ten megabytes a thread more than it uses.
"""

import os

os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "jemalloc")
