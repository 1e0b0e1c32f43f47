"""Level 2 of the branch lake: the day's payments in its files = those in the warehouse's history, per branch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from podemos.contracts.sources import Source
from podemos.core.errors import NotFound
from podemos.core.fingerprint import Fingerprint
from podemos.core.manifest import canonical, read, sha256
from podemos.core.money import format_pesos
from podemos.core.store import ObjectStore
from podemos.regulatory.narrow import sealed_amounts
from podemos.regulatory.results import Cause, Level, Pair, Result, Rule, Severity
from podemos.warehouse.port import Warehouse
from podemos.warehouse.statements import Value

NAMED = 20


def compare(
    source: Source,
    entry: Mapping[str, Any],
    sealed: Mapping[str, Any],
    day: date,
    *,
    lake: ObjectStore,
    warehouse: Warehouse,
) -> Result:
    """One result for all branches; a difference names the payments of the branches whose totals differ."""
    rows = warehouse.fetch("regulatory/fingerprint_payments.sql", {"business_date": day})
    held = {
        int(row["id_sucursal"]): Fingerprint(int(row["renglones"]), int(row["centavos"]), int(row["huella"]))
        for row in rows
    }
    lake_holds = {int(branch): Fingerprint.from_dict(total) for branch, total in entry["lake_branches"].items()}
    expected, actual = _pair(lake_holds), _pair(held)
    differing = sorted(b for b in lake_holds.keys() | held.keys() if lake_holds.get(b) != held.get(b))
    if not differing:
        return Result(source.id, Level.WAREHOUSE, Rule.HISTORY, expected, actual)
    loaded = _loaded_revision(warehouse)
    if _moved_on(sealed, day, loaded, lake):
        return Result(
            source.id,
            Level.WAREHOUSE,
            Rule.HISTORY,
            expected,
            actual,
            severity=Severity.YELLOW,
            cause=Cause.LATE,
            unit=f"{differing[0]:03d}",
            detail=f"{source.id}: the warehouse holds revision {loaded} of the lake, later than the sealed one: "
            f"{len(differing)} branch(es) have later data of {day}; it will be a restatement",
        )
    named = list(_payments(source, sealed, day, set(differing), lake, warehouse))
    if not named:
        branches = ", ".join(f"{branch:03d}" for branch in differing)
        named = [f"sucursal {branches}, {day}: the amounts agree, another field of a payment differs in the warehouse"]
    more = f"; and {len(named) - 1} more" if len(named) > 1 else ""
    return Result(
        source.id,
        Level.WAREHOUSE,
        Rule.HISTORY,
        expected,
        actual,
        cause=Cause.CHANGED,
        unit=f"{differing[0]:03d}",
        detail=named[0] + more,
        units=tuple(named[:NAMED]),
    )


def _loaded_revision(warehouse: Warehouse) -> int:
    (row,) = warehouse.fetch("regulatory/select_history_revision.sql")
    return int(row["revision"])


def _moved_on(sealed: Mapping[str, Any], day: date, loaded: int, lake: ObjectStore) -> bool:
    """Whether the loaded revision of the lake has other files of the day than the sealed one: late data, no fault."""
    folder = sealed["lake"]["revision"].rpartition("/")[0]
    try:
        revision, _ = read(lake, f"{folder}/{loaded:012d}.json")
    except NotFound:
        return False
    days = revision.get("days", {}).get("pagos", {})
    local = [(day + timedelta(days=ahead)).isoformat() for ahead in (-1, 0, 1)]
    now = {file["key"] for one in local for file in days.get(one, {}).get("files") or ()}
    return now != {file["key"] for file in sealed["files"]}


def _pair(totals: Mapping[int, Fingerprint]) -> Pair:
    """All branches; the digest is over each one's totals: a row text does not say of which branch it is."""
    total = sum(totals.values(), Fingerprint())
    texts = {str(branch): found.to_dict() for branch, found in totals.items()}
    return Pair(total.count, total.cents, sha256(canonical(texts)))


def _payments(
    source: Source, sealed: Mapping[str, Any], day: date, branches: set[int], lake: ObjectStore, warehouse: Warehouse
) -> Iterator[str]:
    """The payments of these branches that differ, with both amounts."""
    with TemporaryDirectory(prefix="history-") as scratch:
        wanted: dict[int, dict[str, list[int]]] = {branch: {} for branch in branches}
        for name, cents in sealed_amounts(source, sealed, day, lake, Path(scratch)):
            number, _, payment = name.partition("-")
            if int(number) in wanted:
                wanted[int(number)].setdefault(payment, []).append(cents)
    for branch, payments in sorted(wanted.items()):
        held: dict[str, list[int]] = {}
        values: dict[str, Value] = {"business_date": day, "id_sucursal": branch}
        for row in warehouse.fetch("regulatory/select_payments.sql", values):
            held.setdefault(str(row["id_pago"]), []).append(int(row["centavos"]))
        for payment in sorted(payments.keys() | held.keys(), key=int):
            ours, theirs = sorted(payments.get(payment, [])), sorted(held.get(payment, []))
            if ours != theirs:
                yield f"sucursal {branch:03d}, {day}, pago {payment}: {_difference(ours, theirs)}"


def _difference(till: list[int], warehouse: list[int]) -> str:
    """The amounts of a payment in both places: several where it stands several times."""
    there, here = (" and ".join(map(format_pesos, cents)) for cents in (till, warehouse))
    if not till:
        return f"{here} in the warehouse, not at the till"
    return f"{there} at the till, {f'{here} in the warehouse' if warehouse else 'not in the warehouse'}"
