"""Level 1: what the source states = what was sealed and read = published + excepted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from podemos.contracts.sources import Source
from podemos.core.fingerprint import Fingerprint
from podemos.core.money import format_pesos
from podemos.core.states import State
from podemos.core.store import ObjectStore
from podemos.regulatory.excepted import read_excepted
from podemos.regulatory.results import Cause, Level, Pair, Result, Rule, Severity
from podemos.regulatory.row_hashes import edited_rows

NAMED = 20
"""Rows that one result names; the counts are always whole."""


def compare(source: Source, entry: Mapping[str, Any], sealed: Mapping[str, Any], lake: ObjectStore) -> Iterator[Result]:
    """The results of one source at level 1.

    Args:
        source: its configuration.
        entry: its part of the normalised manifest.
        sealed: its part of the seal.
        lake: holds the sealed files and the listing of excepted rows.
    """
    if entry["state"] == State.MISSING:
        yield _result(
            source,
            Rule.DELIVERED,
            Pair(1),
            Pair(0),
            severity=Severity.YELLOW,
            cause=Cause.MISSING,
            detail=f"{source.id}: missing: {entry['reason']}",
        )
        return
    yield _result(source, Rule.DELIVERED, Pair(1), Pair(1), severity=Severity.YELLOW)
    for file in entry["files"]:
        yield _file(source, file, sealed, lake)
    yield _unlisted(source, sealed)
    yield _totals(source, entry)
    yield _readable(source, entry, lake)
    if entry["lake_branches"] is not None:
        yield _lake(source, entry, sealed)


def _result(source: Source, rule: Rule, expected: Pair, actual: Pair, **more: Any) -> Result:
    return Result(source.id, Level.CONTROL, rule, expected, actual, **more)


def _file(source: Source, file: Mapping[str, Any], sealed: Mapping[str, Any], lake: ObjectStore) -> Result:
    """The bytes must be the ones declared: the digest is the SHA-256, so that even two swapped amounts are seen."""
    name, declared, found = file["name"], file["declared"], file["found"]
    expected = Pair(declared["rows"], declared["cents"], declared["sha256"])
    intact = found["sha256"] == declared["sha256"]
    if intact and file["fault"]:
        # Unreadable as its source made it: excepted whole, and judged by policy.
        return _result(source, Rule.FILE, expected, expected, unit=name)
    comparable = not (intact and found["unknown_rows"])
    actual = Pair(found["rows"], found["cents"] if comparable else declared["cents"], found["sha256"])
    if actual == expected:
        return _result(source, Rule.FILE, expected, actual, unit=name)
    rows: list[str] = []
    if intact:
        cause, said = Cause.MISCOUNTED, "its control file states other totals than its data"
    elif not found["sha256"]:
        cause, said = Cause.EDITED_AFTER_SEAL, "changed after it was sealed"
    else:
        cause, said = Cause.EDITED_AFTER_CONTROL, "changed after its control file was written"
        rows = edited_rows(source, file, sealed, lake, NAMED)
    detail = (
        f"{source.id}, file {name}: {said}: expected {declared['rows']} rows, {format_pesos(declared['cents'])}; "
        f"found {found['rows']} rows, {format_pesos(found['cents'])}"
        f"{'; ' + ', '.join(rows) if rows else ''}; ask {source.contact} to deliver again"
    )
    return _result(source, Rule.FILE, expected, actual, cause=cause, unit=name, detail=detail, units=tuple(rows))


def _unlisted(source: Source, sealed: Mapping[str, Any]) -> Result:
    names = tuple(sealed["unlisted"])
    detail = f"{source.id}: {len(names)} file(s) that its control file does not name were not used" if names else ""
    return _result(
        source,
        Rule.UNLISTED,
        Pair(),
        Pair(len(names)),
        severity=Severity.YELLOW,
        cause=Cause.NOT_LISTED if names else Cause.NONE,
        detail=detail,
        units=names[:NAMED],
    )


def _totals(source: Source, entry: Mapping[str, Any]) -> Result:
    """Published + excepted = declared; while an amount is unreadable the identity is one of rows only, and says so."""
    declared, totals, excepted = entry["declared"], entry["totals"], entry["excepted"]
    rows, cents = totals["count"] + excepted["rows"], totals["cents"] + excepted["cents"]
    unknown = excepted["unknown_rows"]
    expected = Pair(declared["rows"], declared["cents"])
    actual = Pair(rows, declared["cents"] if unknown else cents)
    if actual != expected:
        cause = Cause.LOST if rows < expected.rows else Cause.DOUBLED if rows > expected.rows else Cause.CHANGED
        detail = (
            f"{source.id}: {expected.rows} rows, {format_pesos(expected.cents)} declared; {rows} rows, "
            f"{format_pesos(cents)} published and excepted; ask {source.contact} which is right"
        )
        return _result(source, Rule.TOTALS, expected, actual, cause=cause, detail=detail)
    detail = (
        f"{source.id}: {unknown} excepted row(s) have no readable amount; by the control file they make "
        f"{format_pesos(expected.cents - cents)}: the identity holds in rows"
        if unknown
        else ""
    )
    return _result(source, Rule.TOTALS, expected, actual, detail=detail)


def _readable(source: Source, entry: Mapping[str, Any], lake: ObjectStore) -> Result:
    """Every declared row is published; those that are not are named."""
    totals, excepted = entry["totals"], entry["excepted"]
    expected = Pair(totals["count"] + excepted["rows"], totals["cents"] + excepted["cents"])
    actual = Pair(totals["count"], totals["cents"])
    if not excepted["rows"]:
        return _result(source, Rule.READABLE, expected, actual, severity=Severity.YELLOW)
    rows = read_excepted(lake.get(excepted["data"]["key"]))[:NAMED]
    reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(excepted["by_reason"].items()))
    return _result(
        source,
        Rule.READABLE,
        expected,
        actual,
        severity=Severity.YELLOW,
        cause=Cause.UNREADABLE,
        detail=f"{source.id}: {excepted['rows']} row(s) excepted: {reasons}",
        units=tuple(f"{_place(row)}: {row['reason']}: {row['detail']}" for row in rows),
    )


def _place(row: Mapping[str, Any]) -> str:
    """File and row; a payment that curation set aside has no row, but a branch and a key."""
    if row["fila"]:
        return f"{row['file']} row {row['fila']}"
    return f"sucursal-pago {row['id_movimiento']}" if row["id_movimiento"] else str(row["file"])


def _lake(source: Source, entry: Mapping[str, Any], sealed: Mapping[str, Any]) -> Result:
    """The day's payments read from the lake are the ones that curation certified."""
    stated = sealed["lake"]
    found = sum(map(Fingerprint.from_dict, entry["lake_branches"].values()), Fingerprint())
    expected = Pair(stated["rows"], stated["cents"], stated["digest"] or str(found.digest))
    actual = Pair(found.count, found.cents, str(found.digest))
    if actual == expected:
        return _result(source, Rule.LAKE, expected, actual)
    detail = (
        f"{source.id}: the lake's certificate states {expected.rows} payments, {format_pesos(expected.cents)}; "
        f"its files hold {actual.rows}, {format_pesos(actual.cents)}; certify the day again"
    )
    return _result(source, Rule.LAKE, expected, actual, cause=Cause.CHANGED, detail=detail)
