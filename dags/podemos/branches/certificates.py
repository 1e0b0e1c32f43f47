"""One certificate per table and day: each branch's terms, how they stand, and what a reader should know beside them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

from podemos.branches import keys, movements
from podemos.branches.examine import Examined, said
from podemos.branches.revisions import Revision
from podemos.branches.rotation import Verified
from podemos.core import manifest
from podemos.core.manifest import Ref
from podemos.core.store import ObjectStore

_THREADS = 16


def write_certificates(
    lake: ObjectStore,
    revision: Revision,
    previous: dict[str, Any],
    examined: list[Examined],
    ids: list[str],
    business_date: date,
    pushed: Collection[str],
    verified: Mapping[str, Mapping[str, Verified]],
) -> list[dict[str, str]]:
    """One certificate per table and day that the report needs, that changed, that differs, or whose turn it was."""
    todo = []
    for found in examined:
        table = found.table.name
        new, old = revision.document["days"].get(table, {}), previous.get("days", {}).get(table, {})
        wanted = {day for day, _ in found.terms if new.get(day) != old.get(day)}
        wanted |= {day for (day, _), terms in found.terms.items() if not terms.hold}
        wanted |= {day for day, branch in found.terms if branch in found.older and found.older[branch][0].holds(day)}
        wanted |= set(movements.local_days(business_date)) if found.table.partitioned else {keys.UNDATED}
        for day in sorted(wanted):
            branches = {
                branch: found.terms[day, branch].to_dict()
                | {"state": str(found.terms[day, branch].standing), "as_of": _as_of(found, day, branch, verified)}
                | _said_beside(found, day, branch, pushed)
                for branch in ids
                if (day, branch) in found.terms
            }
            document = {"kind": "branches.certificate", "table": table, "day": day, "branches": branches}
            todo.append((table, day, document | {"revision": revision.ref.to_dict()}))

    def write(entry: tuple[str, str, dict[str, Any]]) -> Ref:
        table, day, document = entry
        number = revision.number
        while True:  # the same revision looked at again later may say something else: the next free number
            ref, standing, _ = manifest.commit_first(lake, keys.certificate(table, day, number), document)
            if standing == document:
                return ref
            number += 1_000_000

    with ThreadPoolExecutor(_THREADS) as pool:
        return [ref.to_dict() for ref in pool.map(write, todo)]


def _as_of(found: Examined, day: str, branch: str, verified: Mapping[str, Mapping[str, Verified]]) -> str | None:
    """The snapshot as of which the branch's server was compared with the lake; of an old day, maybe weeks ago."""
    if found.terms[day, branch].source is not None:
        heard = said(found.sources.get(branch))
        return str(heard["as_of"]) if heard else None
    known = verified[found.table.name].get(branch)
    return known.of_day(day) if known else None


def _said_beside(found: Examined, day: str, branch: str, pushed: Collection[str]) -> dict[str, Any]:
    """What a reader should know beside the terms: rows decided about, doubtful hours, alerts, and who pulled."""
    decided = [one for one in found.decided if one["branch"] == branch and day in (one["day"], one["source_day"])]
    source, walls = found.sources.get(branch, {}), found.walls.get((day, branch))
    beside = {"decisions": decided, "walls": walls, "mode": "push" if branch in pushed else ""}
    beside |= {name: source.get(name) for name in ("alerts", "new_columns")}
    return {name: value for name, value in beside.items() if value}
