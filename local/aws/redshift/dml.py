"""Runs SELECT, INSERT, UPDATE, DELETE and MERGE, and records what they did to the rows."""

from __future__ import annotations

import time
from collections.abc import Mapping

from local.aws.redshift.catalog import Relation
from local.aws.redshift.errors import RedshiftError
from local.aws.redshift.locks import Mode
from local.aws.redshift.parameters import bound
from local.aws.redshift.session import SYSTEM_SCHEMA, Result, Session
from local.aws.redshift.translate import Translated, translate


def run_query(session: Session, sql: str, values: Mapping[str, str]) -> Result:
    """Run one statement of the kinds that bind parameters. The snapshot is taken before any lock is waited for."""
    session.begin()
    begun = time.perf_counter()
    work = translate(sql, session.resolve, values, session.now, session.search_path)
    session.control.planning += time.perf_counter() - begun
    lock_all(session, work.reads)
    tables = {r.table_id: r for r in work.reads if r.schema != SYSTEM_SCHEMA and not r.temporary}
    session.scanned = [(relation, session.catalog.rows(relation)) for relation in tables.values()]
    if work.target is not None:
        session.lock(work.target.full_name, Mode.WRITE)
    arguments = bound(work.parameters, values)
    if work.kind == "select":
        done = session.execute(work.sql, arguments)
        description = [(d[0], str(d[1])) for d in done.description or []]
        rows = done.fetchall()
        return Result(result_columns(session, work, arguments, description), rows)
    matched = _matched(session, work, values) if work.kind == "merge" else 0
    empty = work.kind == "insert" and _is_empty(session, work.target)
    count = int(session.execute(work.sql, arguments, work.target).fetchall()[0][0])
    _record(session, work, count, matched, empty)
    return Result(affected=count)


def result_columns(
    session: Session, work: Translated, arguments: dict[str, str], description: list[tuple[str, str]]
) -> tuple[tuple[str, str], ...]:
    """Names and DuckDB types, with SUM of SMALLINT or INTEGER as BIGINT (DuckDB sums every integer into a HUGEINT)."""
    if work.unsummed is None or all(kind != "HUGEINT" for _, kind in description):
        return tuple(description)
    shown = session.execute(f"SELECT * FROM ({work.unsummed}) AS q LIMIT 0", arguments).description or []
    return tuple(
        (name, "BIGINT" if kind == "HUGEINT" and str(summed[1]) in ("INTEGER", "SMALLINT", "TINYINT") else kind)
        for (name, kind), summed in zip(description, shown, strict=True)
    )


def lock_all(session: Session, reads: list[Relation]) -> None:
    """Read locks on user tables, in one order so that readers do not deadlock with each other."""
    for name in sorted({r.full_name for r in reads if r.schema != SYSTEM_SCHEMA and not r.temporary}):
        session.lock(name, Mode.READ)


def _matched(session: Session, work: Translated, values: Mapping[str, str]) -> int:
    """Target rows that a MERGE matches; two source rows for one of them is an error."""
    names = [name for name in work.parameters if f"$p_{name}" in (work.matches or "")]
    pairs, rows = session.execute(work.matches or "", bound(names, values)).fetchall()[0]
    if pairs != rows:
        raise RedshiftError("ERROR: Found multiple matches to update the same tuple.")
    return int(rows)


def _is_empty(session: Session, relation: Relation | None) -> bool:
    if relation is None or relation.temporary:
        return False
    state = session.catalog.rows(relation)
    return state.visible + state.ghosts == 0


def _record(session: Session, work: Translated, count: int, matched: int, empty: bool) -> None:
    target = work.target
    if target is None or count <= 0:
        return
    changed = session.catalog.changed
    if work.kind == "insert":
        changed(target, visible=count, unsorted=0 if empty else count, stale=count)
    elif work.kind == "delete":
        changed(target, visible=-count, ghosts=count, stale=count)
    elif work.kind == "update":  # an update is a delete and an append
        changed(target, ghosts=count, unsorted=count, stale=count)
    else:
        deletes = "THEN DELETE" in work.sql
        inserted = count - matched
        changed(
            target,
            visible=inserted - (matched if deletes else 0),
            ghosts=matched,
            unsorted=inserted + (0 if deletes else matched),
            stale=count,
        )
