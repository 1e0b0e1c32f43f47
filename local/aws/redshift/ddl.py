"""Runs CREATE, DROP, COMMENT, GRANT and views: DuckDB gets the table, the catalog gets what DuckDB does not know."""

from __future__ import annotations

from dataclasses import replace

import sqlglot
from sqlglot import exp

from local.aws.redshift import whitelist
from local.aws.redshift.catalog import Relation
from local.aws.redshift.column_types import from_duckdb_type
from local.aws.redshift.dml import lock_all
from local.aws.redshift.errors import RedshiftError, Unsupported
from local.aws.redshift.functions import rewrite
from local.aws.redshift.locks import Mode
from local.aws.redshift.session import SYSTEM_SCHEMA, Result, Session
from local.aws.redshift.statements import Column, Comment, CreateSchema, CreateTable, CreateView, Drop, Grant
from local.aws.redshift.translate import render, translate

PRIVILEGES = ("INSERT", "SELECT", "UPDATE", "DELETE", "REFERENCES", "DROP")


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
        0 if statement.temporary else session.catalog.next_id(), schema, name, statement.columns, statement.design,
        statement.primary_key, statement.temporary,
    )  # fmt: skip
    if statement.query is not None:
        return _create_as(session, statement, relation)
    if statement.like is not None:
        source = session.resolve(statement.like)
        session.lock(source.full_name, Mode.READ)
        columns = source.columns if statement.including_defaults else tuple(replace(c, default=None) for c in source.columns)
        relation = replace(relation, columns=columns, design=source.design)
    _physical(session, relation)
    _register(session, relation)
    return Result()


def _register(session: Session, relation: Relation) -> None:
    if relation.temporary:
        session.temporary[relation.name] = relation
    session.catalog.add(relation, session.now.replace(tzinfo=None))


def _physical(session: Session, relation: Relation) -> None:
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
    description = session.execute(f"SELECT * FROM ({work.sql}) AS q LIMIT 0").description
    names = statement.query_columns or tuple(d[0].lower() for d in description)
    if len(names) != len(description) or len(set(names)) != len(names):
        raise RedshiftError("ERROR: CREATE TABLE AS: the column names are repeated or their count differs from the query's")
    declared = _declared_lengths(work.reads)
    columns = tuple(
        Column(n, declared.get(n) if d[1] == "VARCHAR" and n in declared else from_duckdb_type(str(d[1])))
        for n, d in zip(names, description, strict=True)
    )
    for key in (*(relation.design.sortkey or ()), *filter(None, (relation.design.distkey,))):
        if key not in names:
            raise RedshiftError(f'ERROR: column "{key}" named in DISTKEY or SORTKEY does not exist')
    relation = replace(relation, columns=columns)
    _physical(session, relation)
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


def create_view(session: Session, statement: CreateView) -> Result:
    """CREATE VIEW. Its query is kept; whoever reads the view reads the query."""
    schema = statement.name[0] if len(statement.name) == 2 else (session.search_path or ("public",))[0]
    session.lock(f"{schema}.{statement.name[-1]}", Mode.EXCLUSIVE)
    session.begin()
    schema, name = session.new_name(statement.name)
    old = session.catalog.find(schema, name)
    if old is not None and (old.view_sql is None or not statement.replace):
        raise RedshiftError(f'ERROR: Relation "{name}" already exists')
    columns: tuple[Column, ...] = ()
    if not statement.late_binding:
        work = translate(statement.query, session.resolve, {}, session.now, session.search_path)
        description = session.execute(f"SELECT * FROM ({work.sql}) AS q LIMIT 0").description
        names = statement.columns or tuple(d[0].lower() for d in description)
        if len(names) != len(description):
            raise RedshiftError("ERROR: CREATE VIEW: count of column names differs from the query's")
        columns = tuple(Column(n, from_duckdb_type(str(d[1]))) for n, d in zip(names, description, strict=True))
    else:
        for table in sqlglot.parse_one(statement.query, read="redshift").find_all(exp.Table):
            if not table.db and not table.find_ancestor(exp.With):
                raise RedshiftError("ERROR: WITH NO SCHEMA BINDING requires schema-qualified table names")
    if old is not None:
        session.catalog.drop(old)
    view = Relation(
        session.catalog.next_id(), schema, name, columns, view_sql=statement.query, view_columns=statement.columns,
        late_binding=statement.late_binding,
    )  # fmt: skip
    session.catalog.add(view, session.now.replace(tzinfo=None))
    return Result()


def dependents(session: Session, relation: Relation) -> list[Relation]:
    """Views bound to the relation (not those WITH NO SCHEMA BINDING)."""
    found = []
    for view in session.catalog.views():
        if view.late_binding or view.full_name == relation.full_name:
            continue
        for table in sqlglot.parse_one(view.view_sql or "", read="redshift").find_all(exp.Table):
            name = (table.db.lower(), table.name.lower()) if table.db else (table.name.lower(),)
            other = session.find(name)
            if other is not None and other.full_name == relation.full_name:
                found.append(view)
                break
    return found


def drop(session: Session, statement: Drop) -> Result:
    """DROP TABLE, VIEW or SCHEMA."""
    if statement.kind == "SCHEMA":
        return _drop_schema(session, statement)
    for name in statement.names:
        _drop_relation(session, statement, name)
    return Result()


def _drop_relation(session: Session, statement: Drop, name: tuple[str, ...]) -> None:
    relation = session.find(name)
    if relation is not None and not relation.temporary:
        session.lock(relation.full_name, Mode.EXCLUSIVE)
    session.begin()
    relation = session.find(name)
    if relation is None or (relation.view_sql is None) != (statement.kind == "TABLE") or relation.schema == SYSTEM_SCHEMA:
        if relation is None and statement.if_exists:
            return
        raise RedshiftError(f'ERROR: {statement.kind.title()} "{".".join(name)}" does not exist')
    for view in dependents(session, relation):
        if not statement.cascade:
            raise RedshiftError(
                f"ERROR: cannot drop {statement.kind.lower()} {relation.full_name} because other objects depend on it "
                f"Detail: view {view.full_name} depends on it Hint: Use DROP ... CASCADE to drop the dependent objects too."
            )
        _drop_relation(session, Drop("VIEW", ((view.schema, view.name),), True, True), (view.schema, view.name))
    if relation.view_sql is None:
        session.execute(f"DROP TABLE {relation.quoted}")
    if relation.temporary:
        del session.temporary[relation.name]
    else:
        session.catalog.drop(relation)


def _drop_schema(session: Session, statement: Drop) -> Result:
    for (name,) in statement.names:
        session.lock(f"schema {name}", Mode.EXCLUSIVE)
        session.begin()
        if name not in session.catalog.schemas():
            if statement.if_exists:
                continue
            raise RedshiftError(f'ERROR: schema "{name}" does not exist')
        members = session.catalog.in_schema(name)
        if members and not statement.cascade:
            raise RedshiftError(f"ERROR: cannot drop schema {name} because other objects depend on it: {', '.join(members)}")
        for kind in ("view", "table"):
            for member in session.catalog.in_schema(name, kind):
                _drop_relation(session, Drop(kind.upper(), ((name, member),), True, True), (name, member))
        session.execute(f'DROP SCHEMA "{name}"')
        session.catalog.drop_schema(name)
    return Result()


def comment(session: Session, statement: Comment) -> Result:
    """COMMENT ON: shows up in `remarks`."""
    session.begin()
    if statement.kind == "SCHEMA":
        if statement.name[0] not in session.catalog.schemas():
            raise RedshiftError(f'ERROR: schema "{statement.name[0]}" does not exist')
        session.execute("UPDATE _redshift.schemas SET remarks = ? WHERE name = ?", [statement.text, statement.name[0]])
        return Result()
    column = statement.name[-1] if statement.kind == "COLUMN" else None
    name = statement.name[:-1] if column else statement.name
    if not name:
        raise RedshiftError("ERROR: syntax error: COMMENT ON COLUMN takes table.column")
    relation = session.resolve(name)
    if statement.kind != "COLUMN" and (relation.view_sql is None) != (statement.kind == "TABLE"):
        raise RedshiftError(f'ERROR: "{relation.name}" is not a {statement.kind.lower()}')
    if column:
        session.catalog.require_column(relation, column)
        session.catalog.update_column(relation.table_id, column, remarks=statement.text)
    else:
        session.catalog.update(relation.table_id, remarks=statement.text)
    return Result()


def grant(session: Session, statement: Grant) -> Result:
    """GRANT and REVOKE: recorded for svv_relation_privileges; the local Redshift has one user and enforces none."""
    session.begin()
    schemas = set(session.catalog.schemas())
    for name in statement.objects:
        if statement.kind == "TABLE":
            relation = session.resolve(name)
            targets = [("TABLE", relation.schema, relation.table_id)]
        elif name[0] not in schemas:
            raise RedshiftError(f'ERROR: schema "{name[0]}" does not exist')
        elif statement.kind == "SCHEMA":
            targets = [("SCHEMA", name[0], None)]
        else:
            found = [session.resolve((name[0], table)) for table in session.catalog.in_schema(name[0])]
            targets = [("TABLE", r.schema, r.table_id) for r in found]
        allowed = ("USAGE", "CREATE") if statement.kind == "SCHEMA" else (*PRIVILEGES, "TRUNCATE", "ALTER")
        given = allowed if statement.privileges == ("ALL",) else statement.privileges
        for privilege in given:
            if privilege not in allowed:
                raise RedshiftError(f"ERROR: invalid privilege type {privilege} for {statement.kind.lower()}")
        for target in targets:
            for kind, identity in statement.identities:
                _record_grant(session, statement, target, tuple(given), kind, identity)
    return Result()


def _record_grant(
    session: Session, statement: Grant, target: tuple[str, str, int | None], privileges: tuple[str, ...], kind: str, identity: str
) -> None:
    where = (
        "object_kind = ? AND schema_name = ? AND table_id IS NOT DISTINCT FROM ? AND identity_kind = ? AND identity_name = ? "
        "AND privilege = ?"
    )
    for privilege in privileges:
        key = [*target, kind, identity, privilege]
        if statement.revoke and statement.admin_option:  # GRANT OPTION FOR: the privilege itself stays
            session.execute(f"UPDATE _redshift.grants SET admin_option = false WHERE {where}", key)
            continue
        session.execute(f"DELETE FROM _redshift.grants WHERE {where}", key)
        if not statement.revoke:
            session.execute(
                "INSERT INTO _redshift.grants VALUES (?, ?, ?, ?, ?, ?, ?)",
                [*target, privilege, kind, identity, statement.admin_option],
            )
