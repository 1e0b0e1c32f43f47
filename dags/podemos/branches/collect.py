"""Gathers what was landed since the previous revision, also by batches that crashed, into one plan of a curation."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any

from podemos.branches import carry, decisions, keys, look_back, outcomes, revisions
from podemos.branches.landing import Part
from podemos.branches.ranges import whole
from podemos.branches.revisions import Revision
from podemos.contracts.branches import Branches
from podemos.contracts.loading import config_file
from podemos.contracts.tables import tables
from podemos.core import manifest
from podemos.core.clock import Clock, iso
from podemos.core.errors import AlreadyExists
from podemos.core.store import ObjectStore
from podemos.core.zones import zone_table

_THREADS = 16
Mark = tuple[int, int]
"""Sequence and part of the last part of a branch-table that a revision holds."""


def plan_curation(batch_keys: list[str], *, lake: ObjectStore, clock: Clock, config: Branches) -> str:
    """Writes the plan of the next revision; when it brings nothing new also its result, so that no job has to run.

    Args:
        batch_keys: batch manifests of this run: they save reading what they quote, and decide nothing.
        lake: the lake.
        clock: now.
        config: branches and tables.

    Returns:
        The plan's key.
    """
    now, previous = clock(), revisions.latest(lake)
    before = previous.document if previous else {}
    planned = manifest.read_ref(lake, before["plan"]) if previous else {}
    batches = _batches(lake, batch_keys)
    outcomes.remember(lake, batches)
    known = {pull["key"]: Part.from_dict(pull["part"]) for found in batches for pull in found["pulls"]}
    marks = {tuple(name.split("#")): _mark(text) for name, text in before.get("landed", {}).items()}
    fresh, landed = _fresh(lake, _days(before, now), marks)
    parts = _read(lake, fresh, known)
    ranges = whole(lake, parts)
    parts += [part for found in ranges for part in found.parts if part not in parts]
    contracts = tables(config.extraction.tables)
    document = {
        "kind": "branches.plan",
        "revision": (previous.number if previous else 0) + 1,
        "previous": previous.ref.to_dict() if previous else None,
        "planned": iso(now),
        "tables": [table.to_dict() for table in contracts],
        "zones": _zones(lake),
        "branches": {branch.id: branch.zone for branch in config.branches},
        "servers": {branch.id: branch.server_zone for branch in config.branches if branch.server_zone},
        "chunks": {
            table.name: before.get("altered", {}).get(table.name, []) + _chunks(parts, table.name)
            for table in contracts
        },
        "ranges": {
            table.name: [found.to_dict() for found in ranges if found.parts[0].table == table.name]
            for table in contracts
        },
        "gone": {table.name: _gone(parts, table.name) for table in contracts},
        "late": _late(planned.get("sources", {}), config.extraction.look_back_hours),
        "sources": _sources(planned.get("sources", {}), parts),
        "landed": {"#".join(name): f"{seq}-{part}" for name, (seq, part) in sorted((marks | landed).items())},
        "days": before.get("days", {}),
        "quarantine": before.get("quarantine", {}),
        "decisions": decisions.gather(lake, before.get("decisions", {})),
        "decided": before.get("decided", {}),
        "pending": _pending(lake, previous),
    }
    content = manifest.sha256(manifest.canonical(document))
    ref = manifest.commit(lake, keys.plan(document["revision"], content), document)
    carry.carry_forward(lake, document, ref, planned)
    return ref.key


def _fresh(
    lake: ObjectStore, prefixes: list[str], marks: dict[Any, Mark]
) -> tuple[list[str], dict[tuple[str, str], Mark]]:
    """Keys of pull manifests above the marks, and the new marks.

    Listed twice: the first listing fixes how far to go, the second collects. A part is committed before any part of a
    later sequence, so everything up to a mark seen by the first listing is in the second, though no listing is atomic.
    A part below a mark that shows up later belongs to a worker that had lost its lease: its rows are pulled again.
    """
    reach: dict[tuple[str, str], Mark] = {}
    for key in _listed(lake, prefixes):
        table, branch, *mark = keys.pull_of(key)
        if tuple(mark) > max(marks.get((table, branch), (0, 0)), reach.get((table, branch), (0, 0))):
            reach[table, branch] = (mark[0], mark[1])
    chosen = []
    for key in _listed(lake, prefixes):
        table, branch, *mark = keys.pull_of(key)
        if marks.get((table, branch), (0, 0)) < tuple(mark) <= reach.get((table, branch), (0, 0)):
            chosen.append(key)
    return chosen, reach


def _listed(lake: ObjectStore, prefixes: list[str]) -> list[str]:
    return [found.key for prefix in prefixes for found in lake.list(prefix)]


def _days(before: dict[str, Any], now: datetime) -> list[str]:
    """Prefixes to list: extraction days since the previous plan, one day of overlap; everything before the first."""
    if not before:
        return [keys.PULLS]
    first, last = date.fromisoformat(before["planned"][:10]) - timedelta(days=2), zone_table().accounting_day(now)
    return [keys.pulls_of(first + timedelta(days=ahead)) for ahead in range((last - first).days + 1)]


def _batches(lake: ObjectStore, batch_keys: list[str]) -> list[dict[str, Any]]:
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(lambda key: manifest.read(lake, key)[0], batch_keys))


def _read(lake: ObjectStore, wanted: list[str], known: dict[str, Part]) -> list[Part]:
    missing = [key for key in wanted if key not in known]
    with ThreadPoolExecutor(_THREADS) as pool:
        read = dict(zip(missing, pool.map(lambda key: Part.from_dict(manifest.read(lake, key)[0]), missing),
                        strict=True))  # fmt: skip
    return sorted((known.get(key) or read[key] for key in wanted), key=lambda part: (part.seq, part.part))


def _chunks(parts: list[Part], table: str) -> list[dict[str, Any]]:
    """Chunks landed since; those a curation refused, because their bytes had changed, are tried again beside them."""
    return [
        {"key": p.chunk.key, "sha256": p.chunk.sha256, "rows": p.chunk.rows, "cents": p.chunk.cents}
        | {"branch": p.branch, "seq": p.seq, "pull": p.key, "range": p.range is not None and p.range.owed}
        for p in parts
        if p.table == table and p.chunk
    ]


def _gone(parts: list[Part], table: str) -> list[dict[str, Any]]:
    """Keys that a narrowed range asked the branch for and that were not there: each part states it by itself."""
    return [
        {"branch": p.branch, "day": p.range.day, "seq": p.seq, "keys": [list(key) for key in p.range.gone]}
        for p in parts
        if p.table == table and p.range and p.range.gone
    ]


def _late(before: dict[str, Any], hours: int) -> dict[str, dict[str, look_back.Window]]:
    """By table and branch, the cursors of rows that came late if this plan heals them."""
    windows = {
        table: {branch: look_back.window(entry, hours) for branch, entry in branches.items()}
        for table, branches in before.items()
    }
    return {table: {branch: one for branch, one in found.items() if one} for table, found in windows.items()}


def _sources(before: dict[str, Any], parts: list[Part]) -> dict[str, Any]:
    """What each branch's own server said of each table, by the newest snapshot read to its end.

    A cut pull (its parts are landed, its end is not) marks the entry: rows may be newer than the fingerprints.
    """
    sources = {table: dict(branches) for table, branches in before.items()}
    for part in parts:
        entries = sources.setdefault(part.table, {})
        if not part.final:
            entries[part.branch] = _cut(entries.get(part.branch, {"fingerprints": {}, "as_of": None}), part)
            continue
        entries[part.branch] = {
            "pull": part.key,
            "seq": part.seq,
            "as_of": iso(part.as_of),
            "clock": part.clock,
            "clock_before": entries.get(part.branch, {}).get("clock", ""),
            "since": part.since.isoformat() if part.since else None,
            "older": part.older.to_dict() if part.older else None,
            "contract": part.contract,
            "new_columns": list(part.new_columns),
            "alerts": list(part.hold_back.alerts) if part.hold_back else [],
            "cut": False,
            "fingerprints": {day: value.to_dict() for day, value in part.fingerprints.items()},
        }
    return sources


def _cut(entry: dict[str, Any], part: Part) -> dict[str, Any]:
    """The entry after a part that is not a snapshot's last page.

    A range after the last page is of the same snapshot and changes nothing. The newest days of a long gap (`newest`)
    come with their own totals, under `ahead`; these hold until rows of a later snapshot may touch the days.
    """
    if part.range and entry.get("seq") == part.seq:
        return entry
    found = entry | {"cut": True}
    if part.range and part.since:
        totals = {day: value.to_dict() for day, value in part.fingerprints.items()}
        return found | {
            "ahead": {
                "seq": part.seq,
                "as_of": iso(part.as_of),
                "since": part.since.isoformat(),
                "fingerprints": totals,
            }
        }
    ahead = found.get("ahead")
    if ahead and part.seq != ahead["seq"]:
        by_cursor = part.range is None and part.first is None  # a first load's page may hold rows of any day
        below = by_cursor and part.reached is not None and part.reached.cursor[:10] < ahead["since"]
        if not below:
            found.pop("ahead")
    return found


def _pending(lake: ObjectStore, previous: Revision | None) -> dict[str, Any]:
    """Deltas that no certification has seen in the warehouse yet: the next delta carries them, too."""
    if previous is None:
        return {}
    waiting = dict(previous.document["delta"])
    for found in lake.list(keys.certifications(previous.number)):
        for table in manifest.read(lake, found.key)[0]["loaded"]:
            waiting.pop(table, None)
    return waiting


def _zones(lake: ObjectStore) -> dict[str, str]:
    """The zone table, stored once under its content."""
    data = config_file("zones.csv").read_bytes()
    digest = manifest.sha256(data)
    with contextlib.suppress(AlreadyExists):
        lake.put_new(keys.zones(digest), data, "text/csv")
    return {"key": keys.zones(digest), "sha256": digest}


def _mark(text: str) -> Mark:
    seq, part = text.split("-")
    return int(seq), int(part)
