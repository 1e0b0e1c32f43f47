"""CREATE VIEW and DROP: a view is its query, and what depends on what decides whether something can be dropped."""

from __future__ import annotations

import sqlglot
from sqlglot import exp

from local.aws.redshift.catalog import Relation
from local.aws.redshift.column_types import from_duckdb_type
from local.aws.redshift.errors import RedshiftError
from local.aws.redshift.locks import Mode
from local.aws.redshift.session import SYSTEM_SCHEMA, Result, Session
from local.aws.redshift.statements import Column, CreateView, Drop
from local.aws.redshift.translate import translate


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
    query = statement.query
    if not statement.late_binding:
        work = translate(statement.query, session.resolve, {}, session.now, session.search_path)
        description = session.execute(f"SELECT * FROM ({work.sql}) AS q LIMIT 0").description
        names = statement.columns or tuple(d[0].lower() for d in description)
        if len(names) != len(description):
            raise RedshiftError("ERROR: CREATE VIEW: count of column names differs from the query's")
        columns = tuple(Column(n, from_duckdb_type(str(d[1]))) for n, d in zip(names, description, strict=True))
        query = _qualified(session, query)
    else:
        for table in sqlglot.parse_one(statement.query, read="redshift").find_all(exp.Table):
            if not table.db and not table.find_ancestor(exp.With):
                raise RedshiftError("ERROR: WITH NO SCHEMA BINDING requires schema-qualified table names")
    view = Relation(
        session.catalog.next_id() if old is None else old.table_id,
        schema,
        name,
        columns,
        view_sql=query,
        view_columns=statement.columns,
        late_binding=statement.late_binding,
    )
    now = session.now.replace(tzinfo=None)
    if old is None:
        session.catalog.add(view, now)
    else:
        session.catalog.replace_view(old, view, now)
    return Result()


def _qualified(session: Session, query: str) -> str:
    """The query with the schema of every table: the reader's search_path does not matter."""
    tree = sqlglot.parse_one(query, read="redshift")
    ctes = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    bare = [t for t in tree.find_all(exp.Table) if not t.db and t.name.lower() not in ctes]
    for table in bare:
        relation = session.resolve((table.name.lower(),))
        if relation.temporary:
            raise RedshiftError("ERROR: a view cannot read a temporary table")
        if relation.schema != SYSTEM_SCHEMA:
            table.set("db", exp.to_identifier(relation.schema))
    return tree.sql("redshift") if bare else query


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
    if (
        relation is None
        or (relation.view_sql is None) != (statement.kind == "TABLE")
        or relation.schema == SYSTEM_SCHEMA
    ):
        if relation is None and statement.if_exists:
            return
        raise RedshiftError(f'ERROR: {statement.kind.title()} "{".".join(name)}" does not exist')
    for view in dependents(session, relation):
        if not statement.cascade:
            raise RedshiftError(
                f"ERROR: cannot drop {statement.kind.lower()} {relation.full_name} because other objects depend on it "
                f"Detail: view {view.full_name} depends on it Hint: Use DROP ... CASCADE to drop the dependent "
                f"objects too."
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
            raise RedshiftError(
                f"ERROR: cannot drop schema {name} because other objects depend on it: {', '.join(members)}"
            )
        for kind in ("view", "table"):
            for member in session.catalog.in_schema(name, kind):
                _drop_relation(session, Drop(kind.upper(), ((name, member),), True, True), (name, member))
        session.execute(f'DROP SCHEMA "{name}"')
        session.catalog.drop_schema(name)
    return Result()
