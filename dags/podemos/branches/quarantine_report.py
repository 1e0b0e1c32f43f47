"""What waits in quarantine, since when, and for how much: reason x branch, ages and trend, one document per revision.

With it, which rows left by a decision (`decisions`), and by whose.

A revision's quarantine files hold all rows that wait as of it. Since when a row waits is known from the report of the
revision before: a row that was there keeps its date, a new one gets the revision's own. So each report is a function of
one revision and of the report before, it is written once, and one that is missing is made when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from podemos.branches import decisions, keys, revisions
from podemos.branches.revisions import Revision
from podemos.core import manifest
from podemos.core.clock import from_iso
from podemos.core.errors import NotFound
from podemos.core.manifest import Ref
from podemos.core.money import cents_of
from podemos.core.store import ObjectStore

AGES = ((1, "< 1 day"), (7, "< 7 days"), (30, "< 30 days"))
OLDEST = "30 days and more"
TREND = 7
"""So many revisions before are compared with."""
Identity = tuple[str, str, str]
"""Table, branch and key."""


def report(lake: ObjectStore, revision: Revision) -> tuple[dict[str, Any], Ref]:
    """The report of a revision; written now, like those of earlier revisions, when nobody has asked before.

    Its `rows` name each waiting row (table, branch, key, reason, cents or None where no amount can be read, since);
    no other column of the row is in it. Its `decided` are the rows that are curated by a person's decision.
    """
    missing, found = [revision], None
    while found is None and (before := missing[-1].document["previous"]):
        try:
            found = manifest.read(lake, keys.quarantine_report(int(before["key"][-17:-5])))
        except NotFound:
            missing.append(revisions.read(lake, before["key"]))
    for step in reversed(missing):
        document = _document(lake, step, found)
        ref, standing, _ = manifest.commit_first(lake, keys.quarantine_report(step.number), document)
        found = standing, ref
    assert found is not None  # noqa: S101 - at least the revision itself was missing or read
    return found


def _document(lake: ObjectStore, revision: Revision, before: tuple[dict[str, Any], Ref] | None) -> dict[str, Any]:
    since: dict[Identity, str] = {}
    if before:
        since = {(row["table"], row["branch"], row["key"]): row["since"] for row in before[0]["rows"]}
    rows = [
        row | {"since": since.get((row["table"], row["branch"], row["key"]), revision.document["planned"])}
        for row in _waiting(lake, revision)
    ]
    now = {(row["table"], row["branch"], row["key"]) for row in rows}
    summary = {"revision": revision.number, "planned": revision.document["planned"]} | totals(rows)
    return {
        "kind": "branches.quarantine_report",
        "revision": revision.ref.to_dict(),
        "previous": before[1].to_dict() if before else None,
        "rows": rows,
        "decided": decisions.in_force(lake, revision.document),
        "arrived": len(now - since.keys()),
        "left": len(since.keys() - now),
        "trend": [*(before[0]["trend"] if before else []), summary][-TREND:],
    }


def _waiting(lake: ObjectStore, revision: Revision) -> Iterator[dict[str, Any]]:
    """Rows by table, branch and key."""
    contracts = {table["name"]: table for table in manifest.read_ref(lake, revision.document["plan"])["tables"]}
    for name, waiting in sorted(revision.document["quarantine"].items()):
        table, found = contracts[name], []
        columns = ["id_sucursal", "motivo", *dict.fromkeys([*table["primary_key"], *filter(None, [table["amount"]])])]
        for file in waiting["files"]:
            for row in pq.read_table(pa.BufferReader(lake.get(file["key"])), columns=columns).to_pylist():
                amount = row[table["amount"]] if table["amount"] else None
                found.append(
                    {
                        "table": name,
                        "branch": f"{row['id_sucursal']:03d}",
                        "key": "/".join(str(row[column]) for column in table["primary_key"]),
                        "reason": row["motivo"],
                        "cents": None if amount is None else cents_of(amount),
                    }
                )
        yield from sorted(found, key=lambda row: (row["branch"], len(row["key"]), row["key"]))


def totals(rows: list[dict[str, Any]]) -> dict[str, int]:
    """Rows and cents; an unreadable amount counts as a row."""
    return {"rows": len(rows), "cents": sum(row["cents"] or 0 for row in rows)}


def grouped(document: dict[str, Any], now: datetime) -> list[dict[str, Any]]:
    """Totals by table, reason, branch and age, the most cents first.

    Args:
        document: a report.
        now: ages are counted to here.
    """
    groups: dict[tuple[str, str, str, str], list[dict[str, Any]]] = {}
    for row in document["rows"]:
        where = row["table"], row["reason"], row["branch"], _age(row["since"], now)
        groups.setdefault(where, []).append(row)
    names = ("table", "reason", "branch", "age")
    found = [dict(zip(names, where, strict=True)) | totals(rows) for where, rows in sorted(groups.items())]
    return sorted(found, key=lambda group: -abs(group["cents"]))


def _age(since: str, now: datetime) -> str:
    days = (now - from_iso(since)).days
    return next((name for limit, name in AGES if days < limit), OLDEST)
