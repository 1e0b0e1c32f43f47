"""Runs ALTER TABLE. What DuckDB cannot alter in place (a column with a length) is rebuilt inside the transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import sqlglot
from sqlglot import exp

from local.aws.redshift.catalog import Relation
from local.aws.redshift.ddl import create_physical
from local.aws.redshift.errors import RedshiftError, Unsupported
from local.aws.redshift.locks import Mode
from local.aws.redshift.session import Result, Session
from local.aws.redshift.statements import AlterTable, Column
from local.aws.redshift.views import dependents


def alter_table(session: Session, statement: AlterTable) -> Result:
    """Run one ALTER TABLE action under an exclusive lock.

    Raises:
        RedshiftError: as Redshift: unknown column, name taken, a view depends on the column.
        Unsupported: temporary tables and views.
    """
    relation = session.find(statement.name)
    if relation is not None and not relation.temporary:
        session.lock(relation.full_name, Mode.EXCLUSIVE)
    session.begin()
    relation = session.resolve(statement.name)
    if relation.temporary or (relation.view_sql is not None and statement.action != "rename"):
        raise Unsupported(
            f"ALTER TABLE {statement.action.upper()} of a {'temporary table' if relation.temporary else 'view'}"
        )
    _ACTIONS[statement.action](session, relation, statement)
    return Result()


def _rename(session: Session, relation: Relation, statement: AlterTable) -> None:
    session.lock(f"{relation.schema}.{statement.new}", Mode.EXCLUSIVE)
    if session.catalog.find(relation.schema, statement.new):
        raise RedshiftError(f'ERROR: Relation "{statement.new}" already exists')
    bound = dependents(session, relation)
    if relation.view_sql is None:
        session.execute(f'ALTER TABLE {relation.quoted} RENAME TO "{statement.new}"')
    session.catalog.update(relation.table_id, name=statement.new)
    for view in bound:  # an ordinary view is bound to the table, not to its name: it follows
        session.catalog.update(view.table_id, view_sql=_following(view.view_sql or "", relation, statement.new))


def _following(sql: str, relation: Relation, new: str) -> str:
    tree = sqlglot.parse_one(sql, read="redshift")
    for table in tree.find_all(exp.Table):
        if table.name.lower() == relation.name and table.db.lower() in ("", relation.schema):
            if not table.alias:
                table.set("alias", exp.TableAlias(this=exp.to_identifier(relation.name)))
            table.set("this", exp.to_identifier(new))
    for column in tree.find_all(exp.Column):
        if column.args.get("db") and column.table.lower() == relation.name:
            column.set("db", None)
    return tree.sql("redshift")


def _rename_column(session: Session, relation: Relation, statement: AlterTable) -> None:
    session.catalog.require_column(relation, statement.old)
    if any(c.name == statement.new for c in relation.columns):
        raise RedshiftError(f'ERROR: column "{statement.new}" of relation "{relation.name}" already exists')
    _refuse_views(session, relation, statement)
    session.execute(f'ALTER TABLE {relation.quoted} RENAME COLUMN "{statement.old}" TO "{statement.new}"')
    session.catalog.update_column(relation.table_id, statement.old, name=statement.new)
    design = relation.design
    session.catalog.update(
        relation.table_id,
        distkey=statement.new if design.distkey == statement.old else design.distkey,
        sortkey=None
        if design.sortkey is None
        else [statement.new if c == statement.old else c for c in design.sortkey],
        primary_key=[statement.new if c == statement.old else c for c in relation.primary_key],
    )


def _refuse_views(session: Session, relation: Relation, statement: AlterTable) -> None:
    bound = dependents(session, relation)
    if bound:
        raise RedshiftError(
            f"ERROR: cannot {statement.action} {statement.old} of {relation.full_name} because view "
            f"{bound[0].full_name} depends "
            "on the table (the local Redshift does not look at single columns): drop the view first"
        )


def _add_column(session: Session, relation: Relation, statement: AlterTable) -> None:
    column = statement.column
    if column is None:
        raise RedshiftError("ERROR: syntax error: ADD COLUMN without a column")
    if any(c.name == column.name for c in relation.columns):
        raise RedshiftError(f'ERROR: column "{column.name}" of relation "{relation.name}" already exists')
    if column.not_null and column.default is None:
        raise RedshiftError("ERROR: ALTER TABLE ADD COLUMN defined as NOT NULL must have a non-null default expression")
    _rebuild(session, relation, (*relation.columns, column))
    session.catalog.add_column(relation.table_id, column)


def _drop_column(session: Session, relation: Relation, statement: AlterTable) -> None:
    session.catalog.require_column(relation, statement.old)
    if statement.old == relation.design.distkey or statement.old in (relation.design.sortkey or ()):
        raise RedshiftError(f'ERROR: cannot drop distkey or sortkey column "{statement.old}"')
    if len(relation.columns) == 1:
        raise RedshiftError("ERROR: cannot drop the last column of a table")
    _refuse_views(session, relation, statement)
    _rebuild(session, relation, tuple(c for c in relation.columns if c.name != statement.old))
    session.catalog.drop_column(relation.table_id, statement.old)
    session.catalog.update(relation.table_id, primary_key=[c for c in relation.primary_key if c != statement.old])


def _type(session: Session, relation: Relation, statement: AlterTable) -> None:
    if session.in_batch:
        raise RedshiftError("ERROR: ALTER TABLE ALTER COLUMN cannot run inside a transaction block")
    column, kind = session.catalog.require_column(relation, statement.old), statement.type
    if kind is None or kind.name != "character varying" or column.type.name != "character varying":
        raise RedshiftError("ERROR: ALTER COLUMN TYPE changes only the size of a VARCHAR column")
    if column.default is not None or column.name in relation.primary_key:
        raise RedshiftError(f'ERROR: cannot alter type of column "{column.name}": it has a default or is in a key')
    _rebuild(session, relation, tuple(replace(c, type=kind) if c is column else c for c in relation.columns))
    session.catalog.update_column(relation.table_id, column.name, length=kind.length)


def _rebuild(session: Session, relation: Relation, columns: tuple[Column, ...]) -> None:
    """The same rows in a table of the new columns, under the old name."""
    if session.execute(
        f"SELECT 1 FROM duckdb_sequences() WHERE sequence_name = 'identity_{relation.table_id}'"
    ).fetchall():
        raise Unsupported("ALTER TABLE of the columns of a table with IDENTITY")
    old = {c.name for c in relation.columns}
    kept = ", ".join(f'"{c.name}"' for c in columns if c.name in old)
    new = replace(relation, name=f"{relation.name}__rebuilt", columns=columns)
    create_physical(session, new)
    session.execute(f"INSERT INTO {new.quoted} ({kept}) SELECT {kept} FROM {relation.quoted}", relation=new)
    session.execute(f"DROP TABLE {relation.quoted}")
    session.execute(f'ALTER TABLE {new.quoted} RENAME TO "{relation.name}"')


def _diststyle(session: Session, relation: Relation, statement: AlterTable) -> None:
    key = statement.design.distkey
    if key:
        session.catalog.require_column(relation, key)
    session.catalog.update(relation.table_id, diststyle=statement.design.diststyle, distkey=key)


def _sortkey(session: Session, relation: Relation, statement: AlterTable) -> None:
    """The table is sorted as part of the statement, so nothing is unsorted afterwards."""
    keys = statement.design.sortkey
    for key in keys or ():
        session.catalog.require_column(relation, key)
    session.catalog.update(relation.table_id, sortkey=None if keys is None else list(keys))
    if keys:
        session.catalog.update_column(relation.table_id, keys[0], encoding="raw")
    session.catalog.changed(relation, unsorted=-session.catalog.rows(relation).unsorted)


def _encode(session: Session, relation: Relation, statement: AlterTable) -> None:
    if statement.encodings == (("*", "auto"),):
        session.catalog.update(relation.table_id, encode_auto=True)
        return
    for name, encoding in statement.encodings:
        session.catalog.require_column(relation, name)
        session.catalog.update_column(relation.table_id, name, encoding=encoding)
    session.catalog.update(relation.table_id, encode_auto=False)


def _owner(session: Session, relation: Relation, statement: AlterTable) -> None:
    session.execute("DELETE FROM _redshift.owners WHERE table_id = ?", [relation.table_id])
    session.execute("INSERT INTO _redshift.owners VALUES (?, ?)", [relation.table_id, statement.new])


def _row_security(session: Session, relation: Relation, statement: AlterTable) -> None:
    session.execute("DELETE FROM _redshift.row_security WHERE table_id = ?", [relation.table_id])
    if statement.new:
        session.execute("INSERT INTO _redshift.row_security VALUES (?, ?)", [relation.table_id, statement.new])


_ACTIONS: dict[str, Callable[[Session, Relation, AlterTable], None]] = {
    "rename": _rename,
    "rename column": _rename_column,
    "add column": _add_column,
    "drop column": _drop_column,
    "type": _type,
    "diststyle": _diststyle,
    "sortkey": _sortkey,
    "encode": _encode,
    "owner": _owner,
    "row security": _row_security,
}
