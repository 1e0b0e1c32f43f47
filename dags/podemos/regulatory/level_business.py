"""Level 3: the rules of the business, as SQL over the loaded day; each contributes counts and cents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from podemos.contracts.sources import Source, Sources
from podemos.core.money import format_pesos
from podemos.core.states import State
from podemos.regulatory.results import Cause, Level, Pair, Result, Rule, Severity
from podemos.warehouse.port import Warehouse

CERTIFIED, DIFFERS = "certified", "differs"
NAMED = 250
"""Units one result names: every branch fits."""


def compare(sources: Sources, entries: Sequence[Mapping[str, Any]], day: date, warehouse: Warehouse) -> list[Result]:
    """The results of all sources at level 3."""
    present = [entry for entry in entries if entry["state"] != State.MISSING]
    return [*without_clients(sources, entries, day, warehouse), *_clients(present, day, warehouse)]


def without_clients(
    sources: Sources, entries: Sequence[Mapping[str, Any]], day: date, warehouse: Warehouse
) -> list[Result]:
    """The results that need the day's movements alone."""
    present = [entry for entry in entries if entry["state"] != State.MISSING]
    return [
        *_balanced(sources, present, day, warehouse),
        *_unique(present, day, warehouse),
        *(result for entry in present if entry["branches"] for result in _branches(entry)),
    ]


def _result(source: str, rule: Rule, expected: Pair, actual: Pair, **more: Any) -> Result:
    return Result(source, Level.BUSINESS, rule, expected, actual, **more)


def _balanced(
    sources: Sources, present: Sequence[Mapping[str, Any]], day: date, warehouse: Warehouse
) -> Iterator[Result]:
    """Debits equal credits in each file of a balanced system; excepted rows explain an imbalance."""
    balances: dict[str, list[dict[str, Any]]] = {}
    for row in warehouse.fetch("regulatory/balance_systems.sql", {"business_date": day}):
        balances.setdefault(row["id_sistema"], []).append(row)
    for entry in present:
        source: Source = sources.source(entry["source"])
        if not source.balanced:
            continue
        names = {file["found"]["sha256"]: file["name"] for file in entry["files"]}
        for row in balances.get(source.id, []):
            debit, credit = int(row["centavos_cargo"]), int(row["centavos_abono"])
            name = names.get(row["archivo_sha256"], "")
            detail, cause = "", Cause.NONE
            if debit != credit:
                cause = Cause.UNBALANCED
                detail = (
                    f"{source.id}, file {name}: cargos {format_pesos(debit)}, abonos {format_pesos(credit)}: off by "
                    f"{format_pesos(debit - credit)}; ask {source.contact}"
                )
            severity = Severity.YELLOW if entry["excepted"]["rows"] else Severity.RED
            yield _result(
                source.id,
                Rule.BALANCE,
                Pair(cents=debit),
                Pair(cents=credit),
                severity=severity,
                cause=cause,
                unit=name,
                detail=detail,
            )


def _unique(present: Sequence[Mapping[str, Any]], day: date, warehouse: Warehouse) -> Iterator[Result]:
    """No system has two movements of one id."""
    counts = {
        row["id_sistema"]: (int(row["renglones"]), int(row["distintos"]))
        for row in warehouse.fetch("regulatory/count_repeated_ids.sql", {"business_date": day})
    }
    for entry in present:
        rows, distinct = counts.get(entry["source"], (0, 0))
        detail = f"{entry['source']}: {rows - distinct} movement(s) stand more than once" if rows != distinct else ""
        cause = Cause.DOUBLED if detail else Cause.NONE
        yield _result(entry["source"], Rule.UNIQUE, Pair(distinct), Pair(rows), cause=cause, detail=detail)


def _clients(present: Sequence[Mapping[str, Any]], day: date, warehouse: Warehouse) -> Iterator[Result]:
    """Every movement with a client refers to one we know; the others are listed and counted, and published."""
    unknown = {
        row["id_sistema"]: row
        for row in warehouse.fetch("regulatory/count_unknown_clients.sql", {"business_date": day})
    }
    for entry in present:
        row = unknown.get(entry["source"])
        if row is None:
            yield _result(entry["source"], Rule.CLIENT, Pair(), Pair(), severity=Severity.YELLOW)
            continue
        rows, cents = int(row["renglones"]), int(row["centavos"])
        yield _result(
            entry["source"],
            Rule.CLIENT,
            Pair(),
            Pair(rows, cents),
            severity=Severity.YELLOW,
            cause=Cause.UNKNOWN_CLIENT,
            unit=row["primero"],
            detail=f"{entry['source']}: {rows} movement(s), {format_pesos(cents)}, of clients that no branch knows; "
            f"first {row['primero']}",
        )


def _branches(entry: Mapping[str, Any]) -> Iterator[Result]:
    """Each branch's day is certified; one that is missing is named, one that differs blocks."""
    branches = entry["branches"]
    missing = [branch for branch in branches if branch["state"] not in (CERTIFIED, DIFFERS)]
    differing = [branch for branch in branches if branch["state"] == DIFFERS]
    named = tuple(f"sucursal {b['id']}: data as of {b['as_of'] or 'never'}" for b in missing)
    yield _result(
        entry["source"],
        Rule.BRANCHES,
        Pair(len(branches)),
        Pair(len(branches) - len(missing)),
        severity=Severity.YELLOW,
        cause=Cause.UNCERTIFIED_BRANCH if missing else Cause.NONE,
        detail=f"{len(missing)} branch(es) not certified: {', '.join(b['id'] for b in missing)}" if missing else "",
        units=named[:NAMED],
    )
    said = [line for branch in differing for line in branch.get("messages") or [_differs(branch["id"])]]
    yield _result(
        entry["source"],
        Rule.BRANCH_DIFFERENCE,
        Pair(),
        Pair(len(differing)),
        cause=Cause.CHANGED if differing else Cause.NONE,
        unit=differing[0]["id"] if differing else "",
        detail=f"{said[0]}{f'; and {len(said) - 1} more' if len(said) > 1 else ''}" if said else "",
        units=tuple(said)[:NAMED],
    )


def _differs(branch: str) -> str:
    return f"sucursal {branch}: its database, the lake and the warehouse differ; see its certificate"
