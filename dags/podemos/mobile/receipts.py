"""Receipts of inbox objects: what each holds, by type, reason and sequence. Parts join into the object's own.

A receipt saves its reader a download. It decides nothing: the compaction judges every line itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from podemos.core.manifest import commit_first, read
from podemos.core.store import ObjectStore
from podemos.mobile.keys import receipt_key
from podemos.mobile.sequences import merged

_NAMED_REFUSALS = 1000


def part_key(key: str, version: str, first: int) -> str:
    """The receipt of a range of lines, named by where it begins: two invocations of one range meet in it."""
    return f"{receipt_key(key, version)[: -len('.json')]}/{first:09d}.json"


def keep(store: ObjectStore, document: Mapping[str, Any]) -> dict[str, Any]:
    """Writes a receipt of lines; returns the one that was first.

    A receipt of the whole object is its own, unless an earlier invocation was cut and left a part.
    """
    key, version, first = document["key"], document["version"], document["first"]
    part, whole = part_key(key, version, first), receipt_key(key, version)
    alone = first == 1 and document["end"] and store.head(part) is None
    return commit_first(store, whole if alone else part, document)[1]


def join(store: ObjectStore, key: str, version: str) -> str:
    """Writes the object's receipt when its parts are there without a hole; returns its key, else an empty text."""
    whole = receipt_key(key, version)
    if store.head(whole):
        return whole
    parts = [read(store, info.key)[0] for info in store.list(f"{whole[: -len('.json')]}/")]
    if not parts or parts[0]["first"] != 1 or not parts[-1]["end"]:
        return ""
    if any(one["last"] + 1 != other["first"] for one, other in pairwise(parts)):
        return ""
    commit_first(store, whole, _joined(parts))
    return whole


def _joined(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The sum; of a single part, itself."""
    ranges: dict[str, list[list[int]]] = {}
    for part in parts:
        for device, found in part["ranges"].items():
            ranges.setdefault(device, []).extend(found)
    return {
        **parts[-1],
        "first": 1,
        "lines": sum(part["lines"] for part in parts),
        "types": _sum(part["types"] for part in parts),
        "cents": sum(part["cents"] for part in parts),
        "reasons": _sum(part["reasons"] for part in parts),
        "refused": [line for part in parts for line in part["refused"]][:_NAMED_REFUSALS],
        "ranges": {device: merged(found) for device, found in sorted(ranges.items())},
        "known": _sum(part["known"] for part in parts),
    }


def _sum(counts: Any) -> dict[str, int]:
    total: Counter[str] = Counter()
    for count in counts:
        total.update(count)
    return dict(sorted(total.items()))
