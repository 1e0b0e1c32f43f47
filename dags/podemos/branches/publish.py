"""Publishes a curation: one create-once manifest is the new revision; then the catalog points at its folders."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from podemos.branches import catalog as catalogs
from podemos.branches import keys, revisions
from podemos.core import manifest
from podemos.core.errors import NotFound, SourceUnavailable
from podemos.core.store import ObjectStore

_THREADS = 16


def publish_revision(plan_key: str, *, lake: ObjectStore, catalog: Any = None, database: str = "podemos") -> str:
    """Makes the result of a plan the lake's state.

    If another plan of the same number was published first, that one stands: what this one gathered is gathered again by
    the next plan, since only a published revision moves the marks.

    Args:
        plan_key: the plan; its result must be there.
        lake: the lake.
        catalog: a boto3 `glue` client, or None to leave the catalog alone.
        database: the catalog's database.

    Returns:
        The key of the revision in force.

    Raises:
        SourceUnavailable: the curation has not finished.
    """
    plan, plan_ref = manifest.read(lake, plan_key)
    try:
        result, result_ref = manifest.read(lake, keys.result_of(plan_key))
    except NotFound as missing:
        raise SourceUnavailable(f"{missing}: the curation of {plan_key} did not finish; run it again") from None
    before = plan["previous"] and manifest.read_ref(lake, plan["previous"])
    decided = bool(before) and plan.get("decisions", {}) != before.get("decisions", {})
    if before and plan["landed"] == before["landed"] and not any(before["altered"].values()) and not decided:
        return str(plan["previous"]["key"])
    document = {
        "kind": "branches.revision",
        "revision": plan["revision"],
        "previous": plan["previous"],
        "plan": plan_ref.to_dict(),
        "result": result_ref.to_dict(),
        "planned": plan["planned"],
        "landed": plan["landed"],
        "chunks": {table["name"]: plan["chunks"][table["name"]] for table in plan["tables"] if table["amount"]},
        "days": _days(lake, plan, result),
        "quarantine": {name: found["quarantine"] for name, found in result["tables"].items()},
        "delta": {name: found["delta"] for name, found in result["tables"].items()},
        "decisions": plan.get("decisions", {}),
        "decided": {name: found["decided"] for name, found in result["tables"].items() if found.get("decided")},
        "healed": {name: found["healed"] for name, found in result["tables"].items() if found.get("healed")},
        "altered": {
            name: [chunk for chunk in plan["chunks"][name] if chunk["key"] in set(found["altered"])]
            for name, found in result["tables"].items()
        },
    }
    key = keys.revision(plan["revision"])
    _, standing, _ = manifest.commit_first(lake, key, document)
    revisions.remember(lake, key)
    if catalog is not None and standing["plan"] == document["plan"]:
        catalogs.register(catalog, database, lake, plan["tables"], standing, before or {})
    return key


def _days(lake: ObjectStore, plan: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    """Curated days after this result: files, and the manifest with the control totals of each branch."""
    days = {table: dict(found) for table, found in plan["days"].items()}
    todo: list[tuple[str, str, dict[str, Any]]] = []
    for table, found in result["tables"].items():
        known = days.setdefault(table, {})
        for day, entry in found["days"].items():
            files = known.get(day, {}).get("files", []) if entry["files"] is None else entry["files"]
            walls = {"walls": entry["walls"]} if entry.get("walls") else {}
            todo.append((table, day, {"files": files, "branches": entry["branches"]} | walls))

    def write(entry: tuple[str, str, dict[str, Any]]) -> manifest.Ref | None:
        table, day, found = entry
        document = {"kind": "branches.day", "table": table, "day": day, "plan": result["plan"], **found}
        old = days[table].get(day)
        if old and old["files"] == found["files"] and old["branches"] == _digest(found["branches"]):
            return None
        return manifest.commit(lake, keys.day_manifest(table, day, result["rev"]), document)

    with ThreadPoolExecutor(_THREADS) as pool:
        refs = list(pool.map(write, todo))
    for (table, day, found), ref in zip(todo, refs, strict=True):
        if ref is not None:
            days[table][day] = {
                "manifest": ref.to_dict(),
                "files": found["files"],
                "branches": _digest(found["branches"]),
            }
    return days


def _digest(branches: dict[str, Any]) -> str:
    """Tells whether any branch's terms changed."""
    return manifest.sha256(manifest.canonical(branches))
