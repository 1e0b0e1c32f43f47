"""How each branch's last pull ended: an index over the batch manifests, for whoever looks and for the alarms."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from podemos.branches import keys
from podemos.core.errors import NotFound
from podemos.core.store import ObjectStore

_KEPT = ("state", "message", "remedy")


def remember(lake: ObjectStore, batches: Iterable[Mapping[str, Any]]) -> None:
    """Enters what the batches of a run say; branches that were not due keep their entry."""
    fresh = {
        branch["branch"]: {name: branch[name] for name in _KEPT} | {"at": batch["finished"]}
        for batch in batches
        for branch in batch["branches"]
    }
    if fresh:
        lake.replace(keys.OUTCOMES, json.dumps(latest(lake) | fresh, ensure_ascii=False, sort_keys=True).encode())


def latest(lake: ObjectStore) -> dict[str, dict[str, str]]:
    """By branch: `state`, `message`, `remedy`, and `at`, when its batch ended. Empty before the first run."""
    try:
        found: dict[str, dict[str, str]] = json.loads(lake.get(keys.OUTCOMES))
    except (NotFound, ValueError):
        return {}
    return found
