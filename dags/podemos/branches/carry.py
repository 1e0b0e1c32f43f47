"""A curation with nothing to do is finished by its plan: what the lake holds is carried forward, and no job starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from podemos.branches import keys
from podemos.core import manifest
from podemos.core.manifest import Ref
from podemos.core.store import ObjectStore

_NOTHING: dict[str, Any] = {"files": [], "rows": 0}
_RULES = ("tables", "zones", "branches", "servers", "decisions")
"""What else decides about rows: if it changed, everything in quarantine is judged again."""


def carry_forward(lake: ObjectStore, plan: Mapping[str, Any], ref: Ref, planned: Mapping[str, Any]) -> bool:
    """Commits the result of a plan that brings nothing new; False when there is something to curate.

    The days stay as they are, the same rows wait, and what no certification saw in the warehouse is still to be loaded.

    Args:
        lake: the lake.
        plan: the plan, committed as `ref`.
        ref: its reference.
        planned: the plan of the revision before; empty before the first.
    """
    fresh = any(any(plan[what].values()) for what in ("chunks", "ranges", "gone"))
    if fresh or (planned and _rules(plan) != _rules(planned)):
        return False
    tables = {
        table["name"]: {
            "days": {},
            "quarantine": plan["quarantine"].get(table["name"], _NOTHING),
            "delta": plan["pending"].get(table["name"], _NOTHING),
            "decided": plan.get("decided", {}).get(table["name"], _NOTHING),
            "altered": [],
            "healed": {},
        }
        for table in plan["tables"]
    }
    result = {"kind": "branches.result", "plan": ref.to_dict(), "rev": "", "tables": tables}
    manifest.commit_first(lake, keys.result_of(ref.key), result)
    return True


def curated(plan_key: str, *, lake: ObjectStore) -> bool:
    """Whether a plan has its result already: an attempt at it finished, or there was nothing to do."""
    return lake.head(keys.result_of(plan_key)) is not None


def _rules(plan: Mapping[str, Any]) -> bytes:
    return manifest.canonical({name: plan.get(name, {}) for name in _RULES})
