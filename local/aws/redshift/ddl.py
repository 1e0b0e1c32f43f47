"""Runs CREATE SCHEMA and CREATE TABLE: DuckDB gets the table, the catalog gets what DuckDB does not know."""

from __future__ import annotations

from dataclasses import replace

import sqlglot
from sqlglot import exp

from local.aws.redshift import whitelist
from local.aws.redshift.catalog import Relation
from local.aws.redshift.column_types import from_duckdb_type
from local.aws.redshift.dml import lock_all, result_columns
from local.aws.redshift.errors import RedshiftError, Unsupported
from local.aws.redshift.functions import rewrite
from local.aws.redshift.locks import Mode
from local.aws.redshift.session import SYSTEM_SCHEMA, Result, Session
from local.aws.redshift.statements import Column, CreateSchema, CreateTable
from local.aws.redshift.translate import render, translate


def create_schema(session: Session, statement: CreateSchema) -> Result:
    """CREATE SCHEMA."""
    session.lock(f"schema {statement.name}", Mode.EXCLUSIVE)
    session.begin()
    if statement.name in (SYSTEM_SCHEMA, "main", "temp", "pg_catalog", "information_schema"):
        raise RedshiftError(f'ERROR: unacceptable schema name "{statement.name}"')
    if statement.name in session.catalog.schemas():
        if statement.if_not_exists:
            return Result()
        raise RedshiftError(f'ERROR: schema "{statement.name}" already exists')
    session.execute(f'CREATE SCHEMA "{statement.name}"')
    session.catalog.add_schema(statement.name)
    return Result()


def create_table(session: Session, statement: CreateTable) -> Result:
    """CREATE TABLE, CREATE TABLE (LIKE ..) and CREATE TABLE AS."""
    if not statement.temporary:  # the name is taken before the snapshot, so that IF NOT EXISTS cannot race
        schema = statement.name[0] if len(statement.name) == 2 else (session.search_path or ("public",))[0]
        session.lock(f"{schema}.{statement.name[-1]}", Mode.EXCLUSIVE)
    session.begin()
    name = statement.name[-1].removeprefix("#") if statement.temporary else statement.name[-1]
    if statement.temporary:
        if len(statement.name) > 1:
            raise RedshiftError("ERROR: cannot create temporary relation in non-temporary schema")
        exists = name in session.temporary
        schema = "pg_temp"
    else:
        schema, name = session.new_name(statement.name)
        exists = session.catalog.find(schema, name) is not None
    if exists:
        if statement.if_not_exists:
            return Result()
        raise RedshiftError(f'ERROR: Relation "{name}" already exists')
    relation = Relation(
        0 if statement.temporary else session.catalog.next_id(),
        schema,
        name,
        statement.columns,
        statement.design,
        statement.primary_key,
        statement.temporary,
    )
    if statement.query is not None:
        return _create_as(session, statement, relation)
    if statement.like is not None:
        source = session.resolve(statement.like)
        session.lock(source.full_name, Mode.READ)
        columns = tuple(
            replace(c, identity=None, default=c.default if statement.including_defaults else None)
            for c in source.columns
        )
        relation = replace(relation, columns=columns, design=source.design)
    create_physical(session, relation)
    _register(session, relation)
    return Result()


def _register(session: Session, relation: Relation) -> None:
    if relation.temporary:
        session.temporary[relation.name] = relation
    session.catalog.add(relation, session.now.replace(tzinfo=None))
    if not relation.design.backup and not relation.temporary:
        session.execute("INSERT INTO _redshift.no_backup VALUES (?)", [relation.table_id])


def create_physical(session: Session, relation: Relation) -> None:
    """Create the DuckDB table: NOT NULL and lengths are its constraints, keys are not (Redshift enforces none)."""
    parts = []
    for column in relation.columns:
        default = column_default(column, session)
        if column.identity:
            if relation.temporary:
                raise Unsupported("IDENTITY in a temporary table")
            sequence = f"{SYSTEM_SCHEMA}.identity_{relation.table_id}"
            session.execute(f"CREATE SEQUENCE {sequence} START {column.identity[0]} INCREMENT {column.identity[1]}")
            default = f"DEFAULT nextval('{sequence}')"
        null = "NOT NULL" if column.not_null else ""
        parts.append(f'"{column.name}" {column.type.duckdb} {default} {null} {column.type.check(column.name)}')
    kind = "TEMP TABLE" if relation.temporary else "TABLE"
    session.execute(f"CREATE {kind} {relation.quoted} ({', '.join(parts)})")


def column_default(column: Column, session: Session) -> str:
    """A DuckDB DEFAULT clause. GETDATE and SYSDATE stay functions; other defaults are constants."""
    if column.default is None:
        return ""
    tree = sqlglot.parse_one(f"SELECT {column.default}", read="redshift")
    whitelist.check(tree)
    if tree.find(exp.Column, exp.Select if tree.find(exp.Subquery) else exp.Column):
        raise RedshiftError("ERROR: cannot use column references in default expression")
    value = tree.expressions[0]
    if isinstance(value, exp.CurrentTimestamp):
        return "DEFAULT (get_current_timestamp() AT TIME ZONE 'UTC')"
    return f"DEFAULT ({render(rewrite(value, {}, session.now))})"


def _create_as(session: Session, statement: CreateTable, relation: Relation) -> Result:
    work = translate(statement.query or "", session.resolve, {}, session.now, session.search_path)
    if work.kind != "select":
        raise RedshiftError("ERROR: syntax error: CREATE TABLE AS takes a SELECT")
    lock_all(session, work.reads)
    raw = session.execute(f"SELECT * FROM ({work.sql}) AS q LIMIT 0").description or []
    description = result_columns(session, work, {}, [(d[0], str(d[1])) for d in raw])
    names = statement.query_columns or tuple(d[0].lower() for d in description)
    if len(names) != len(description) or len(set(names)) != len(names):
        raise RedshiftError(
            "ERROR: CREATE TABLE AS: the column names are repeated or their count differs from the query's"
        )
    declared = _declared_lengths(work.reads)
    columns = tuple(
        Column(n, declared.get(n) if d[1] == "VARCHAR" and n in declared else from_duckdb_type(d[1]))
        for n, d in zip(names, description, strict=True)
    )
    for key in (*(relation.design.sortkey or ()), *filter(None, (relation.design.distkey,))):
        if key not in names:
            raise RedshiftError(f'ERROR: column "{key}" named in DISTKEY or SORTKEY does not exist')
    relation = replace(relation, columns=columns)
    create_physical(session, relation)
    _register(session, relation)
    count = int(session.execute(f"INSERT INTO {relation.quoted} {work.sql}", relation=relation).fetchall()[0][0])
    session.catalog.changed(relation, visible=count)
    return Result(affected=count)


def _declared_lengths(reads: list[Relation]) -> dict[str, object]:
    """VARCHAR lengths a CTAS keeps: of columns whose name is declared once among the tables read."""
    found: dict[str, object] = {}
    for relation in reads:
        for column in relation.columns:
            if column.type.length and found.setdefault(column.name, column.type) != column.type:
                found[column.name] = None
    return {name: kind for name, kind in found.items() if kind is not None}
