"""What the lake says of the branches now, in lines for a person."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from podemos.branches import decisions, keys, outcomes, quarantine_report, revisions
from podemos.core import manifest
from podemos.core.clock import system_clock
from podemos.core.money import format_pesos
from podemos.core.store import ObjectStore

_KEYS = 5


def status(lake: ObjectStore) -> Iterator[str]:
    """The revision in force, of its newest certification each branch not certified, and pulls that did not end well."""
    yield from _certified(lake)
    for branch, last in outcomes.latest(lake).items():
        if last["state"] != "pulled":
            yield f"  pull of {branch}: {last['state']} at {last['at']}: {last['message']}; {last['remedy']}"


def _certified(lake: ObjectStore) -> Iterator[str]:
    revision = revisions.latest(lake)
    if revision is None:
        yield "no revision yet: run branch_ingestion"
        return
    yield f"revision {revision.number}, planned {revision.document['planned']}"
    newest = newest_certification(lake, revision.number)
    if not newest:
        yield "not certified yet"
        return
    states = [branch["state"] for branch in newest["branches"]]
    counts = ", ".join(f"{states.count(state)} {state}" for state in sorted(set(states)))
    for table in newest.get("tables", ()):
        proven = f"{table['certified']} of {table['examined']} branch-days certified"
        waiting = f", {table['quarantined']} in quarantine" if table["quarantined"] else ""
        yield f"  {table['table']}: {table['rows']} rows, {format_pesos(table['cents'])}, {proven}{waiting}"
    yield f"business day {newest['business_date']}, certified {newest['certified']}: {counts}"
    for branch in newest["branches"]:
        if branch["state"] != "certified":
            yield f"  {branch['id']} {branch['state']}, last snapshot {branch['as_of'] or 'never'}"
    yield from (f"  {line}" for line in newest["messages"])
    for debt in newest.get("debts", ()):
        yield f"  owed: sucursal {debt['branch']}, {debt['day']}, {debt['table']}: the next pull reads what differs"
    for table, branches in newest.get("look_back", {}).items():
        for branch, found in branches.items():
            late = timedelta(seconds=found["seconds"])
            yield f"  late: sucursal {branch}, {table}: rows came up to {late} late; the next pulls look back as far"
    for columns, where in new_columns(newest).items():
        yield f"  new column: {columns}: at {where}"
    for one in newest.get("walls", ()):
        hours = ", ".join(
            _counted(one, kind, words)
            for kind, words in (("fold", "in the hour that came twice"), ("gap", "in the hour that was skipped"))
            if kind in one
        )
        yield f"  clocks were set: sucursal {one['branch']}, {one['day']}, {one['table']}: {hours}"
    for one in newest.get("healed", ()):
        counts = ", ".join(_counted(one, kind) for kind in ("edited", "late", "deleted") if kind in one)
        yield f"  healed: sucursal {one['branch']}, {one['day']}, {one['table']}: {counts}"


def _counted(one: dict[str, Any], kind: str, words: str = "") -> str:
    """``3 edited (41, 57, 60)``, with as many keys as are named; `words` instead of the kind."""
    named, rest = one.get(f"{kind}_keys", [])[:_KEYS], one[kind] - len(one.get(f"{kind}_keys", [])[:_KEYS])
    return f"{one[kind]} {words or kind}" + (f" ({', '.join([*named, *(['…'] if rest else [])])})" if named else "")


def quarantined(lake: ObjectStore) -> Iterator[str]:
    """The quarantine of the revision in force."""
    revision = revisions.latest(lake)
    if revision is None:
        yield "no revision yet: run branch_ingestion"
        return
    document, ref = quarantine_report.report(lake, revision)
    groups = quarantine_report.grouped(document, system_clock())
    for group in groups:
        yield (
            f"{group['table']:12} {group['reason']:24} {group['branch']}  {group['age']:16} {group['rows']:7,} rows "
            f"{format_pesos(group['cents']):>16}"
        )
    yield from (f"  {decision_line(one)}" for one in document.get("decided", ()))
    for one in decisions.not_yet(lake, revision.document):
        yield f"  {decision_line(one)}: for the next curation"
    yield f"since the revision before: {document['arrived']} arrived, {document['left']} left"
    yield "trend: " + ", ".join(f"{step['planned'][:16]} {step['rows']:,}" for step in document["trend"])
    total = quarantine_report.totals(document["rows"])
    decided = len(document.get("decided", ()))
    yield json.dumps({"revision": revision.number} | total | {"decided": decided, "report": ref.key})


def new_columns(certification: Mapping[str, Any]) -> dict[str, str]:
    """Each new column with its table, and the branches that have it: a new release of the till is at many at once."""
    found: dict[str, list[str]] = {}
    for one in certification.get("new_columns", ()):
        for column in one["columns"]:
            found.setdefault(f"{one['table']}.{column}", []).append(one["branch"])
    return {
        column: ", ".join(branches[:_KEYS]) + (f" and {len(branches) - _KEYS} more" if len(branches) > _KEYS else "")
        for column, branches in sorted(found.items())
    }


def decision_line(one: Mapping[str, Any]) -> str:
    """A decision, as in ``sucursal 017, pagos 41: correct by ana: otros_datos='…'; reason``."""
    values = ", ".join(f"{name}={'NULL' if value is None else repr(value)}" for name, value in one["set"].items())
    told = "; ".join(filter(None, [values, one["reason"]]))
    where = f"sucursal {one['branch']}, {one['table']} {one['key']}"
    return f"{where} ({one['waited_for']['reason']}): {one['action']} by {one['by']}: {told}"


def newest_certification(lake: ObjectStore, revision: int) -> dict[str, Any]:
    """The newest certification of a revision; empty when there is none."""
    found = [manifest.read(lake, info.key)[0] for info in lake.list(keys.certifications(revision))]
    return max(found, key=lambda document: str(document["certified"]), default={})
