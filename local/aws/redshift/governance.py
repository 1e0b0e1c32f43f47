"""COMMENT, GRANT, REVOKE and ATTACH .. POLICY."""

from __future__ import annotations

import json

from local.aws.redshift.errors import RedshiftError
from local.aws.redshift.session import Result, Session
from local.aws.redshift.statements import Attach, Comment, Grant

PRIVILEGES = ("INSERT", "SELECT", "UPDATE", "DELETE", "REFERENCES", "DROP")


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
    if statement.columns:
        return _grant_columns(session, statement)
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


def _grant_columns(session: Session, statement: Grant) -> Result:
    for name in statement.objects:
        relation = session.resolve(name)
        for privilege, columns in zip(statement.privileges, statement.columns, strict=True):
            for column in columns:
                session.catalog.require_column(relation, column)
                for identity in statement.identities:
                    key = [relation.table_id, column, privilege, *identity]
                    session.execute(
                        "DELETE FROM _redshift.column_grants WHERE table_id = ? AND column_name = ? AND "
                        "privilege = ? AND identity_kind = ? AND identity_name = ?",
                        key,
                    )
                    if not statement.revoke:
                        session.execute("INSERT INTO _redshift.column_grants VALUES (?, ?, ?, ?, ?)", key)
    return Result()


def attach(session: Session, statement: Attach) -> Result:
    """ATTACH of a row-level or masking policy: recorded, as a GRANT is; that the policy exists is not checked."""
    session.begin()
    relation = session.resolve(statement.name)
    for column in (*statement.inputs, *statement.outputs):
        session.catalog.require_column(relation, column)
    key = [relation.table_id, statement.kind, statement.policy, *statement.identity]
    session.execute(
        "DELETE FROM _redshift.policies WHERE table_id = ? AND kind = ? AND policy = ? AND identity_kind = ? AND "
        "identity_name = ?",
        key,
    )
    session.execute(
        "INSERT INTO _redshift.policies VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [*key, statement.priority, json.dumps(statement.inputs), json.dumps(statement.outputs)],
    )
    return Result()


def _record_grant(
    session: Session,
    statement: Grant,
    target: tuple[str, str, int | None],
    privileges: tuple[str, ...],
    kind: str,
    identity: str,
) -> None:
    where = (
        "object_kind = ? AND schema_name = ? AND table_id IS NOT DISTINCT FROM ? AND identity_kind = ? AND "
        "identity_name = ? "
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
