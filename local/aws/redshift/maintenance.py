"""VACUUM, ANALYZE, TRUNCATE, LOCK and the session settings."""

from __future__ import annotations

from local.aws.redshift.catalog import Relation
from local.aws.redshift.errors import RedshiftError, Unsupported
from local.aws.redshift.locks import Mode
from local.aws.redshift.parse import SETTINGS
from local.aws.redshift.session import SYSTEM_SCHEMA, Result, Session
from local.aws.redshift.statements import Analyze, Lock, Set, Show, Truncate, Vacuum

_DEFAULTS = {
    "statement_timeout": "0",
    "query_group": "default",
    "search_path": "$user, public",
    "analyze_threshold_percent": "10",
}


def lock(session: Session, statement: Lock) -> Result:
    """LOCK: exclusive until the transaction ends. It takes no snapshot, so what is read next is fresh."""
    for name in statement.names:
        relation = session.resolve(name)
        if relation.view_sql is not None or relation.schema == SYSTEM_SCHEMA:
            raise RedshiftError(f'ERROR: "{relation.name}" is not a table')
        session.lock(relation.full_name, Mode.EXCLUSIVE)
    return Result()


def _table(session: Session, name: tuple[str, ...], verb: str) -> Relation:
    relation = session.resolve(name)
    if relation.view_sql is not None or relation.schema == SYSTEM_SCHEMA:
        raise RedshiftError(f'ERROR: cannot {verb} "{relation.name}": it is not a table')
    return relation


def truncate(session: Session, statement: Truncate) -> Result:
    """TRUNCATE: empties the table and commits, also what the batch did before, and frees its locks."""
    relation = _table(session, statement.name, "truncate")
    if not relation.temporary:
        session.lock(relation.full_name, Mode.EXCLUSIVE)
    session.begin()
    session.execute(f"DELETE FROM {relation.quoted}")
    state = session.catalog.rows(relation)
    session.catalog.changed(
        relation, visible=-state.visible, ghosts=-state.ghosts, unsorted=-state.unsorted, stale=-state.stale
    )
    session.commit()
    return Result()


def vacuum(session: Session, statement: Vacuum) -> Result:
    """VACUUM: ghosts reclaimed, rows sorted, the run recorded. Only the counts are kept; DuckDB stores as it likes."""
    if session.in_batch:
        raise RedshiftError("ERROR: VACUUM cannot run inside a transaction block")
    names = [statement.name] if statement.name is not None else list(session.catalog.tables())
    for name in names:
        relation = _table(session, name, "vacuum")
        if relation.temporary:
            raise Unsupported("VACUUM of a temporary table")
        session.lock(relation.full_name, Mode.WRITE)
        session.begin()
        _vacuum_one(session, relation, statement)
        session.commit()
    return Result()


def _vacuum_one(session: Session, relation: Relation, statement: Vacuum) -> None:
    state = session.catalog.rows(relation)
    total = state.visible + state.ghosts
    unsorted = min(state.unsorted, total)
    sorts = statement.kind in ("FULL", "SORT ONLY", "RECLUSTER") and bool(relation.design.sortkey)
    if (
        sorts
        and total
        and 100 * (total - unsorted) >= statement.threshold * total
        and (unsorted == 0 or statement.threshold < 100)
    ):
        sorts = False
    reclaimed = state.ghosts if statement.kind in ("FULL", "DELETE ONLY") else 0
    sorted_rows = unsorted if sorts else 0
    left = min(unsorted - sorted_rows, total - reclaimed)
    session.catalog.changed(relation, ghosts=-reclaimed, unsorted=left - state.unsorted)
    session.execute(
        "INSERT INTO _redshift.vacuum_history VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, get_current_timestamp() AT TIME "
        "ZONE 'UTC', "
        "?, ?, ?, ?)",
        [
            session.transaction_id,
            session.query_id,
            session.database,
            relation.schema,
            relation.name,
            relation.table_id,
            {"FULL": "Full", "SORT ONLY": "Sort", "DELETE ONLY": "Delete", "RECLUSTER": "Recluster"}[statement.kind],
            "Complete" if reclaimed or sorted_rows else "Skipped",
            session.now.replace(tzinfo=None),
            total,
            reclaimed,
            total - unsorted,
            sorted_rows,
        ],
    )


def analyze(session: Session, statement: Analyze) -> Result:
    """ANALYZE: the statistics' age goes to zero; skipped below analyze_threshold_percent, as on Redshift."""
    session.begin()
    threshold = float(session.settings.get("analyze_threshold_percent", "10"))
    names = [statement.name] if statement.name else list(session.catalog.tables())
    for name in names:
        relation = _table(session, name, "analyze")
        for column in statement.columns:
            session.catalog.require_column(relation, column)
        if relation.temporary:
            continue
        session.lock(relation.full_name, Mode.READ)
        state = session.catalog.rows(relation)
        skipped = 100 * state.stale < threshold * state.visible or state.stale == 0
        if not skipped:
            session.catalog.changed(relation, stale=-state.stale)
        status = "Skipped" if skipped else "PredicateColumn" if statement.predicate_columns else "Full"
        session.execute(
            "INSERT INTO _redshift.analyze_history SELECT ?, ?, ?, ?, ?, ?, ?, get_current_timestamp() AT TIME "
            "ZONE 'UTC', ?, ?, ?, "
            "(SELECT max(end_time) FROM _redshift.analyze_history WHERE table_id = ? AND status <> 'Skipped')",
            [
                session.transaction_id,
                session.database,
                relation.schema,
                relation.name,
                relation.table_id,
                status,
                session.now.replace(tzinfo=None),
                state.visible,
                state.stale,
                int(threshold),
                relation.table_id,
            ],
        )
    return Result()


def set_setting(session: Session, statement: Set) -> Result:
    """SET and RESET: for the rest of the session (without SessionId: of the batch)."""
    if statement.value is None:
        session.settings.pop(statement.name, None)
        return Result()
    if statement.name in ("statement_timeout", "analyze_threshold_percent") and not statement.value.isdigit():
        raise RedshiftError(f'ERROR: parameter "{statement.name}" requires a whole number')
    session.settings[statement.name] = statement.value
    return Result()


def show(session: Session, statement: Show) -> Result:
    """SHOW of one setting."""
    if statement.name not in SETTINGS:
        raise Unsupported(f"SHOW {statement.name}")
    value = session.settings.get(statement.name, _DEFAULTS[statement.name])
    return Result(((statement.name, "VARCHAR"),), [(value,)])
