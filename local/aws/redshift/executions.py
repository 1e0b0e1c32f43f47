"""Statements as the Data API keeps them: submitted, run by a thread each, described, cancelled, listed."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from local.aws.redshift.errors import Cancelled, InvalidRequest, RedshiftError
from local.aws.redshift.load_errors import LoadFailed
from local.aws.redshift.session import Control, Result, Session
from local.aws.redshift.warehouse import Warehouse

log = logging.getLogger(__name__)
MAX_ACTIVE = 500
RETENTION_SECONDS = 24 * 3600
TOKEN_SECONDS = 8 * 3600


class NotFound(Exception):
    """No such statement or session."""


class TooManyActive(Exception):
    """500 statements are submitted or running."""


@dataclass
class Execution:
    """One statement, or one statement of a batch. Times in seconds since the epoch, duration in nanoseconds."""

    id: str
    sql: str
    status: str = "SUBMITTED"
    error: str | None = None
    result: Result | None = None
    query_id: int = 0
    duration: int = 0
    created: float = field(default_factory=time.time)
    updated: float = field(default_factory=time.time)

    def move(self, status: str, error: str | None = None) -> None:
        """Change state."""
        self.status, self.error, self.updated = status, error, time.time()


@dataclass
class Request:
    """What was asked for, as it is described back."""

    sqls: Sequence[str]
    batch: bool
    values: Mapping[str, str]
    target: Mapping[str, str]  # ClusterIdentifier, WorkgroupName, Database, DbUser, SecretArn
    name: str = ""
    token: str = ""
    auto_commit: bool = False
    session_id: str | None = None
    keep_alive: int = 0
    raw_parameters: Sequence[Mapping[str, str]] = ()


@dataclass
class Submission:
    """A statement or batch: the head is what DescribeStatement shows, `parts` its sub-statements."""

    head: Execution
    parts: list[Execution]
    request: Request
    control: Control = field(default_factory=Control)
    session: Session | None = None
    session_id: str | None = None
    done: threading.Event = field(default_factory=threading.Event)


@dataclass
class _Kept:
    """A session that outlives its statement."""

    session: Session
    expires: float
    busy: threading.Lock = field(default_factory=threading.Lock)


class Executions:
    """Every submission of the last 24 hours, by id."""

    def __init__(self, warehouse: Warehouse) -> None:
        """Run on that warehouse."""
        self._warehouse = warehouse
        self._lock = threading.Lock()
        self._submissions: dict[str, Submission] = {}
        self._tokens: dict[str, tuple[float, str]] = {}
        self._sessions: dict[str, _Kept] = {}

    def submit(self, request: Request) -> Submission:
        """Accept a request and start its thread; the same ClientToken gives the same submission.

        Raises:
            TooManyActive: 500 are active. NotFound: the session is gone. InvalidRequest: the session is busy.
        """
        with self._lock:
            self._forget_old()
            if request.token and request.token in self._tokens:
                return self._submissions[self._tokens[request.token][1]]
            if sum(not s.done.is_set() for s in self._submissions.values()) >= MAX_ACTIVE:
                raise TooManyActive
            kept = self._kept(request)
            sid = str(uuid.uuid4())
            head = Execution(sid, request.sqls[0] if not request.batch else ";\n".join(request.sqls))
            parts = [Execution(f"{sid}:{n}", sql) for n, sql in enumerate(request.sqls, 1)] if request.batch else [head]
            submission = Submission(head, parts, request)
            if kept is not None:
                submission.session_id, submission.session = kept[0], kept[1].session
            self._submissions[sid] = submission
            if request.token:
                self._tokens[request.token] = (time.time(), sid)
        threading.Thread(
            target=self._run, args=(submission, kept and kept[1]), name=f"redshift-{sid[:8]}", daemon=True
        ).start()
        return submission

    def _kept(self, request: Request) -> tuple[str, _Kept] | None:
        if request.session_id is not None:
            kept = self._sessions.get(request.session_id)
            if kept is None:
                raise NotFound(f"Session {request.session_id} does not exist or has expired")
            if not kept.busy.acquire(blocking=False):
                raise InvalidRequest(f"Session {request.session_id} is busy: one query at a time")
            kept.expires = time.time() + (request.keep_alive or kept.expires - time.time())
            return request.session_id, kept
        if request.keep_alive:
            sid = str(uuid.uuid4())
            kept = _Kept(self._new_session(request), time.time() + request.keep_alive)
            kept.busy.acquire()
            self._sessions[sid] = kept
            return sid, kept
        return None

    def _new_session(self, request: Request) -> Session:
        return self._warehouse.session(request.target.get("Database", "dev"), request.target.get("DbUser", "admin"))

    def _forget_old(self) -> None:
        now = time.time()
        for sid, old in list(self._submissions.items()):
            if old.done.is_set() and now - old.head.updated > RETENTION_SECONDS:
                del self._submissions[sid]
        self._tokens = {
            k: v for k, v in self._tokens.items() if now - v[0] < TOKEN_SECONDS and v[1] in self._submissions
        }
        for sid, kept in list(self._sessions.items()):
            if kept.expires < now and kept.busy.acquire(blocking=False):
                kept.session.cursor.close()
                del self._sessions[sid]

    def get(self, sid: str) -> tuple[Submission, Execution]:
        """A submission and the execution of that id (a batch's id may carry `:n`).

        Raises:
            NotFound: there is none.
        """
        submission = self._submissions.get(sid.split(":")[0])
        if submission is None:
            raise NotFound("Query does not exist.")
        if ":" not in sid:
            return submission, submission.head
        for part in submission.parts:
            if part.id == sid:
                return submission, part
        raise NotFound("Query does not exist.")

    def all(self) -> list[Submission]:
        """Newest first."""
        return sorted(self._submissions.values(), key=lambda s: s.head.created, reverse=True)

    def cancel(self, sid: str) -> bool:
        """Stop a submission that has not ended; False when it ends first.

        Raises:
            InvalidRequest: it has ended already, or the id names a part of a batch.
        """
        submission, execution = self.get(sid)
        if ":" in sid:
            raise InvalidRequest("Cannot cancel one statement of a batch: cancel the batch")
        if submission.done.is_set():
            raise InvalidRequest(f"Could not cancel a query that is already in {execution.status} state with ID: {sid}")
        submission.control.cancelled.set()
        while not submission.done.wait(0.05):  # an interrupt between two of DuckDB's steps is lost: repeat it
            if submission.session is not None:
                submission.session.interrupt()
        return submission.head.status == "ABORTED"

    def stop(self, seconds: float = 5.0) -> None:
        """Cancel what runs and wait for it, so that DuckDB is not torn down under a thread."""
        active = [s for s in self._submissions.values() if not s.done.is_set()]
        for submission in active:
            submission.control.cancelled.set()
        deadline = time.monotonic() + seconds
        for submission in active:
            while not submission.done.wait(0.05) and time.monotonic() < deadline:
                if submission.session is not None:
                    submission.session.interrupt()

    def _run(self, submission: Submission, kept: _Kept | None) -> None:
        started = time.perf_counter_ns()
        head = submission.head
        head.move("STARTED")
        status, message = "FINISHED", None
        try:
            if submission.session is None:
                submission.session = self._new_session(submission.request)
            self._run_parts(submission, submission.session)
        except Cancelled as error:
            status, message = "ABORTED", str(error)
        except RedshiftError as error:
            status, message = "FAILED", str(error)
        except Exception as error:
            log.exception("the local Redshift broke on statement %s", head.id)
            status, message = "FAILED", f"ERROR: internal: {type(error).__name__}: {error}"
        if message is not None:
            self._end_parts(submission, status, message)
        if kept is not None:
            kept.busy.release()
        elif submission.session is not None:
            submission.session.cursor.close()
        head.duration = time.perf_counter_ns() - started
        head.move(status, message)  # last: who sees FINISHED may ask for the result at once
        submission.done.set()

    def _run_parts(self, submission: Submission, session: Session) -> None:
        request = submission.request
        session.in_batch = request.batch and not request.auto_commit
        session.transaction_id = self._warehouse.number()
        try:
            for part in submission.parts:
                self._run_one(submission, part, session)
                if not session.in_batch:
                    session.commit()
                    session.transaction_id = self._warehouse.number()
            submission.control.check()
            session.commit()
        except BaseException:
            session.rollback()
            raise
        for part in submission.parts:
            if part is not submission.head:
                part.move("FINISHED")

    def _run_one(self, submission: Submission, part: Execution, session: Session) -> None:
        part.move("STARTED")
        part.query_id = session.query_id = self._warehouse.number()
        control = Control(submission.control.cancelled)
        session.start(control)
        started, begun = datetime.now(UTC), time.perf_counter_ns()
        status, error = "success", None
        try:
            control.check()
            part.result = self._warehouse.run(session, part.sql, submission.request.values)
        except Cancelled as failure:
            status, error = "canceled", str(failure)
            raise
        except RedshiftError as failure:
            status, error = "failed", str(failure)
            part.move("FAILED", error)
            if isinstance(failure, LoadFailed):
                self._warehouse.record_load_error(session, failure)
            raise
        finally:
            part.duration = time.perf_counter_ns() - begun
            self._warehouse.record(
                session,
                sql=part.sql,
                label=session.settings.get("query_group", "default"),
                started=started,
                status=status,
                error=error,
                result=part.result,
            )

    @staticmethod
    def _end_parts(submission: Submission, status: str, error: str) -> None:
        """After a failure nothing of the batch stands: the guilty part FAILED, the others ABORTED."""
        for part in submission.parts:
            part.result = None
            if part is not submission.head and part.status != "FAILED":
                part.move("ABORTED", None if status == "FAILED" else error)
