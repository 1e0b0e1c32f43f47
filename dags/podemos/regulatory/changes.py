"""What differs between two published reports of a day, line by line, from their bytes: `cambios.json`.

Both files are in the order of system and movement, so one pass with two readers finds what was added, removed and
changed in constant memory; lines that are equal byte by byte are not even parsed.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from podemos.core.errors import DataFault
from podemos.core.money import parse_cents
from podemos.regulatory.movement import ABONO, CARGO
from podemos.regulatory.render import HEADER

SCHEMA = "podemos/cambios/1"
LISTED = 1000
"""Movements listed by name; the rest is counted."""
ADDED, REMOVED, CHANGED = "added", "removed", "changed"
_NUMBERS = ("id_sucursal", "id_cliente")
_VALUES = ("id_sucursal", "id_cliente", "tipo", "cents", "moneda", "instante_utc", "concepto")

Key = tuple[bytes, bytes]


@dataclass
class Differences:
    """How many movements of each source were added, removed and changed, and the first of them."""

    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    listed: list[dict[str, Any]] = field(default_factory=list)

    def add(self, change: str, before: list[str] | None, after: list[str] | None) -> None:
        """Counts one movement, and lists it while there is room."""
        known = before or after or []
        source = known[HEADER.index("id_sistema")]
        of_source = self.counts.setdefault(source, dict.fromkeys((ADDED, REMOVED, CHANGED), 0))
        of_source[change] += 1
        if len(self.listed) < LISTED:
            values = [None if row is None else _values(row) for row in (before, after)]
            identity = {"source": source, "id_movimiento": known[HEADER.index("id_movimiento")], "change": change}
            self.listed.append(identity | {"before": values[0], "after": values[1]})

    def total(self, change: str) -> int:
        """Of all sources."""
        return sum(found[change] for found in self.counts.values())


def differences(before: Path, after: Path) -> Differences:
    """Compares two `movimientos.csv`.

    Raises:
        DataFault: a file is not in the report's form.
    """
    found = Differences()
    old, new = _records(before), _records(after)
    left, right = next(old, None), next(new, None)
    while left is not None or right is not None:
        if left == right:
            left, right = next(old, None), next(new, None)
            continue
        mine, theirs = _fields(left), _fields(right)
        if theirs is None or (mine is not None and _key(mine) < _key(theirs)):
            found.add(REMOVED, mine, None)
            left = next(old, None)
        elif mine is None or _key(theirs) < _key(mine):
            found.add(ADDED, None, theirs)
            right = next(new, None)
        else:
            found.add(CHANGED, mine, theirs)
            left, right = next(old, None), next(new, None)
    return found


def document(
    found: Differences, before: Mapping[str, Any], after: Mapping[str, Any], restatement: Mapping[str, Any]
) -> dict[str, Any]:
    """`cambios.json` (see include/schemas/changes.schema.json): a function of the two reports and of the reasons.

    Args:
        found: by `differences`.
        before: `resumen.json` of the version that is superseded.
        after: `resumen.json` of the new one.
        restatement: `version` and `supersedes` (the manifest) of the one before, and `reasons`.
    """
    cells = [_totals(summary) for summary in (before, after)]
    return {
        "schema": SCHEMA,
        "business_date": after["business_date"],
        "supersedes": {"version": restatement["version"], "manifest": restatement["supersedes"]},
        "reasons": restatement["reasons"],
        "outcome": {"before": before["outcome"], "after": after["outcome"]},
        "totals": {
            name: {unit: summary[unit] for unit in ("movements", "cents")}
            for name, summary in (("before", before), ("after", after))
        },
        "cells": [
            {"source": source, "type": tipo, "before": _cell(cells[0], source, tipo)}
            | {"after": _cell(cells[1], source, tipo)}
            for source in sorted({source for of in cells for source, _ in of})
            for tipo in (CARGO, ABONO)
        ],
        "movements": {
            change: {"count": found.total(change), "by_source": _by_source(found, change)}
            for change in (ADDED, REMOVED, CHANGED)
        },
        "listed": found.listed,
        "not_listed": sum(found.total(change) for change in (ADDED, REMOVED, CHANGED)) - len(found.listed),
    }


def lines(changes: Mapping[str, Any]) -> Iterator[str]:
    """The document for people: one line per cell that changed, then the movements."""
    totals = changes["totals"]
    yield f"{changes['business_date']}: {_told('all', totals['before'], totals['after'])}"
    for cell in changes["cells"]:
        if cell["before"] != cell["after"]:
            yield _told(f"{cell['source']} {cell['type']}", cell["before"], cell["after"])
    counted = [f"{changes['movements'][change]['count']} {change}" for change in (ADDED, REMOVED, CHANGED)]
    yield f"movements: {', '.join(counted)}"
    for one in changes["listed"][:20]:
        yield f"{one['change']} {one['source']} {one['id_movimiento']}: {one['before']} -> {one['after']}"


def _told(what: str, before: Mapping[str, int], after: Mapping[str, int]) -> str:
    return (
        f"{what}: {before['movements']} movements and {before['cents']} cents before, "
        f"{after['movements']} and {after['cents']} after"
    )


def _by_source(found: Differences, change: str) -> dict[str, int]:
    return {source: counts[change] for source, counts in sorted(found.counts.items()) if counts[change]}


def _totals(summary: Mapping[str, Any]) -> dict[tuple[str, str], dict[str, int]]:
    return {(s["id"], tipo): dict(total) for s in summary["sources"] for tipo, total in s["published"].items()}


def _cell(totals: Mapping[tuple[str, str], dict[str, int]], source: str, tipo: str) -> dict[str, int]:
    return totals.get((source, tipo), {"movements": 0, "cents": 0})


def _records(path: Path) -> Iterator[bytes]:
    """The records of a report; a quoted text may hold line breaks."""
    with path.open("rb") as file:
        if file.readline().rstrip(b"\n") != ",".join(HEADER).encode():
            raise DataFault(f"{path.name}: the header is not the report's; its renderer is another one")
        rest = b""
        for line in file:
            rest += line
            if rest.count(b'"') % 2 == 0:
                yield rest
                rest = b""
        if rest:
            raise DataFault(f"{path.name}: ends within a quoted text")


def _fields(record: bytes | None) -> list[str] | None:
    if record is None:
        return None
    (found,) = csv.reader([record.decode().removesuffix("\n")])
    if len(found) != len(HEADER):
        raise DataFault(f"not a line of a report: {record[:120]!r}")
    return found


def _key(fields: list[str]) -> Key:
    return fields[HEADER.index("id_sistema")].encode(), fields[HEADER.index("id_movimiento")].encode()


def _values(fields: list[str]) -> dict[str, Any]:
    """A line's values; empty is null, amounts are integer cents."""
    named: dict[str, Any] = {name: text or None for name, text in zip(HEADER, fields, strict=True)}
    named |= {name: int(named[name]) for name in _NUMBERS if named[name]}
    named["cents"] = int(parse_cents(named["monto"]))
    return {name: named[name] for name in _VALUES}
