"""The tables of the live catalog, as the gate's rules see them.

Four views, because none shows everything: SVV_TABLES has the empty tables and the comments, SVV_COLUMNS the columns'
comments, PG_TABLE_DEF keys and encodings (of the schemas in search_path), SVV_TABLE_INFO distribution styles and what
AUTO has chosen (of tables that are not empty; superusers and sys:monitor only).
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from podemos.redshift.facts import Column, Table
from podemos.warehouse.literals import Names
from podemos.warehouse.port import Row, Warehouse

_SCHEMAS_AT_ONCE = 200
"""So that the statement stays far below the Data API's 200 KB."""
_AUTO_DIST = re.compile(r"AUTO\((KEY\(.*\))\)", re.IGNORECASE)
_AUTO_SORT = re.compile(r"AUTO\(SORTKEY(?:\((.*)\))?\)", re.IGNORECASE)

Name = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """The live tables.

    Attributes:
        notes: what the user cannot see.
    """

    tables: tuple[Table, ...]
    notes: tuple[str, ...] = ()


def live_tables(warehouse: Warehouse) -> Found:
    """Every permanent table of the database, in order of its name.

    Raises:
        DataFault: the warehouse refused a query.
        SourceUnavailable: it did not answer in time.
    """
    comments = {
        _name(row, "table_schema", "table_name"): row["remarks"]
        for row in warehouse.fetch("redshift/catalog/select_tables.sql")
    }
    columns = _grouped(warehouse.fetch("redshift/catalog/select_columns.sql"), "table_schema", "table_name")
    designs = {_name(row, "schema", "table"): row for row in warehouse.fetch("redshift/catalog/select_designs.sql")}
    definitions = _definitions(warehouse, sorted({schema for schema, _ in comments}))
    tables = [
        _table(
            name, comments[name], columns[name], {row["column"]: row for row in definitions[name]}, designs.get(name)
        )
        for name in sorted(comments)
    ]
    notes = []
    if comments and not designs:
        notes.append(
            "SVV_TABLE_INFO shows no table: all are empty, or the user needs sys:monitor to see distribution styles"
        )
    if blind := [name for name in sorted(comments) if columns[name] and not definitions[name]]:
        notes.append(f"PG_TABLE_DEF does not show {len(blind)} tables, first {'.'.join(blind[0])}: is USAGE granted?")
    return Found(tuple(tables), tuple(notes))


def _definitions(warehouse: Warehouse, schemas: list[str]) -> dict[Name, list[Row]]:
    found: dict[Name, list[Row]] = defaultdict(list)
    for at in range(0, len(schemas), _SCHEMAS_AT_ONCE):
        names = Names(tuple(schemas[at : at + _SCHEMAS_AT_ONCE]))
        rows = warehouse.fetch("redshift/catalog/select_definitions.sql", literals={"schemas": names})
        for name, group in _grouped(rows, "schemaname", "tablename").items():
            found[name] += group
    return found


def _grouped(rows: Any, schema: str, table: str) -> dict[Name, list[Row]]:
    found: dict[Name, list[Row]] = defaultdict(list)
    for row in rows:
        found[_name(row, schema, table)].append(row)
    return found


def _name(row: Row, schema: str, table: str) -> Name:
    return str(row[schema]), str(row[table])


def _table(
    name: Name, comment: str | None, columns: list[Row], definitions: dict[str, Row], design: Row | None
) -> Table:
    dist = next((f"KEY({column})" for column, row in definitions.items() if row["distkey"]), None)
    return Table(
        name,
        diststyle=_dist(design["diststyle"]) if design else dist,
        sort=_sort(definitions, design),
        columns=tuple(
            Column(
                row["column_name"],
                row["data_type"],
                _octets(row),
                (definitions.get(row["column_name"]) or {}).get("column_encoding", "not seen"),
                row["remarks"],
            )
            for row in columns
        ),
        comment=comment,
        dist_seen=design is not None or dist is not None,
        sort_seen=design is not None or bool(definitions),
    )


def _octets(row: Row) -> int | None:
    length = row["character_maximum_length"]
    return int(length) if length is not None else None


def _dist(text: str) -> str | None:
    """The style in force. AUTO(ALL) and AUTO(EVEN) are where AUTO begins, by size: nobody has decided."""
    if auto := _AUTO_DIST.fullmatch(text.strip()):
        return auto[1]
    return None if text.strip().upper().startswith("AUTO") else text.strip()


def _sort(definitions: dict[str, Row], design: Row | None) -> tuple[str, ...]:
    """Sort columns in order; their number is negative in turns in an interleaved key."""
    keyed = sorted((abs(row["sortkey"]), column) for column, row in definitions.items() if row["sortkey"])
    if keyed:
        return tuple(column for _, column in keyed)
    first = (design["sortkey1"] or "").strip() if design else ""
    if auto := _AUTO_SORT.fullmatch(first):
        return (auto[1],) if auto[1] else ()
    return (first,) if first else ()
