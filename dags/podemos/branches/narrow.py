"""From a difference to its rows: the smallest unit the evidence identifies, in a line a controller understands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from podemos.branches import chunk as chunks
from podemos.core import manifest
from podemos.core.errors import NotFound
from podemos.core.money import cents_of, format_pesos
from podemos.core.store import ObjectStore
from podemos.core.table import Table

NAMED = 20
"""So many rows of one difference are named; the rest is counted."""
Content = dict[str, str | None]
"""A row's columns as text, NULL as None."""


def where(table: Table, branch: str, day: str) -> str:
    """How a branch and day are named."""
    return f"sucursal {branch}, {day}, {table.name}" if table.partitioned else f"sucursal {branch}, {table.name}"


def against_warehouse(
    table: Table, branch: str, day: str, curated: Mapping[str, Content], loaded: Mapping[str, Content]
) -> list[str]:
    """Lines for the rows of a branch and day that differ between curated data and the warehouse."""
    place = where(table, branch, day).rpartition(",")[0]
    found = []
    for key in sorted(curated.keys() | loaded.keys(), key=lambda text: (len(text), text)):
        mine, theirs = curated.get(key), loaded.get(key)
        if mine != theirs:
            found.append(f"{place}, {noun(table)} {key}: {_difference(table, mine, theirs)}")
    return _limited(found)


def altered_chunk(lake: ObjectStore, table: Table, entry: Mapping[str, Any]) -> list[str]:
    """Lines for a landed chunk whose bytes are not those its manifest recorded.

    Args:
        lake: the lake.
        table: the contract.
        entry: `key`, `sha256`, `rows`, `cents`, `branch` and `pull` (its manifest) of the chunk.
    """
    file = f"sucursal {entry['branch']}, file {entry['key']}"
    recorded = f"{entry['rows']} rows, {format_pesos(entry['cents'])} were landed"
    try:
        data = chunks.read(lake.get(entry["key"]))
        now = dict(chunks.amounts(data, table))
    except NotFound:
        return [f"{file}: gone; {recorded}"]
    except (pa.ArrowInvalid, OSError, KeyError):
        return [f"{file}: no longer readable; {recorded}"]
    document, _ = manifest.read(lake, entry["pull"])
    then = chunks.unpack(document["chunk"]["amounts"])
    if not then:
        return [f"{file}: altered; {recorded}, {data.num_rows} rows, {format_pesos(sum(now.values()))} are there"]
    days = _days(data, table)
    found = []
    for key in sorted(then.keys() | now.keys(), key=lambda text: (len(text), text)):
        if then.get(key) != now.get(key):
            sides = [format_pesos(side[key]) if key in side else "absent" for side in (then, now)]
            day = f", {days[key]}" if key in days else ""
            found.append(
                f"sucursal {entry['branch']}{day}, {noun(table)} {key}: {sides[0]} at the till, "
                f"{sides[1]} in the landed chunk"
            )
    return _limited(found) or [f"{file}: altered; its {len(now)} amounts are the landed ones, other columns are not"]


def curated_rows(
    lake: ObjectStore, table: Table, files: Iterable[Mapping[str, Any]], branch: str
) -> dict[str, Content]:
    """Rows of a branch by key, as text, from curated files: the columns that the fingerprint covers."""
    found: dict[str, Content] = {}
    columns = [column for column in table.columns if column.fingerprint]
    names = [f"{c.name}_origen" if c.kind.temporal else c.name for c in columns]
    for file in files:
        data = pq.read_table(pa.BufferReader(lake.get(file["key"])), columns=[*names, "id_sucursal", "borrado"])
        mine = pc.and_(pc.equal(data["id_sucursal"], int(branch)), pc.invert(data["borrado"]))
        for row in data.filter(mine).to_pylist():
            content = {c.name: _text(row[name]) for c, name in zip(columns, names, strict=True)}
            found[_key(table, content)] = content
    return found


def warehouse_rows(table: Table, rows: Iterable[Mapping[str, Any]]) -> dict[str, Content]:
    """Rows of the warehouse by key, as text."""
    contents = [{c.name: _text(row[c.name]) for c in table.columns if c.fingerprint} for row in rows]
    return {_key(table, content): content for content in contents}


def noun(table: Table) -> str:
    """What a row is called: ``pago`` for the key `id_pago`."""
    return table.primary_key[0].removeprefix("id_")


def _difference(table: Table, mine: Content | None, theirs: Content | None) -> str:
    if mine is None or theirs is None:
        sides = ["absent" if side is None else _amount(table, side) for side in (mine, theirs)]
        return f"{sides[0]} at the till, {sides[1]} in the warehouse"
    if table.amount and mine[table.amount] != theirs[table.amount]:
        return f"{_amount(table, mine)} at the till, {_amount(table, theirs)} in the warehouse"
    column = next(name for name in mine if mine[name] != theirs[name])
    return f"{column} {mine[column]!r} at the till, {theirs[column]!r} in the warehouse"


def _amount(table: Table, row: Content) -> str:
    value = row[table.amount] if table.amount else None
    return "present" if value is None else format_pesos(cents_of(Decimal(value)))


def _days(data: pa.Table, table: Table) -> dict[str, str]:
    if table.business_date is None:
        return {}
    keys = [key for key, _ in chunks.amounts(data, table)]
    return dict(zip(keys, ((text or "")[:10] for text in data[table.business_date].to_pylist()), strict=True))


def _limited(lines: list[str]) -> list[str]:
    rest = len(lines) - NAMED
    return lines if rest <= 0 else [*lines[:NAMED], f"… and {rest} more rows"]


def _key(table: Table, content: Content) -> str:
    return "/".join(str(content[name]) for name in table.primary_key)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
