"""Finds the row that made a COPY fail, and words it."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from local.aws.redshift.catalog import Relation
from local.aws.redshift.errors import RedshiftError
from local.aws.redshift.statements import Column


@dataclass(frozen=True)
class BadValue:
    """The first value that does not fit. `row` counts from 1 in the file, header lines included."""

    row: int
    column: Column
    position: int
    reason: str
    code: int


class LoadFailed(RedshiftError):
    """A COPY failed on a value; the engine keeps it in sys_load_error_detail."""

    def __init__(self, relation: Relation, uri: str, bad: BadValue) -> None:
        """Name column, file and row."""
        super().__init__(
            f"ERROR: Load into table '{relation.name}' failed. Check 'sys_load_error_detail' system table for details. "
            f"{bad.reason}: column {bad.column.name} {bad.column.type.text}, file {uri}, row {bad.row}"
        )
        self.relation, self.uri, self.bad = relation, uri, bad


def first_bad_row(
    cursor: duckdb.DuckDBPyConnection,
    source: str,
    values: list[str],
    columns: tuple[Column, ...],
    *,
    parquet: bool,
    skipped: int,
) -> BadValue | None:
    """The first offending value of one file, column by column.

    Args:
        cursor: a connection outside the failed transaction.
        source: FROM source of the file.
        values: expression of each column, as the load used it.
        columns: the table's columns, by position.
        parquet: texts are already texts; for CSV a conversion may be what failed.
        skipped: header lines before the first row.
    """
    best: BadValue | None = None
    for position, (value, column) in enumerate(zip(values, columns, strict=True), 1):
        for condition, reason, code in _conditions(value, column, parquet):
            try:
                found = cursor.execute(
                    f"SELECT n, why FROM (SELECT row_number() OVER () AS n, {reason} AS why, {condition} AS bad "
                    f"FROM {source}) "
                    "WHERE bad ORDER BY n LIMIT 1"
                ).fetchall()
            except duckdb.Error:
                continue  # this check cannot be computed on such a file; another one names the fault
            if found and (best is None or found[0][0] + skipped < best.row):
                best = BadValue(int(found[0][0]) + skipped, column, position, found[0][1], code)
    return best


def _conditions(value: str, column: Column, parquet: bool) -> list[tuple[str, str, int]]:
    """(condition, reason, error code) of each way in which a value of that column can be refused."""
    raw = value
    if column.type.name.startswith("character"):
        raw = value.split(" ELSE ", 1)[1].removesuffix(" END") if value.startswith("CASE WHEN contains(") else value
    checks: list[tuple[str, str, int]] = []
    if column.not_null:
        safe = raw if column.type.name.startswith("character") else _tried(raw)
        checks.append((f"({safe}) IS NULL", "'Missing data for not-null field'", 1213))
    if column.type.name.startswith("character"):
        size = f"strlen({raw})"
        checks.append((f"contains({raw}, chr(0))", "'Missing newline: NUL (0x00) in text'", 1214))
        checks.append(
            (
                f"{size} > {column.type.length}",
                f"'The length of the data column {column.name} is longer than the length defined in the table. Table: "
                f"{column.type.length}, Data: ' || {size} || ' bytes'",
                1204,
            )
        )
        if column.type.name == "character":
            checks.append((f"{size} <> length({raw})", "'CHAR takes single-byte characters only'", 1219))
    elif not parquet:
        inner = raw.removeprefix("CAST(").rsplit(" AS ", 1)[0]
        checks.append(
            (
                f"({inner}) IS NOT NULL AND ({_tried(raw)}) IS NULL",
                f"'Invalid value ' || coalesce({inner}, '') || ' for type {column.type.text}'",
                1207,
            )
        )
    return checks


def _tried(expression: str) -> str:
    return "TRY_" + expression if expression.startswith("CAST(") else expression
