"""SELECT, INSERT, UPDATE, DELETE and MERGE: Redshift text in, DuckDB text out, with what it reads and writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, ParseError, UnsupportedError

from local.aws.redshift import functions, whitelist
from local.aws.redshift.catalog import Relation
from local.aws.redshift.errors import RedshiftError, Unsupported
from local.aws.redshift.labels import labelled
from local.aws.redshift.statements import Name
from local.aws.redshift.tokens import tokenize

Resolver = Callable[[Name], Relation]
_CONFLATED = ("ADD_MONTHS",)  # sqlglot reads it as DATEADD, which differs at the end of a month
_SYSTEM = ("svv_", "stl_", "stv_", "svl_", "svcs_", "sys_", "pg_")


@dataclass
class Translated:
    """A statement ready for DuckDB."""

    kind: str  # select | insert | update | delete | merge
    sql: str
    parameters: list[str]
    reads: list[Relation]
    target: Relation | None = None
    matches: str | None = None  # of a MERGE: counts pairs and distinct target rows
    unsummed: str | None = None  # a SELECT with SUM(x) as any value of x: shows the type that is summed


@dataclass
class _Context:
    resolve: Resolver
    values: Mapping[str, str]
    now: datetime
    search_path: tuple[str, ...]
    reads: list[Relation] = field(default_factory=list)
    views: tuple[str, ...] = ()


def parse_query(sql: str) -> exp.Expression:
    """Parse and check against the whitelist.

    Raises:
        RedshiftError: syntax. Unsupported: a construct that is not here.
    """
    try:
        trees = sqlglot.parse(sql, read="redshift", error_level=ErrorLevel.RAISE)
    except (ParseError, sqlglot.errors.TokenError) as error:
        first = str(error).replace("\x1b[4m", "").replace("\x1b[0m", "").strip().splitlines()[0]
        raise RedshiftError(f"ERROR: syntax error: {first}") from error
    trees = [tree for tree in trees if tree is not None]
    if len(trees) != 1:
        raise RedshiftError(
            "ERROR: cannot insert multiple commands into a prepared statement: send one statement per Sql"
        )
    for name, bracket in pairwise(tokenize(sql)):
        if name.kind == "word" and name.text.upper() in _CONFLATED and bracket.text == "(":
            raise Unsupported(f"function {name.text.upper()}")
    tree = trees[0]
    if isinstance(tree, exp.Command):
        raise Unsupported(f"statement {tree.name}")
    return tree


def translate(
    sql: str, resolve: Resolver, values: Mapping[str, str], now: datetime, search_path: tuple[str, ...]
) -> Translated:
    """Turn one query or DML statement into DuckDB's dialect.

    Args:
        sql: the text, with `:name` parameters.
        resolve: finds a relation by name or raises.
        values: the parameters of the statement.
        now: start of the statement, UTC.
        search_path: schemas that `pg_table_def` shows.
    """
    tree = parse_query(sql)
    context = _Context(resolve, values, now, search_path)
    if isinstance(tree, exp.Merge):
        return _merge(tree, context)
    whitelist.check(tree)
    if isinstance(tree, exp.Insert):
        return _insert(tree, context)
    if isinstance(tree, exp.Update | exp.Delete):
        return _update_or_delete(tree, context)
    if isinstance(tree, exp.Query):
        tree = _query(labelled(tree), context)
        done = _finished("select", tree, context, None)
        done.unsummed = _unsummed(tree)
        return done
    raise Unsupported(f"statement {type(tree).__name__.upper()}")


def _finished(kind: str, tree: exp.Expression, context: _Context, target: Relation | None) -> Translated:
    names = list(dict.fromkeys(node.name.removeprefix("p_") for node in tree.find_all(exp.Placeholder)))
    return Translated(kind, render(tree), names, context.reads, target)


def _unsummed(tree: exp.Expression) -> str | None:
    """The query with ANY_VALUE in place of SUM, if it has a SUM."""
    copied = tree.copy()
    sums = list(copied.find_all(exp.Sum))
    for node in sums:
        summed = node.this.expressions[0] if isinstance(node.this, exp.Distinct) else node.this
        node.replace(exp.Anonymous(this="any_value", expressions=[summed.copy()]))
    return render(copied) if sums else None


def render(tree: exp.Expression) -> str:
    """DuckDB text; what the generator cannot express is an error, not a warning."""
    try:
        return tree.sql(dialect="duckdb", unsupported_level=ErrorLevel.RAISE)
    except UnsupportedError as error:
        raise Unsupported(str(error)) from error


def _query(tree: exp.Expression, context: _Context) -> exp.Expression:
    tree = functions.rewrite(tree, context.values, context.now)
    _replace_tables(tree, context)
    return tree


def _replace_tables(tree: exp.Expression, context: _Context) -> None:
    views: set[str] = set()
    for table in list(tree.find_all(exp.Table)):
        if table.args.get("catalog"):
            raise Unsupported(f"cross-database name {table.sql('redshift')}")
        if not table.db and table.name in _ctes_in_scope(table):
            continue
        if _replace_table(table, context):
            views.add(table.name)
    for column in tree.find_all(exp.Column):  # an expanded view has no schema any more
        if column.table in views and column.args.get("db"):
            column.set("db", None)


def _ctes_in_scope(table: exp.Table) -> set[str]:
    found: set[str] = set()
    node: exp.Expression | None = table
    while node is not None:
        with_ = node.args.get("with_") or node.args.get("with")
        if with_ is not None:
            found.update(cte.alias for cte in with_.expressions)
        node = node.parent
    return found


def _replace_table(table: exp.Table, context: _Context) -> bool:
    """Put what DuckDB knows in place of the name; True for a view, whose query is expanded."""
    if table.name.startswith(_SYSTEM) and table.db in ("", "pg_catalog"):
        relation = context.resolve((table.name,))
        table.set("db", exp.to_identifier("_redshift", quoted=True))
        if table.name == "pg_table_def":  # shows only the schemas of search_path
            paths = exp.column("schemaname").isin(*[exp.Literal.string(name) for name in context.search_path])
            source = exp.select("*").from_(exp.Table(this=table.this.copy(), db=table.args["db"].copy())).where(paths)
            table.replace(exp.alias_(source.subquery(), table.alias or table.name, table=True))
        return False
    relation = context.resolve((table.db, table.name) if table.db else (table.name,))
    if relation.view_sql is None:
        context.reads.append(relation)
        table.set("db", None if relation.temporary else exp.to_identifier(relation.schema, quoted=True))
        return False
    table.replace(_expanded(table, relation, context))
    return True


def _expanded(table: exp.Table, view: Relation, context: _Context) -> exp.Expression:
    """A view is its query, expanded here, so that one WITH NO SCHEMA BINDING follows renamed tables as on Redshift."""
    key = view.full_name
    if key in context.views:
        raise RedshiftError(f"ERROR: infinite recursion detected in view {key}")
    inner = _Context(context.resolve, {}, context.now, context.search_path, context.reads, (*context.views, key))
    query = parse_query(view.view_sql or "")
    whitelist.check(query)
    alias = exp.TableAlias(
        this=exp.to_identifier(table.alias or view.name, quoted=True),
        columns=[exp.to_identifier(c, quoted=True) for c in view.view_columns] or None,
    )
    return exp.Subquery(this=_query(labelled(query), inner), alias=alias)


def _target(table: exp.Expression, context: _Context, verb: str) -> Relation:
    if not isinstance(table, exp.Table):
        raise Unsupported(f"{verb} {type(table).__name__}")
    if table.name.lower().startswith(_SYSTEM):
        raise RedshiftError(f"ERROR: permission denied: {table.name.lower()} is a system relation")
    name = (table.db.lower(), table.name.lower()) if table.db else (table.name.lower(),)
    relation = context.resolve(name)
    if relation.view_sql is not None:
        raise RedshiftError(f"ERROR: cannot {verb} view {relation.full_name}")
    return relation


def _insert(tree: exp.Insert, context: _Context) -> Translated:
    _no_more(tree, {"this", "expression", "with_", "with"}, "INSERT")
    schema = tree.this
    table = schema.this if isinstance(schema, exp.Schema) else schema
    relation = _target(table, context, "INSERT INTO")
    for node in tree.find_all(exp.Var):
        if node.name.upper() == "DEFAULT" and not isinstance(node.parent, exp.Tuple):
            raise Unsupported("DEFAULT outside VALUES")
    tree = _query(tree, context)  # type: ignore[assignment]
    context.reads.remove(relation)
    return _finished("insert", tree, context, relation)


def _update_or_delete(tree: exp.Update | exp.Delete, context: _Context) -> Translated:
    update = isinstance(tree, exp.Update)
    kind = "update" if update else "delete"
    allowed = (
        {"this", "expressions", "from_", "from", "where", "with_", "with"}
        if update
        else {"this", "using", "where", "with_", "with"}
    )
    _no_more(tree, allowed, kind.upper())
    relation = _target(tree.this, context, kind.upper())
    tree = _query(tree, context)  # type: ignore[assignment]
    context.reads.remove(relation)
    return _finished(kind, tree, context, relation)


def _no_more(tree: exp.Expression, allowed: set[str], verb: str) -> None:
    for key, value in tree.args.items():
        if value and key not in allowed:
            raise Unsupported(f"{verb} .. {key.upper()}")


def _merge(tree: exp.Merge, context: _Context) -> Translated:
    """Redshift's MERGE: two tables, one WHEN MATCHED, one WHEN NOT MATCHED, neither with a condition."""
    _no_more(tree, {"this", "using", "on", "whens"}, "MERGE")
    source = tree.args["using"]
    if not isinstance(source, exp.Table):
        raise RedshiftError("ERROR: MERGE source must be a table: a subquery is not supported as source")
    target = _target(tree.this, context, "MERGE INTO")
    if tree.this.alias:
        raise RedshiftError("ERROR: syntax error: the target of a MERGE takes no alias")
    if _target(source, context, "use as MERGE source the").full_name == target.full_name:
        raise RedshiftError("ERROR: MERGE source and target are the same table")
    _merge_branches(tree, target)
    for when in tree.args["whens"].expressions:
        if isinstance(when.args["then"], exp.Var):
            when.set("then", exp.Var(this="DELETE"))
    whitelist.check(tree)
    on_only = (
        exp.select(
            exp.Count(this=exp.Star()),
            exp.Count(this=exp.Distinct(expressions=[exp.column("rowid", tree.this.name, tree.this.db or None)])),
        )
        .from_(tree.this.copy())
        .join(source.copy(), on=tree.args["on"].copy())
    )
    matches = render(_query(on_only, _Context(context.resolve, context.values, context.now, context.search_path)))
    tree = _query(tree, context)  # type: ignore[assignment]
    context.reads.remove(target)
    done = _finished("merge", tree, context, target)
    done.matches = matches
    return done


def _merge_branches(tree: exp.Merge, target: Relation) -> None:
    whens = tree.args["whens"].expressions
    matched = [w for w in whens if w.args.get("matched")]
    others = [w for w in whens if not w.args.get("matched")]
    if len(matched) != 1 or len(others) != 1:
        raise RedshiftError(
            "ERROR: syntax error: MERGE requires exactly one WHEN MATCHED and one WHEN NOT MATCHED (REMOVE "
            "DUPLICATES is "
            "not supported by the local Redshift)"
        )
    for when in whens:
        if when.args.get("condition") is not None or when.args.get("source"):
            raise RedshiftError("ERROR: syntax error: WHEN MATCHED and WHEN NOT MATCHED take no condition")
    insert = others[0].args["then"]
    if not isinstance(insert, exp.Insert):
        raise RedshiftError("ERROR: syntax error: WHEN NOT MATCHED must INSERT")
    values = insert.this.expressions if isinstance(insert.this, exp.Tuple) else []
    if len(values) == 1 and isinstance(values[0], exp.Anonymous) and values[0].name.upper() == "VALUES":
        given = values[0].expressions  # INSERT VALUES (..): sqlglot reads VALUES as a function
        if len(given) != len(target.columns):
            raise RedshiftError("ERROR: INSERT has not as many expressions as target columns")
        insert.set("this", exp.Tuple(expressions=[exp.column(c.name) for c in target.columns]))
        insert.set("expression", exp.Tuple(expressions=[e.copy() for e in given]))
    if isinstance(matched[0].args["then"], exp.Var) and matched[0].args["then"].name.upper() != "DELETE":
        raise Unsupported(f"WHEN MATCHED THEN {matched[0].args['then'].name.upper()}")
