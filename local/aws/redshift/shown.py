"""SHOW TABLE and SHOW VIEW: definitions that make the object again, in the documented form."""

from __future__ import annotations

from local.aws.redshift.catalog import Relation
from local.aws.redshift.errors import RedshiftError, Unsupported
from local.aws.redshift.session import Result, Session
from local.aws.redshift.statements import ShowRelation


def show(session: Session, statement: ShowRelation) -> Result:
    """One row with one text.

    Raises:
        RedshiftError: there is no such table or view.
    """
    session.begin()
    relation = session.resolve(statement.name)
    if (relation.view_sql is None) != (statement.kind == "TABLE"):
        raise RedshiftError(f'ERROR: "{relation.name}" is not a {statement.kind.lower()}')
    text = _table(relation) if relation.view_sql is None else _view(relation)
    return Result(((f"Show {statement.kind.title()} DDL statement", "VARCHAR"),), [(text,)])


def _table(relation: Relation) -> str:
    lines = []
    for column in relation.columns:
        null = " NOT NULL" if column.not_null else ""
        default = f" DEFAULT {column.default}" if column.default is not None else ""
        encode = f" ENCODE {column.encoding}" if column.encoding else ""
        lines.append(f"    {column.name} {column.type.text}{default}{null}{encode}")
    if relation.primary_key:
        lines.append(f"    PRIMARY KEY ({', '.join(relation.primary_key)})")
    design = relation.design
    style = f"DISTSTYLE {design.diststyle or 'AUTO'}"
    style += f" DISTKEY ({design.distkey})" if design.distkey else ""
    sort = f"\nSORTKEY ({', '.join(design.sortkey)})" if design.sortkey else ""
    body = ",\n".join(lines)
    return f"CREATE TABLE {relation.full_name} (\n{body}\n)\n{style}{sort};"


def _view(relation: Relation) -> str:
    """Of an ordinary view its query alone."""
    if not relation.late_binding:
        if relation.view_columns:
            raise Unsupported("SHOW VIEW of a view with names for its columns")
        return f"{relation.view_sql};"
    names = f" ({', '.join(relation.view_columns)})" if relation.view_columns else ""
    return f"CREATE VIEW {relation.full_name}{names} AS {relation.view_sql} WITH NO SCHEMA BINDING;"
