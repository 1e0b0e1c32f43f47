"""One database session: a DuckDB connection, its settings, its temporary tables and at most one open transaction.

The transaction's snapshot is DuckDB's; it is taken at the first statement that is not LOCK, SET or SHOW, before that
statement waits for any table lock, as under Redshift's SNAPSHOT isolation.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from local.aws.redshift.catalog import Catalog, Relation, RowState
from local.aws.redshift.errors import Cancelled, RedshiftError, from_duckdb
from local.aws.redshift.locks import LockTable, Mode
from local.aws.redshift.s3_objects import Objects
from local.aws.redshift.statements import Name
from local.aws.redshift.system_views import VIEWS

SYSTEM_SCHEMA = "_redshift"


@dataclass(frozen=True)
class Result:
    """What a statement gave: rows with their columns, or a count of affected rows (-1: not applicable)."""

    columns: tuple[tuple[str, str], ...] | None = None
    rows: Sequence[tuple[Any, ...]] = ()
    affected: int = -1


@dataclass
class Control:
    """How a statement that runs is stopped from outside."""

    cancelled: threading.Event = field(default_factory=threading.Event)
    deadline: float | None = None
    lock_wait: float = 0.0
    planning: float = 0.0

    def check(self) -> None:
        """Raise if the statement should stop now."""
        if self.cancelled.is_set():
            raise Cancelled
        if self.deadline is not None and time.monotonic() >= self.deadline:
            raise RedshiftError("ERROR: canceling statement due to statement timeout")


class Session:
    """State that statements of one session share. Used by one thread at a time, except `interrupt`."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        locks: LockTable,
        objects: Objects,
        *,
        database: str,
        user: str,
        pid: int,
        scratch: Path,
    ) -> None:
        """Open a connection of its own on the warehouse file; `scratch` is where COPY and UNLOAD keep files."""
        self.cursor = connection.cursor()
        for setting in ("integer_division = true", "TimeZone = 'UTC'", "search_path = 'public'"):
            self.cursor.execute(f"SET {setting}")
        self.cursor.execute("SET VARIABLE database = ?", [database])
        self.catalog = Catalog(self.cursor)
        self.objects = objects
        self.scratch = scratch
        self.database, self.user, self.pid = database, user, pid
        self.settings: dict[str, str] = {}
        self.temporary: dict[str, Relation] = {}
        self.control = Control()
        self.transaction_id = 0
        self.query_id = 0
        self.in_batch = False
        self.scanned: list[tuple[Relation, RowState]] = []
        self.now = datetime.now(UTC)
        self._locks = locks
        self._owner: object | None = None
        self._open = False
        self._interrupting = threading.Lock()
        self._interruptible = False

    @property
    def search_path(self) -> tuple[str, ...]:
        """Schemas searched for an unqualified name."""
        raw = self.settings.get("search_path", "$user, public")
        return tuple(part.strip() for part in raw.split(",") if part.strip() not in ("", "$user"))

    def start(self, control: Control) -> None:
        """Begin a statement."""
        timeout = int(self.settings.get("statement_timeout", "0") or 0)
        if timeout:
            control.deadline = time.monotonic() + timeout / 1000
        self.control = control
        self.scanned = []
        self.now = datetime.now(UTC)

    def interrupt(self) -> None:
        """Stop the user's statement that DuckDB runs for this session; never a rollback or a look into the catalog."""
        with self._interrupting:
            if self._interruptible:
                self.cursor.interrupt()

    def begin(self) -> None:
        """Take the transaction's snapshot, unless it has one. DuckDB takes it at the first read of the file."""
        if not self._open:
            self.cursor.execute("BEGIN")
            self._open = True
            self.cursor.execute(f"SELECT count(*) FROM {SYSTEM_SCHEMA}.anchor").fetchall()

    def commit(self) -> None:
        """End the transaction and give its locks back. No cancel reaches it; DuckDB undoes a failed one."""
        try:
            if self._open:
                self._open = False
                self.cursor.execute("COMMIT")
        except duckdb.Error as error:
            raise from_duckdb(error) from error
        finally:
            self._release()

    def rollback(self) -> None:
        """Undo the transaction, temporary tables made in it included, and give its locks back."""
        try:
            if self._open:
                self._open = False
                self.cursor.execute("ROLLBACK")
                present = {
                    r[0]
                    for r in self.cursor.execute("SELECT table_name FROM duckdb_tables() WHERE temporary").fetchall()
                }
                self.temporary = {name: relation for name, relation in self.temporary.items() if name in present}
        finally:
            self._release()

    def _release(self) -> None:
        if self._owner is not None:
            self._locks.release(self._owner)
            self._owner = None

    def lock(self, name: str, mode: Mode) -> None:
        """Lock a table until the transaction ends."""
        if self._owner is None:
            self._owner = object()
        self.control.lock_wait += self._locks.acquire(
            self._owner, name, mode, deadline=self.control.deadline, cancelled=self.control.cancelled.is_set
        )

    def execute(
        self, sql: str, values: dict[str, Any] | Sequence[Any] | None = None, relation: Relation | None = None
    ) -> duckdb.DuckDBPyConnection:
        """Run DuckDB SQL under the statement's timeout.

        Raises:
            RedshiftError: with Redshift's words for what DuckDB refused; `relation` gives the declared lengths.
        """
        self.control.check()
        timer = None
        if self.control.deadline is not None:
            timer = threading.Timer(max(0.0, self.control.deadline - time.monotonic()), self.interrupt)
            timer.start()
        lengths = self.catalog.lengths(relation) if relation else None
        try:
            self._interruptible = True
            return self.cursor.execute(sql, values) if values else self.cursor.execute(sql)
        except duckdb.Error as error:
            self.control.check()  # a timeout and a cancel both arrive as an interrupt: say which
            raise from_duckdb(error, lengths) from error
        finally:
            with self._interrupting:
                self._interruptible = False
            if timer is not None:
                timer.cancel()

    def resolve(self, name: Name) -> Relation:
        """The relation of that name: temporary tables first, then the search path.

        Raises:
            RedshiftError: there is none.
        """
        if len(name) > 2:
            raise RedshiftError(
                f"ERROR: cross-database reference {'.'.join(name)} is not supported by the local Redshift"
            )
        found = self.find(name)
        if found is None:
            local = name[-1].startswith(("svv_", "stl_", "stv_", "svl_", "svcs_", "sys_", "pg_"))
            shown = ".".join(name)
            if local:
                raise RedshiftError(f"ERROR: relation does not exist in the local Redshift: {shown}")
            raise RedshiftError(f'ERROR: relation "{shown}" does not exist')
        return found

    def find(self, name: Name) -> Relation | None:
        """Like `resolve`, None if there is none."""
        if len(name) == 2:
            if name[0] == SYSTEM_SCHEMA:
                raise RedshiftError(f'ERROR: schema "{SYSTEM_SCHEMA}" is not visible')
            return self.catalog.find(*name)
        if name[0] in self.temporary:
            return self.temporary[name[0]]
        if name[0] in VIEWS:
            return Relation(0, SYSTEM_SCHEMA, name[0])
        for schema in self.search_path:
            if found := self.catalog.find(schema, name[0]):
                return found
        return None

    def new_name(self, name: Name) -> tuple[str, str]:
        """Schema and name for something to create.

        Raises:
            RedshiftError: the schema does not exist.
        """
        schema = name[0] if len(name) == 2 else (self.search_path or ("public",))[0]
        if len(name) > 2 or schema not in self.catalog.schemas():
            raise RedshiftError(f'ERROR: schema "{schema}" does not exist')
        return schema, name[-1]
