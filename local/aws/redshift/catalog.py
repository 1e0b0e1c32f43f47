"""What the local Redshift knows about its tables beyond DuckDB's own catalog; it rolls back with the data."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import duckdb

from local.aws.redshift.column_types import ColumnType
from local.aws.redshift.errors import RedshiftError
from local.aws.redshift.statements import Column, Design


@dataclass
class Relation:
    """A table or view. A temporary table belongs to its session and is not in the catalog tables."""

    table_id: int
    schema: str
    name: str
    columns: tuple[Column, ...] = ()
    design: Design = field(default_factory=Design)
    primary_key: tuple[str, ...] = ()
    temporary: bool = False
    view_sql: str | None = None
    view_columns: tuple[str, ...] = ()
    late_binding: bool = False

    @property
    def full_name(self) -> str:
        """`core.pagos`, or the bare name of a temporary table."""
        return self.name if self.temporary else f"{self.schema}.{self.name}"

    @property
    def quoted(self) -> str:
        """The name in DuckDB."""
        return f'temp.main."{self.name}"' if self.temporary else f'"{self.schema}"."{self.name}"'


@dataclass(frozen=True)
class RowState:
    """What the changes of a table add up to, in rows."""

    visible: int
    ghosts: int
    unsorted: int
    stale: int


_IDENTITY = re.compile(r"\"identity\"\(\d+, 0, '(\d+),(\d+)'::text\)")


def _column(
    name: str,
    kind: str,
    length: int | None,
    precision: int | None,
    scale: int | None,
    not_null: bool,
    default: str | None,
    encoding: str | None,
) -> Column:
    found = _IDENTITY.fullmatch(default or "")
    identity = (int(found[1]), int(found[2])) if found else None
    return Column(
        name,
        ColumnType(kind, length, precision, scale),
        bool(not_null),
        None if identity else default,
        encoding,
        identity=identity,
    )


class Catalog:
    """Reads and writes the catalog through one connection, inside its transaction."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Use the transaction's own connection, so that the catalog has its snapshot and its rollback."""
        self._cursor = cursor

    def _rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return self._cursor.execute(sql, list(values)).fetchall()

    def next_id(self) -> int:
        """A new table id."""
        return int(self._rows("SELECT nextval('_redshift.ids')")[0][0])

    def schemas(self) -> list[str]:
        """Names of the schemas."""
        return [row[0] for row in self._rows("SELECT name FROM _redshift.schemas ORDER BY 1")]

    def add_schema(self, name: str) -> None:
        """Record a schema."""
        self._cursor.execute("INSERT INTO _redshift.schemas VALUES (?, NULL)", [name])

    def drop_schema(self, name: str) -> None:
        """Forget a schema."""
        self._cursor.execute("DELETE FROM _redshift.schemas WHERE name = ?", [name])

    def find(self, schema: str, name: str) -> Relation | None:
        """The relation, with its columns, or None."""
        rows = self._rows(
            "SELECT table_id, diststyle, distkey, sortkey, primary_key, view_sql, view_columns, late_binding "
            "FROM _redshift.relations WHERE schema_name = ? AND name = ?",
            schema,
            name,
        )
        if not rows:
            return None
        table_id, diststyle, distkey, sortkey, key, view_sql, view_columns, late = rows[0]
        design = Design(diststyle, distkey, None if sortkey is None else tuple(sortkey))
        return Relation(
            table_id,
            schema,
            name,
            self._columns(table_id),
            design,
            tuple(key or ()),
            False,
            view_sql,
            tuple(view_columns or ()),
            bool(late),
        )

    def _columns(self, table_id: int) -> tuple[Column, ...]:
        rows = self._rows(
            "SELECT name, type_name, length, precision, scale, not_null, default_text, encoding FROM _redshift.columns "
            "WHERE table_id = ? ORDER BY ordinal",
            table_id,
        )
        return tuple(_column(*row) for row in rows)

    def add(self, relation: Relation, now: datetime) -> None:
        """Record a new table or view."""
        if relation.temporary:
            return
        self._cursor.execute(
            "INSERT INTO _redshift.relations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, ?, ?, ?)",
            [
                relation.table_id,
                relation.schema,
                relation.name,
                "table" if relation.view_sql is None else "view",
                relation.design.diststyle,
                relation.design.distkey,
                None if relation.design.sortkey is None else list(relation.design.sortkey),
                not any(c.encoding for c in relation.columns),
                list(relation.primary_key),
                now,
                relation.view_sql,
                list(relation.view_columns),
                relation.late_binding,
            ],
        )
        for column in relation.columns:
            self.add_column(relation.table_id, column)

    def replace_view(self, old: Relation, view: Relation, now: datetime) -> None:
        """Another query under the view's own id: comment and grants stay."""
        remarks = self._rows("SELECT remarks FROM _redshift.relations WHERE table_id = ?", old.table_id)[0][0]
        for table in ("relations", "columns"):
            self._cursor.execute(f"DELETE FROM _redshift.{table} WHERE table_id = ?", [old.table_id])
        self.add(view, now)
        self.update(view.table_id, remarks=remarks)

    def add_column(self, table_id: int, column: Column) -> None:
        """Record a column after the others."""
        kind, default = column.type, column.default
        if column.identity:  # the text that Redshift shows as the default
            default = f"\"identity\"({table_id}, 0, '{column.identity[0]},{column.identity[1]}'::text)"
        self._cursor.execute(
            "INSERT INTO _redshift.columns SELECT ?, coalesce(max(ordinal), 0) + 1, ?, ?, ?, ?, ?, ?, ?, ?, NULL "
            "FROM _redshift.columns WHERE table_id = ?",
            [
                table_id,
                column.name,
                kind.name,
                kind.length,
                kind.precision,
                kind.scale,
                column.not_null,
                default,
                column.encoding,
                table_id,
            ],
        )

    def update(self, table_id: int, **values: Any) -> None:
        """Change attributes of a relation."""
        for name, value in values.items():
            self._cursor.execute(f"UPDATE _redshift.relations SET {name} = ? WHERE table_id = ?", [value, table_id])

    def update_column(self, table_id: int, column: str, **values: Any) -> None:
        """Change attributes of a column."""
        for name, value in values.items():
            self._cursor.execute(
                f"UPDATE _redshift.columns SET {name} = ? WHERE table_id = ? AND name = ?", [value, table_id, column]
            )

    def drop_column(self, table_id: int, column: str) -> None:
        """Forget a column; the others move up."""
        self._cursor.execute("DELETE FROM _redshift.columns WHERE table_id = ? AND name = ?", [table_id, column])

    def drop(self, relation: Relation) -> None:
        """Forget a relation, its history of changes and its grants."""
        for table in (
            *("relations", "columns", "changes", "grants"),
            *("column_grants", "owners", "no_backup", "row_security", "policies"),
        ):
            self._cursor.execute(f"DELETE FROM _redshift.{table} WHERE table_id = ?", [relation.table_id])

    def in_schema(self, schema: str, kind: str | None = None) -> list[str]:
        """Names of the relations of a schema."""
        return [
            r[0]
            for r in self._rows(
                "SELECT name FROM _redshift.relations WHERE schema_name = ? AND coalesce(? = kind, true) ORDER BY name",
                schema,
                kind,
            )
        ]

    def tables(self) -> list[tuple[str, str]]:
        """Schema and name of every permanent table."""
        return self._rows("SELECT schema_name, name FROM _redshift.relations WHERE kind = 'table' ORDER BY 1, 2")  # type: ignore[return-value]

    def views(self) -> list[Relation]:
        """Every view."""
        names = self._rows("SELECT schema_name, name FROM _redshift.relations WHERE kind = 'view' ORDER BY 1, 2")
        return [found for schema, name in names if (found := self.find(schema, name)) is not None]

    def changed(
        self, relation: Relation, *, visible: int = 0, ghosts: int = 0, unsorted: int = 0, stale: int = 0
    ) -> None:
        """Append to the table's history. Insert-only: two transactions never conflict on it."""
        if not relation.temporary and (visible or ghosts or unsorted or stale):
            self._cursor.execute(
                "INSERT INTO _redshift.changes VALUES (?, ?, ?, ?, ?)",
                [relation.table_id, visible, ghosts, unsorted, stale],
            )

    def rows(self, relation: Relation) -> RowState:
        """The sum of the table's history, as this transaction sees it."""
        row = self._rows(
            "SELECT coalesce(sum(visible), 0), coalesce(sum(ghosts), 0), coalesce(sum(unsorted), 0), "
            "coalesce(sum(stale), 0) "
            "FROM _redshift.changes WHERE table_id = ?",
            relation.table_id,
        )[0]
        return RowState(*(max(0, int(value)) for value in row))

    def lengths(self, relation: Relation) -> dict[tuple[str, str], str]:
        """Declared types by (table, column), for error texts."""
        return {(relation.name, c.name): c.type.text for c in relation.columns}

    def require_column(self, relation: Relation, name: str) -> Column:
        """The column, or Redshift's error."""
        for column in relation.columns:
            if column.name == name:
                return column
        raise RedshiftError(f'ERROR: column "{name}" of relation "{relation.name}" does not exist')
