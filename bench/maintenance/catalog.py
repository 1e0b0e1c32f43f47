"""A fleet's system views in DuckDB, asked by the shipped SQL files: what a policy may know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa
import sqlglot

from bench.maintenance.fleets import Row
from podemos.warehouse.statements import read

_TYPES = {
    "bool": pa.bool_(),
    "float": pa.float64(),
    "int": pa.int64(),
    "datetime": pa.timestamp("us"),
    "str": pa.string(),
}
_PLACE = "2026-11-24 00:00:00"


class Catalog:
    """The port's `fetch` over the rows of a fleet.

    Args:
        rows: by system view. A view without a row does not exist, as on the other kind of warehouse.
    """

    def __init__(self, rows: Mapping[str, list[Row]]) -> None:
        self._connection = duckdb.connect(config={"threads": 1})
        for view, found in rows.items():
            self._connection.register(view, _table(found))

    def fetch(self, sql: str, values: Mapping[str, Any] | None = None, literals: Any = None) -> Iterator[Row]:
        """Rows of a file of `include/sql/`."""
        cursor = self._connection.execute(_duckdb(sql).replace(_PLACE, (values or {}).get("since", _PLACE)))
        names = [column[0] for column in cursor.description]
        yield from (dict(zip(names, row, strict=True)) for row in cursor.fetchall())

    def execute(self, *given: Any) -> None:
        """Nothing is executed here."""
        raise NotImplementedError

    def close(self) -> None:
        """Frees the rows."""
        self._connection.close()


@cache
def _duckdb(sql_file: str) -> str:
    (statement,) = read(sql_file)
    return str(sqlglot.transpile(statement.replace(":since", f"'{_PLACE}'"), read="redshift", write="duckdb")[0])


def _table(rows: list[Row]) -> pa.Table:
    kinds: dict[str, str] = {}
    for row in rows:
        for name, value in row.items():
            if value is not None or name not in kinds:
                kinds[name] = type(value).__name__ if value is not None else "str"
    return pa.table({name: pa.array([row.get(name) for row in rows], _TYPES[kind]) for name, kind in kinds.items()})
