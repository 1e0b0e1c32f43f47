"""What a suite's command does besides judging: parts over processes, and the last line's account of the run."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import duckdb

from bench.chaos_branches.__main__ import code_sha

Part = tuple[int, list[int], bool]
"""Seed, numbers of the cases, and whether everything is to be said."""
Found = TypeVar("Found")


@contextmanager
def scratch(prefix: str) -> Iterator[Path]:
    """A folder in memory where there is one; also where this process's temporary files go meanwhile."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - scratch of this run
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix=prefix, dir=memory) as name:
        tempfile.tempdir = name
        try:
            yield Path(name)
        finally:
            tempfile.tempdir = before


def parts(seed: int, cases: int, case: int | None, size: int) -> list[Part]:
    """All cases in parts of a size, or the only one that is asked for."""
    indexes = [case] if case is not None else list(range(cases))
    return [(seed, indexes[at : at + size], case is not None) for at in range(0, len(indexes), size)]


def results(run: Callable[[Part], Found], todo: Sequence[Part], processes: int) -> Iterator[Found]:
    """What each part gives, in the order in which they end."""
    if len(todo) == 1 or processes == 1:
        yield from map(run, todo)
        return
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from pool.imap_unordered(run, todo)


def account(seed: int, cases: Mapping[int, Any], started: float) -> dict[str, Any]:
    """Of which code, seed and cases a result is; `started` is of the monotonic clock."""
    return {
        "seed": seed,
        "engine": f"redshift SQL on DuckDB {duckdb.__version__}",
        "code_sha": code_sha(),
        "cases_digest": hashlib.sha256(json.dumps(sorted(cases.items())).encode()).hexdigest(),
        "wall_s": round(time.monotonic() - started),
    }
