"""Certifies each branch and local day, names what differs, and delivers the business day to the report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from podemos.branches import (
    ddl,
    debts,
    decisions,
    deliver,
    keys,
    landing_check,
    look_back,
    movements,
    push,
    quarantine_report,
    revisions,
)
from podemos.branches.certificates import write_certificates
from podemos.branches.examine import Examined, examine, said
from podemos.branches.revisions import Revision
from podemos.branches.rotation import Verified
from podemos.branches.terms import Standing
from podemos.contracts.branches import Branches
from podemos.contracts.tables import tables
from podemos.core import manifest
from podemos.core.clock import Clock, from_iso, iso
from podemos.core.fingerprint import Fingerprint
from podemos.core.money import format_pesos
from podemos.core.store import ObjectStore
from podemos.warehouse.port import Warehouse


def certify_days(
    revision_key: str,
    business_date: date,
    *,
    lake: ObjectStore,
    warehouse: Warehouse,
    clock: Clock,
    config: Branches,
    pilot: int | None = None,
) -> str:
    """Compares source, lake and warehouse for every branch-local day of the fingerprint window.

    A difference is a state with its evidence, never an exception: the report decides what it means.

    Args:
        revision_key: the published revision that was loaded.
        business_date: the day that is delivered to the report.
        lake: the lake.
        warehouse: the warehouse.
        clock: now.
        config: branches and tables.
        pilot: only the first so many branches count.

    Returns:
        The key of the certification manifest.
    """
    revision = revisions.read(lake, revision_key)
    previous = revision.document["previous"] and manifest.read_ref(lake, revision.document["previous"])
    ids = [branch.id for branch in config.branches[:pilot]]
    contracts = tables(config.extraction.tables)
    plan = manifest.read_ref(lake, revision.document["plan"])
    sources = plan["sources"]
    before = debts.newest(lake, revision.number)
    owed = before.get("debts", ())
    decided = decisions.in_force(lake, revision.document)
    examined = [
        examine(revision, table, sources.get(table.name, {}), lake, warehouse, owed, decided) for table in contracts
    ]
    altered = landing_check.altered(lake, revision, contracts, business_date)
    pushed = {branch.id for branch in config.branches if branch.mode == "push"}
    verified = _verified(before, examined)
    lateness = look_back.measured(
        before.get("lateness", {}),
        revision.document.get("healed", {}),
        plan.get("late", {}),
        clock().date(),
        config.extraction.look_back_days,
    )
    certificates = write_certificates(lake, revision, previous or {}, examined, ids, business_date, pushed, verified)
    loaded = {row["tabla"]: int(row["revision"]) for row in warehouse.fetch("branches/ops/select_loads.sql")}
    moving = next((found for found in examined if movements.of(found.table)), None)
    control = moving and _control(
        revision, moving, altered, certificates, ids, business_date, lake, warehouse, config
    )  # fmt: skip
    document = {
        "kind": "branches.certification",
        "revision": revision.ref.to_dict(),
        "business_date": business_date.isoformat(),
        "certified": iso(clock()),
        "loaded": sorted(table for table, number in loaded.items() if number >= revision.number),
        "certificates": certificates,
        "delivered": deliver.deliver(lake, business_date, control) if control else None,
        "branches": control["branches"] if control else _standings(examined, altered, ids),
        "tables": [_summary(found) for found in examined],
        "alerts": _alerts(examined),
        "quarantine": quarantine_report.report(lake, revision)[1].to_dict(),
        "debts": [debt for one in examined for debt in debts.found(one.table, one.terms, owed)],
        "verified": {
            table: {branch: entry.to_dict() for branch, entry in sorted(entries.items())}
            for table, entries in verified.items()
        },
        "lateness": lateness,
        "look_back": look_back.left(lateness, sources),
        "new_columns": [
            {"table": one.table.name, "branch": branch, "columns": entry["new_columns"]}
            for one in examined
            for branch, entry in sorted(one.sources.items())
            if entry.get("new_columns")
        ],
        "walls": [
            {"table": one.table.name, "branch": branch, "day": day} | counts
            for one in examined
            for (day, branch), counts in sorted(one.walls.items())
        ],
        "healed": debts.healed(revision.document.get("healed", {})),
        "messages": [
            *sorted({line for lines in altered.values() for line in lines}),
            *sorted({line for found in examined for lines in found.messages.values() for line in lines}),
        ],
    }
    content = manifest.sha256(manifest.canonical(document))
    key = manifest.commit(lake, keys.certification(revision.number, content), document).key
    push.leave(lake, config, document)
    return key


def _verified(before: Mapping[str, Any], examined: list[Examined]) -> dict[str, dict[str, Verified]]:
    """By table and branch, of which snapshot each slice of the old days was last compared; this time included."""
    known = debts.verified(before.get("verified", {}))
    found: dict[str, dict[str, Verified]] = {}
    for one in examined:
        name = one.table.name
        mine = {branch: entry for (table, branch), entry in known.items() if table == name}
        for branch, (older, as_of) in one.older.items():
            mine[branch] = mine.get(branch, Verified(older.of, {})).after(older, as_of)
        found[name] = mine
    return found


def _summary(found: Examined) -> dict[str, Any]:
    """What was examined of a table, in numbers: branch-days, rows and cents in the warehouse, and how many differ."""
    loaded = sum((terms.warehouse for terms in found.terms.values()), Fingerprint())
    return {
        "table": found.table.name,
        "examined": len(found.terms),
        "certified": sum(terms.hold and terms.source is not None for terms in found.terms.values()),
        "differ": sum(not terms.hold for terms in found.terms.values()),
        "rows": loaded.count,
        "cents": loaded.cents,
        "quarantined": sum(terms.quarantined.count for terms in found.terms.values()),
    }


def _standings(examined: list[Examined], altered: dict[str, list[str]], ids: list[str]) -> list[dict[str, Any]]:
    """The branches where no table holds movements of the report: certified when everything that was examined holds."""
    found = []
    for branch in ids:
        entries = [one.sources.get(branch, {"as_of": None, "cut": True}) for one in examined]
        lines = [line for one in examined for line in one.messages.get(branch, ())] + altered.get(branch, [])
        missing = any(entry["cut"] or not entry["as_of"] for entry in entries)
        state = Standing.DIFFERS if lines else Standing.MISSING if missing else Standing.CERTIFIED
        as_of = min((entry["as_of"] for entry in entries if entry["as_of"]), default=None)
        found.append({"id": branch, "state": str(state), "as_of": as_of, "messages": lines[:3]})
    return found


def _control(
    revision: Revision,
    found: Examined,
    altered: dict[str, list[str]],
    certificates: list[dict[str, str]],
    ids: list[str],
    business_date: date,
    lake: ObjectStore,
    warehouse: Warehouse,
    config: Branches,
) -> dict[str, Any]:
    """The control file of the day; its form is the contract with the report."""
    days = revision.document["days"].get(movements.TABLE, {})
    touched = movements.local_days(business_date)
    files = [file for day in touched if day in days for file in days[day]["files"]]
    mine = movements.by_branch(lake, found.table, files, business_date)
    zones = {branch.id: branch.zone for branch in config.branches}
    waiting = revision.document["quarantine"].get(movements.TABLE, {"files": []})["files"]
    excepted = movements.excepted(lake, found.table, waiting, business_date, zones)
    theirs = {
        f"{row['id_sucursal']:03d}": Fingerprint(int(row["n"]), int(row["cents"]), int(row["digest"]))
        for row in warehouse.fetch(ddl.script(found.table, "select_movements"), {"business_date": business_date})
    }
    branches = []
    for branch in ids:
        lines = [*altered.get(branch, ()), *found.messages.get(branch, ())]  # the cause before its effects
        lines += _moved(branch, business_date, mine.get(branch), theirs.get(branch))
        entry = found.sources.get(branch, {"as_of": None, "cut": True})
        bad = [terms for day in touched if (terms := found.terms.get((day, branch))) and not terms.hold]
        missing = not _shows(entry, business_date)
        differs = bool(bad or altered.get(branch) or mine.get(branch) != theirs.get(branch))
        state = Standing.DIFFERS if differs else Standing.MISSING if missing else Standing.CERTIFIED
        told = lines[:3] if differs else []
        branches.append({"id": branch, "state": str(state), "as_of": entry["as_of"], "messages": told})
    total = sum((mine[branch] for branch in sorted(mine)), Fingerprint())
    pagos = [ref for ref in certificates if f"/{movements.TABLE}/" in ref["key"]]
    return {
        "kind": "lake",
        "source": "sucursales",
        "business_date": business_date.isoformat(),
        "revision": revision.ref.to_dict(),
        "certificates": [ref for ref in pagos if any(f"fecha={day}/" in ref["key"] for day in touched)],
        "files": [{name: file[name] for name in ("key", "rows", "cents", "sha256")} for file in files],
        "rows": total.count,
        "cents": total.cents,
        "digest": str(total.digest),
        "excepted": [one.to_dict() for one in excepted[: movements.MAX_LISTED]],
        "excepted_rows": len(excepted),
        "excepted_cents": sum(one.cents for one in excepted),
        "branches": branches,
    }


def _moved(branch: str, day: date, mine: Fingerprint | None, theirs: Fingerprint | None) -> list[str]:
    """The derived accounting day is no part of the row's text: its movements are compared on their own."""
    if mine == theirs:
        return []
    sides = [f"{side.count if side else 0} movements, {format_pesos(side.cents if side else 0)}"
             for side in (mine, theirs)]  # fmt: skip
    return [f"sucursal {branch}, business day {day}: {sides[0]} curated, {sides[1]} in the warehouse"]


def _alerts(examined: list[Examined]) -> list[dict[str, str]]:
    """The hold-back's alerts, each once per branch: the tables of a branch share a server."""
    told = {(branch, alert) for found in examined for branch, entry in found.sources.items()
            for alert in entry.get("alerts", ())}  # fmt: skip
    return [{"branch": branch, "alert": alert} for branch, alert in sorted(told)]


def _shows(entry: dict[str, Any], business_date: date) -> bool:
    """Whether the branch was seen whole after the business day had ended."""
    heard = said(entry)
    if not heard or not heard["as_of"] or from_iso(heard["as_of"]) < movements.closes(business_date):
        return False
    return not entry["cut"] or str(heard["since"]) <= movements.local_days(business_date)[0]
