"""Takes one protection of the compaction away, to see that the suite misses it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from podemos.core import manifest
from podemos.mobile import arrivals, exact, index, revisions


def _forgetful(*_: Any) -> dict[str, list[str]]:
    """The index is not asked."""
    return {}


def _overwriting(store: Any, key: str, document: Any) -> Any:
    """The last compactor wins."""
    data = manifest.canonical(document)
    store.replace(key, data)
    return manifest.Ref(key, manifest.sha256(data)), dict(document), True


def _watermark(lake: Any, revision: Any, clock: Any) -> Any:
    """Lists what sorts behind the last object that was compacted, as one does with `start_after`."""
    found = _ARRIVALS(lake, revision, clock)
    known = [key for day in revision.covered for key, _ in revisions.packed(lake, revision.covered[day])]
    found["objects"] = [each for each in found["objects"] if each[0] > max(known, default="")]
    return found


def _index_only(fates: Any, seen: Any, known: Any) -> None:
    """Rows are compared with the index, and not with each other."""
    for row in range(seen.num_rows):
        _DECIDE(fates, seen.slice(row, 1), known)


_ARRIVALS, _DECIDE = arrivals.arrivals, exact.decide
PROTECTIONS: dict[str, tuple[Any, str, Callable[..., Any]]] = {
    "index": (index, "known", _forgetful),
    "create_once": (manifest, "commit_first", _overwriting),
    "set_difference": (arrivals, "arrivals", _watermark),
    "same_run": (exact, "decide", _index_only),
}


@contextmanager
def without(name: str | None) -> Iterator[None]:
    """The platform without a protection, or whole."""
    if name is None:
        yield
        return
    with patch.object(*PROTECTIONS[name]):
        yield
