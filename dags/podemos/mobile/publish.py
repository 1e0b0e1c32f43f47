"""Publishes a compaction: one create-once manifest. Readers see the revision before or this one, never both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from podemos.core import manifest
from podemos.core.errors import NotFound, SourceUnavailable
from podemos.core.store import ObjectStore
from podemos.mobile import arrivals, places, revisions
from podemos.mobile.partition import month_of
from podemos.mobile.plan import Engine
from podemos.mobile.revisions import Revision


def publish_revision(
    plan_key: str, *, lake: ObjectStore, backlog: Callable[[dict[str, Any]], None] | None = None
) -> str:
    """Makes the result of a plan the tables' state.

    If another compactor published this number first, its revision stands and ours is discarded: none of our objects is
    covered by it unless it compacted them itself, so the next plan takes what is left.

    Args:
        plan_key: the plan; its result must be there.
        lake: the lake.
        backlog: told when objects were left for the next revision.

    Returns:
        The key of the revision in force.

    Raises:
        SourceUnavailable: the compaction has not finished.
    """
    plan, plan_ref = manifest.read(lake, plan_key)
    if plan["engine"] == Engine.NONE:
        return _standing(plan)
    try:
        result, result_ref = manifest.read(lake, places.result_of(plan_key))
    except NotFound as missing:
        raise SourceUnavailable(f"{missing}: the compaction of {plan_key} did not finish; run it again") from None
    before = revisions.read(lake, plan["previous"]["key"]) if plan["previous"] else Revision()
    document = {
        "kind": "mobile.revision",
        "revision": plan["revision"],
        "previous": plan["previous"],
        "plan": plan_ref.to_dict(),
        "result": result_ref.to_dict(),
        "listed": plan["listed"],
        "months": _months(lake, before, result),
        "covered": arrivals.covering(lake, before, [(key, etag) for key, etag, _ in plan["objects"]]),
        "delta": result["delta"],
        "skew": result["skew"],
        "totals": result["totals"],
    }
    key = places.revision(plan["revision"])
    _, standing, _ = manifest.commit_first(lake, key, document)
    revisions.remember(lake, key)
    left = plan["left"] if standing["plan"] == document["plan"] else len(plan["objects"])
    if left and backlog is not None:
        backlog({"manifest": key, "objects": left})
    return key


def _standing(plan: dict[str, Any]) -> str:
    return str(plan["previous"]["key"]) if plan["previous"] else ""


def _months(lake: ObjectStore, before: Revision, result: dict[str, Any]) -> dict[str, Any]:
    """The month nodes after a result: those it touches are written anew."""
    touched: dict[str, dict[str, Any]] = {}
    for name, partition in result["partitions"].items():
        touched.setdefault(month_of(name), {})[name] = partition
    found = dict(before.months)
    for month, partitions in sorted(touched.items()):
        old = manifest.read_ref(lake, before.months[month])["partitions"] if month in before.months else {}
        node = {"kind": "mobile.month", "month": month, "partitions": old | partitions}
        content = manifest.sha256(manifest.canonical(node))
        found[month] = manifest.commit(lake, places.month(month, content), node).to_dict()
    return found
