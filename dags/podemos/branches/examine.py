"""Looks at what source, lake and warehouse say of each branch and day of a table, and puts what differs into words."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from podemos.branches import ddl, keys, narrow, rotation
from podemos.branches.revisions import Revision
from podemos.branches.rotation import Older
from podemos.branches.terms import Terms, terms_of
from podemos.core import manifest
from podemos.core.fingerprint import Fingerprint
from podemos.core.store import ObjectStore
from podemos.core.table import Table
from podemos.warehouse.port import Warehouse

_THREADS = 16
_NARROWED = 10
"""So many differing branch-days are narrowed to rows in one run; each costs one query."""
_FAR = date(9999, 12, 31)


@dataclass(frozen=True, slots=True)
class Examined:
    """What the branches' servers said of a table, its terms by (day, branch), and what differs, in words by branch.

    Attributes:
        older: by branch, what it was asked about beside its window, and the instant before that snapshot.
        decided: rows that are curated by a person's decision; see `decisions.in_force`.
        walls: by (day, branch), rows in a doubled or skipped hour; see `wall_times`.
    """

    table: Table
    sources: dict[str, Any]
    terms: dict[tuple[str, str], Terms]
    messages: dict[str, list[str]]
    older: dict[str, tuple[Older, str]] = field(default_factory=dict)
    decided: list[dict[str, Any]] = field(default_factory=list)
    walls: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)


def examine(
    revision: Revision,
    table: Table,
    sources: dict[str, Any],
    lake: ObjectStore,
    warehouse: Warehouse,
    owed: Collection[Mapping[str, str]] = (),
    decided: Collection[dict[str, Any]] = (),
) -> Examined:
    """All five terms of every branch and day of the window, and the rows of what the warehouse has otherwise.

    Beside the window, the old days that a branch was asked about. A branch whose last pull was cut is not compared with
    its server: rows may be newer than its fingerprints. What was `owed` has terms even where no side has a row left.
    """
    heard = {branch: said(entry) for branch, entry in sources.items()}
    older = {
        branch: (asked, str(entry["as_of"]))
        for branch, entry in heard.items()
        if entry and (asked := Older.from_dict(entry.get("older")))
    }
    since = min((since_of(heard[branch] or entry) for branch, entry in sources.items()), default=_FAR)
    slices = rotation.touched(asked for asked, _ in older.values())
    days = {
        day: entry
        for day, entry in revision.document["days"].get(table.name, {}).items()
        if _within(table, day, since) or any(one.holds(day) for one in slices)
    }
    with ThreadPoolExecutor(_THREADS) as pool:
        documents = dict(zip(days, pool.map(lambda e: manifest.read_ref(lake, e["manifest"]), days.values()),
                             strict=True))  # fmt: skip
    loaded = _loaded(table, since, slices, warehouse)
    wanted = {(day, branch) for day, found in documents.items() for branch in found["branches"]} | loaded.keys()
    wanted |= {(debt["day"], debt["branch"]) for debt in owed if debt["table"] == table.name}
    wanted |= {(day, branch) for branch, entry in heard.items() if entry for day in entry["fingerprints"]}
    terms = {}
    for day, branch in wanted:
        source, entry = None, heard.get(branch)
        turn = branch in older and older[branch][0].holds(day)
        if entry and (turn or _within(table, day, since_of(entry))):
            prints = entry["fingerprints"]
            source = Fingerprint.from_dict(prints[day]) if day in prints else Fingerprint()
        lake_terms = documents[day]["branches"].get(branch, {}) if day in documents else {}
        terms[day, branch] = terms_of(source, lake_terms, loaded.get((day, branch), Fingerprint()))
    mine = [one for one in decided if one["table"] == table.name]
    walls = {(day, branch): found for day, document in documents.items()
             for branch, found in document.get("walls", {}).items()}  # fmt: skip
    return Examined(table, sources, terms, _messages(table, terms, days, lake, warehouse), older, mine, walls)


def _messages(
    table: Table, terms: dict[tuple[str, str], Terms], days: dict[str, Any], lake: ObjectStore, warehouse: Warehouse
) -> dict[str, list[str]]:
    messages: dict[str, list[str]] = {}
    narrowed = 0
    for (day, branch), found in sorted(terms.items()):
        if found.hold:
            continue
        lines = found.faults(narrow.where(table, branch, day))
        if not found.loaded and narrowed < _NARROWED:
            narrowed += 1
            values: dict[str, Any] = {"branch": int(branch)} | ({"day": day} if table.partitioned else {})
            theirs = warehouse.fetch(ddl.script(table, "select_rows"), values)
            mine = narrow.curated_rows(lake, table, days.get(day, {}).get("files", ()), branch)
            rows = narrow.against_warehouse(table, branch, day, mine, narrow.warehouse_rows(table, theirs))
            lines = [line for line in lines if "in the warehouse" not in line] + rows if rows else lines
        messages.setdefault(branch, []).extend(lines)
    return messages


def _loaded(table: Table, since: date, slices: list[Older], warehouse: Warehouse) -> dict[tuple[str, str], Fingerprint]:
    """Control totals of the warehouse by (day, branch)."""
    rows = list(
        warehouse.fetch(ddl.script(table, "select_fingerprints"), {"since": since} if table.partitioned else {})
    )
    for cut in slices:
        for number in cut.slices:
            values = {"of": cut.of, "slice": number}
            rows += warehouse.fetch(ddl.script(table, "select_older_fingerprints"), values)
    return {
        (str(row["dia"])[:10] or keys.UNDATED, f"{row['id_sucursal']:03d}"): Fingerprint(
            int(row["n"]), int(row["cents"]), int(row["digest"])
        )
        for row in rows
    }


def said(entry: dict[str, Any] | None) -> dict[str, Any] | None:
    """What a branch's server said of the rows that are landed: all of its window, or the newest days of a gap."""
    if entry is None or not entry["cut"]:
        return entry
    ahead: dict[str, Any] | None = entry.get("ahead")
    return ahead


def since_of(entry: dict[str, Any]) -> date:
    """The first day that a branch's server spoke of; none when it said nothing."""
    return date.fromisoformat(entry["since"]) if entry.get("since") else _FAR


def _within(table: Table, day: str, since: date) -> bool:
    """Whether a day lies in the window; the one partition of an undated table always does."""
    return not table.partitioned or day >= since.isoformat()
