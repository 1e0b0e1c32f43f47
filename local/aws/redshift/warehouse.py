"""The DuckDB file and everything that outlives a session: locks, catalog tables, macros, system views, history."""

from __future__ import annotations

import itertools
import shutil
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from local.aws.redshift import alter, ddl, dml, governance, maintenance, shown, views
from local.aws.redshift.copy_load import copy
from local.aws.redshift.functions import MACROS
from local.aws.redshift.load_errors import LoadFailed
from local.aws.redshift.locks import LockTable
from local.aws.redshift.parse import parse
from local.aws.redshift.s3_objects import Objects
from local.aws.redshift.schema import TABLES
from local.aws.redshift.session import Result, Session
from local.aws.redshift.statements import (
    AlterTable,
    Analyze,
    Attach,
    Comment,
    Copy,
    CreateSchema,
    CreateTable,
    CreateView,
    Drop,
    Grant,
    Lock,
    Query,
    Set,
    Show,
    ShowRelation,
    Truncate,
    Unload,
    Vacuum,
)
from local.aws.redshift.system_views import VIEWS
from local.aws.redshift.unload import unload

ROWS_OF_A_BLOCK = 130_994  # 8-byte values without encoding in 1 MB
_RETENTION = timedelta(days=7)  # as long as Redshift keeps its system tables
_RUNNERS = {
    CreateTable: ddl.create_table,
    CreateView: views.create_view,
    CreateSchema: ddl.create_schema,
    Drop: views.drop,
    Comment: governance.comment,
    Grant: governance.grant,
    Attach: governance.attach,
    AlterTable: alter.alter_table,
    Truncate: maintenance.truncate,
    Lock: maintenance.lock,
    Vacuum: maintenance.vacuum,
    Analyze: maintenance.analyze,
    Set: maintenance.set_setting,
    Show: maintenance.show,
    ShowRelation: shown.show,
    Copy: copy,
    Unload: unload,
}


class WarehouseBusy(Exception):
    """The DuckDB file cannot be opened: one process at a time."""


class Warehouse:
    """One Redshift workgroup: a DuckDB file opened by this process alone."""

    def __init__(self, path: Path, endpoint: str, memory: str = "2GB") -> None:
        """Open or create the file.

        Args:
            path: the DuckDB file; its folder must exist.
            endpoint: URL of the S3 stand-in.
            memory: DuckDB's limit; larger work spills beside the file.

        Raises:
            WarehouseBusy: another process has it open.
        """
        try:
            self._connection = duckdb.connect(str(path))
        except duckdb.IOException as error:
            raise WarehouseBusy(f"{path}: another process holds the warehouse; stop it first ({error})") from error
        self._scratch = path.with_name("scratch")
        shutil.rmtree(self._scratch, ignore_errors=True)  # of a run that was killed
        self._connection.execute(f"SET memory_limit = '{memory}'")
        self._connection.execute("SET TimeZone = 'UTC'")
        for statement in TABLES.split(";"):
            if statement.strip():
                self._connection.execute(statement)
        for macro in MACROS:
            self._connection.execute("SET integer_division = true")
            self._connection.execute(macro)
        for name, sql in VIEWS.items():
            self._connection.execute(f"CREATE OR REPLACE VIEW _redshift.{name} AS {sql}")
        self._tidy()
        self.objects = Objects(endpoint)
        self.locks = LockTable()
        self._numbers = itertools.count(int(datetime.now(UTC).timestamp()) * 100)
        self._history = self._connection.cursor()
        self._history_lock = threading.Lock()

    def _tidy(self) -> None:
        """One change per table instead of one per statement, seven days of history. Nobody else is connected."""
        run = self._connection.execute
        run("BEGIN")
        run(
            "CREATE TEMP TABLE folded AS SELECT table_id, greatest(0, sum(visible))::BIGINT, "
            "greatest(0, sum(ghosts))::BIGINT, greatest(0, sum(unsorted))::BIGINT, greatest(0, sum(stale))::BIGINT "
            "FROM _redshift.changes GROUP BY 1"
        )
        run("DELETE FROM _redshift.changes")
        run("INSERT INTO _redshift.changes SELECT * FROM folded")
        run("DROP TABLE folded")
        for table, column in (
            ("query_history", "end_time"),
            ("vacuum_history", "end_time"),
            ("load_history", "end_time"),
            ("load_errors", "start_time"),
            ("scans", "end_time"),
        ):
            run(
                f"DELETE FROM _redshift.{table} WHERE {column} < ?",
                [datetime.now(UTC).replace(tzinfo=None) - _RETENTION],
            )
        run("DELETE FROM _redshift.query_times WHERE query_id NOT IN (SELECT query_id FROM _redshift.query_history)")
        run("COMMIT")

    def close(self) -> None:
        """Close the file."""
        self._history.close()
        self._connection.close()

    def number(self) -> int:
        """A new query, transaction or process number; rising, also across restarts."""
        return next(self._numbers)

    def session(self, database: str = "dev", user: str = "admin") -> Session:
        """A new session."""
        return Session(
            self._connection,
            self.locks,
            self.objects,
            database=database,
            user=user,
            pid=self.number() % 1_000_000_000,
            scratch=self._scratch,
        )

    def run(self, session: Session, sql: str, values: Mapping[str, str] | None = None) -> Result:
        """Run one statement in the session's transaction; the caller commits or rolls back.

        Raises:
            RedshiftError: the statement failed; nothing else may run before a rollback.
        """
        statement = parse(sql)
        if isinstance(statement, Query):
            return dml.run_query(session, sql, values or {})
        return _RUNNERS[type(statement)](session, statement)  # type: ignore[operator]

    def record(
        self,
        session: Session,
        *,
        sql: str,
        label: str,
        started: datetime,
        status: str,
        error: str | None,
        result: Result | None,
    ) -> None:
        """Append to sys_query_history, outside the user's transaction, so that a failure is kept too."""
        ended = datetime.now(UTC).replace(tzinfo=None)
        started = started.replace(tzinfo=None)
        elapsed = int((ended - started).total_seconds() * 1_000_000)
        kind = sql.split(None, 1)[0].upper() if sql.strip() else ""
        kind = (
            kind
            if kind in ("SELECT", "INSERT", "UPDATE", "DELETE", "COPY", "UNLOAD")
            else (
                "DDL"
                if kind in ("CREATE", "DROP", "ALTER")
                else "SELECT"
                if kind == "WITH"
                else "UTILITY"
                if kind != "MERGE"
                else "OTHER"
            )
        )
        rows = len(result.rows) if result and result.columns is not None else 0
        with self._history_lock:
            self._history.execute(
                "INSERT INTO _redshift.query_history VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    session.query_id,
                    session.transaction_id,
                    session.pid % 2_000_000_000,
                    session.database,
                    label,
                    kind,
                    status,
                    started,
                    ended,
                    elapsed,
                    int(session.control.lock_wait * 1_000_000),
                    error and error[:512],
                    rows,
                    sql[:65535],
                    session.user,
                ],
            )
            planning = int(session.control.planning * 1_000_000)
            self._history.execute(
                "INSERT INTO _redshift.query_times VALUES (?, 0, ?, 0, false)", [session.query_id, planning]
            )
            for relation, state in session.scanned if status == "success" else ():
                total = state.visible + state.ghosts
                self._history.execute(
                    "INSERT INTO _redshift.scans VALUES (?, ?, ?, ?, ?, 0, ?, ?, NULL, ?, NULL, 0, 0)",
                    [
                        session.query_id,
                        relation.table_id,
                        f"{session.database}.{relation.full_name}",
                        started,
                        ended,
                        total,
                        state.visible,
                        len(relation.columns) * -(-total // ROWS_OF_A_BLOCK),
                    ],
                )

    def record_load_error(self, session: Session, failure: LoadFailed) -> None:
        """Append to sys_load_error_detail."""
        bad, kind = failure.bad, failure.bad.column.type
        with self._history_lock:
            self._history.execute(
                "INSERT INTO _redshift.load_errors VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    session.query_id,
                    session.transaction_id,
                    session.pid,
                    session.database,
                    failure.relation.table_id,
                    session.now.replace(tzinfo=None),
                    failure.uri[:256],
                    bad.row,
                    bad.column.name,
                    kind.name.split()[-1][:10],
                    str(kind.length or kind.precision or ""),
                    bad.position,
                    bad.code,
                    bad.reason[:512],
                ],
            )
