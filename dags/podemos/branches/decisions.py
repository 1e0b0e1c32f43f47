"""What an operator decides about a row in quarantine: an audited event, created once, read by the next curation.

`accept` loads a row as it is although its parent is not there. `correct` loads it with other values in some columns;
the source's own row stays beside it (`decided`). A decision names the row by the SHA-256 of its content: a newer
version from the branch is another row, and is judged afresh. So a decision stands until then, and nobody can take it
back: what the warehouse has at a snapshot is never replaced by something else at the same one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from podemos.branches import fits, keys, revisions
from podemos.branches.revisions import Revision
from podemos.core import manifest
from podemos.core.clock import Clock, iso
from podemos.core.errors import DataFault, NotFound
from podemos.core.fingerprint import row_text
from podemos.core.manifest import Ref
from podemos.core.money import cents_of
from podemos.core.store import ObjectStore
from podemos.core.table import Table

ACCEPTABLE = "padre_desconocido"
"""The one reason that the warehouse can live with. A row with any other has no place there as it is."""
_THREADS = 16
Row = Mapping[str, str | None]
"""A row's contract columns as text, NULL as None."""
Entries = dict[str, list[dict[str, Any]]]
"""By table, what a plan says of each decision: `event` and its `sha256`, `branch`, `row`, `key`, `action`, `set`."""


class Action(StrEnum):
    """How a row leaves quarantine by a person's decision."""

    ACCEPT = "accept"
    CORRECT = "correct"


def content(table: Table, row: Row) -> str:
    """SHA-256 of a row's text over every column of the contract; `decided` computes the same in Spark."""
    return hashlib.sha256(row_text(row[column.name] for column in table.columns)).hexdigest()


def decide(
    lake: ObjectStore,
    action: Action,
    table_name: str,
    branch: str,
    key: str,
    *,
    values: Row,
    reason: str,
    by: str,
    clock: Clock,
) -> tuple[Ref, dict[str, Any]]:
    """Commits the decision about a row that waits in the newest revision.

    Args:
        lake: the lake.
        action: what is decided.
        table_name: the table.
        branch: the branch's id.
        key: the key as the quarantine report writes it, its columns joined by ``/``.
        values: column -> value, of a correction.
        reason: why, in the operator's words.
        by: who.
        clock: now.

    Returns:
        The event's reference and its content.

    Raises:
        DataFault: the decision cannot be carried out; nothing was written. The message has the remedy.
    """
    if not reason.strip() or not by.strip():
        raise DataFault("a decision needs --reason and --by: an audit asks for both")
    if (action is Action.CORRECT) != bool(values):
        raise DataFault("correct needs --set column=value (or --null column), and accept takes none")
    revision, table, waiting = _waiting(lake, table_name, branch, key)
    row = {column.name: None if waiting[column.name] is None else str(waiting[column.name]) for column in table.columns}
    where = f"sucursal {branch}, {table.name} {key}"
    if action is Action.ACCEPT and waiting["motivo"] != ACCEPTABLE:
        raise DataFault(
            f"{where} waits for {waiting['motivo']} ({waiting['detalle']}): the warehouse cannot hold it as it is; "
            "`correct` it, or have the branch correct it"
        )
    chosen = {name: fits.as_carried(table, name, value) for name, value in values.items()}
    if action is Action.CORRECT:
        _refuse_unfit(table, row, chosen, where)
    document = {
        "kind": "branches.decision",
        "action": str(action),
        "table": table.name,
        "branch": branch,
        "key": key,
        "row": content(table, row),
        "snapshot_seq": waiting["snapshot_seq"],
        "waited_for": {"reason": waiting["motivo"], "detail": waiting["detalle"]},
        "set": chosen,
        "reason": reason.strip(),
        "by": by.strip(),
        "at": iso(clock()),
        "revision": revision.ref.to_dict(),
    }
    ref, standing, created = manifest.commit_first(lake, keys.decision(table.name, branch, document["row"]), document)
    if not created and any(standing[name] != document[name] for name in ("action", "set")):
        raise DataFault(
            f"{where} was decided by {standing['by']} at {standing['at']}: {standing['action']}, "
            f"{standing['reason']!r}. That stands until the branch sends the row anew; have the branch correct it"
        )
    return ref, standing


def gather(lake: ObjectStore, known: Entries) -> Entries:
    """All decisions there are, for a plan. Those that the revision before names already are not read again."""
    found = {entry["event"]: (table, entry) for table, entries in known.items() for entry in entries}
    fresh = [info.key for info in lake.list(keys.DECISIONS) if info.key not in found]
    with ThreadPoolExecutor(_THREADS) as pool:
        for document, ref in pool.map(lambda key: manifest.read(lake, key), fresh):
            entry = {"event": ref.key, "sha256": ref.sha256} | {
                name: document[name] for name in ("branch", "row", "key", "action", "set")
            }
            found[ref.key] = document["table"], entry
    gathered: Entries = {}
    for key in sorted(found):
        table, entry = found[key]
        gathered.setdefault(table, []).append(entry)
    return gathered


def in_force(lake: ObjectStore, document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What decisions did to a revision's rows, by table, branch and key.

    Args:
        lake: the lake.
        document: the revision.

    Returns:
        Of each row: `table`, `branch`, `key`, `day` (where it is curated) and `source_day` (where the branch has it),
        `cents` as curated and `source_cents` (None: no amount), `event` with its `sha256`, and of the event `action`,
        `waited_for`, `set`, `reason`, `by`, `at`.
    """
    if not any(decided["rows"] for decided in document.get("decided", {}).values()):
        return []
    contracts = {table["name"]: table for table in manifest.read_ref(lake, document["plan"])["tables"]}
    events = {entry["event"]: entry for entries in document.get("decisions", {}).values() for entry in entries}
    found = []
    for name, decided in sorted(document.get("decided", {}).items()):
        amount = contracts[name]["amount"]
        columns = ["id_sucursal", "evento", "clave", "dia", "dia_origen", *filter(None, [amount])]
        for file in decided["files"]:
            for row in pq.read_table(pa.BufferReader(lake.get(file["key"])), columns=columns).to_pylist():
                entry = events[row["evento"]]
                event = manifest.read_ref(lake, Ref(entry["event"], entry["sha256"]))
                theirs = None if not amount or row[amount] is None else cents_of(row[amount])
                mine = cents_of(Decimal(event["set"][amount])) if event["set"].get(amount) else theirs
                found.append(
                    {"table": name, "branch": f"{row['id_sucursal']:03d}", "key": row["clave"], "day": row["dia"]}
                    | {"source_day": row["dia_origen"], "source_cents": theirs, "cents": mine}
                    | {"event": entry["event"], "sha256": entry["sha256"]}
                    | {field: event[field] for field in ("action", "waited_for", "set", "reason", "by", "at")}
                )
    return sorted(found, key=lambda one: (one["table"], one["branch"], len(one["key"]), one["key"]))


def not_yet(lake: ObjectStore, document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Events that no curation has read as of a revision."""
    read = {entry["event"] for entries in document.get("decisions", {}).values() for entry in entries}
    return [manifest.read(lake, info.key)[0] for info in lake.list(keys.DECISIONS) if info.key not in read]


def _waiting(lake: ObjectStore, name: str, branch: str, key: str) -> tuple[Revision, Table, dict[str, Any]]:
    """The row of that key in the newest revision's quarantine, and its contract."""
    revision = revisions.latest(lake)
    if revision is None:
        raise DataFault("no revision yet, so nothing waits: run branch_ingestion")
    contracts = {found["name"]: found for found in manifest.read_ref(lake, revision.document["plan"])["tables"]}
    if name not in contracts:
        raise DataFault(f"no table {name!r}: there are {', '.join(sorted(contracts))}")
    table = Table.from_dict(contracts[name])
    files: Iterable[Mapping[str, Any]] = revision.document["quarantine"].get(name, {"files": []})["files"]
    for file in files:
        for row in _rows(lake, file["key"]):
            if f"{row['id_sucursal']:03d}" == branch and key == "/".join(str(row[c]) for c in table.primary_key):
                return revision, table, row
    raise DataFault(
        f"sucursal {branch}, {name} {key} does not wait in quarantine as of revision {revision.number}: it was "
        "released, it is of another branch, or the key is wrong; `python -m podemos.branches quarantine` names the "
        "report that lists all keys"
    )


def _rows(lake: ObjectStore, key: str) -> list[dict[str, Any]]:
    try:
        return list(pq.read_table(pa.BufferReader(lake.get(key))).to_pylist())
    except (NotFound, pa.ArrowInvalid, OSError) as error:
        raise DataFault(f"{lake.uri(key)}: {error}; restore it from its version history") from None


def _refuse_unfit(table: Table, row: Row, chosen: Row, where: str) -> None:
    for column in table.columns:
        fault = fits.fault(table, column.name, chosen.get(column.name, row[column.name]))
        if fault:
            raise DataFault(f"{where} would still not fit: column {column.name} {fault}; set it, too")
