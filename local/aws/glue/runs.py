"""One job run: its state, and the thread that leads it from STARTING to its end."""

from __future__ import annotations

import logging
import threading
from datetime import datetime
from typing import Any

import moto.glue.models as glue_models
from moto.core.utils import utcnow

from local.aws.glue import logs
from local.aws.glue.process import JobProcess, Outcome, Workshop
from local.aws.options import ServerOptions

log = logging.getLogger(__name__)

_DEFAULT_TIMEOUT_MINUTES = 480  # Glue 5.0's default
_LOG_SECONDS = 1.0
_ACTIVE = ("STARTING", "RUNNING", "STOPPING")


class _Service:
    """What all runs of this process share."""

    def __init__(self, options: ServerOptions) -> None:
        self.options = options
        self.workshop = Workshop(options)
        self.slots = threading.BoundedSemaphore(options.glue_slots)
        self.active: set[LocalJobRun] = set()
        self.lock = threading.Lock()


_service: _Service | None = None


def configure(options: ServerOptions) -> None:
    """Set the options of every run started from now on."""
    global _service
    _service = _Service(options)


def stop_all() -> None:
    """Kill every active run and wait for its end, so that no JVM outlives the server."""
    service = _configured()
    with service.lock:
        active = list(service.active)
    for run in active:
        run.request_stop()
    for run in active:
        run.ended.wait(timeout=5)


def _configured() -> _Service:
    if _service is None:
        raise RuntimeError("local.aws.glue.install(options) was not called")
    return _service


class LocalJobRun(glue_models.FakeJobRun):
    """A run that really runs. Reads may come from any thread; the leading thread alone moves it to an end state."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._state = "STARTING"
        self._error: str | None = None
        self._finished_on: datetime | None = None
        self._process: JobProcess | None = None
        self._lock = threading.Lock()
        self.ended = threading.Event()

    @property  # type: ignore[misc]  # moto's has a setter, for the states it makes up
    def status(self) -> str | None:
        """The state as GetJobRun shows it."""
        return self._state

    def advance(self) -> None:
        """Moto moves a state on when it is looked at; ours moves by itself."""

    def as_dict(self) -> dict[str, Any]:
        """The JobRun structure."""
        described = super().as_dict()
        end = self._finished_on or utcnow()
        described.update(
            ExecutionTime=int((end - self.started_on).total_seconds()),
            GlueVersion="5.0",
            LogGroupName=logs.GROUP_PREFIX,
            CompletedOn=self._finished_on,
        )
        if self._error:
            described["ErrorMessage"] = self._error
        return {key: value for key, value in described.items() if value is not None}

    def launch(self, command: dict[str, str], account: str, region: str) -> None:
        """Start the leading thread."""
        service = _configured()
        with service.lock:
            service.active.add(self)
        threading.Thread(target=self._lead, args=(service, command, account, region), daemon=True).start()

    def request_stop(self) -> bool:
        """Stop it: at once when it waits for a slot, else by killing its process group. False when it has ended."""
        with self._lock:
            if self._state not in _ACTIVE:
                return False
            self._state = "STOPPING"
            process = self._process
        if process is not None:
            process.kill()
        return True

    def _lead(self, service: _Service, command: dict[str, str], account: str, region: str) -> None:
        try:
            while not service.slots.acquire(timeout=0.2):
                if self._state == "STOPPING":
                    return self._finish(Outcome("STOPPED"))
            try:
                self._finish(self._run(service, command, account, region))
            finally:
                service.slots.release()
        except Exception as error:
            log.exception("run %s", self.job_run_id)
            self._finish(Outcome("FAILED", f"{type(error).__name__}: {error}"))
        finally:
            with service.lock:
                service.active.discard(self)
            self.ended.set()

    def _run(self, service: _Service, command: dict[str, str], account: str, region: str) -> Outcome:
        self.started_on = utcnow()
        prepared = service.workshop.prepare(self.job_name, self.job_run_id, account, command, self.arguments or {})
        output, errors = logs.streams(account, region, self.job_run_id, prepared.stdout, prepared.stderr)
        with self._lock:
            if self._state == "STOPPING":
                return Outcome("STOPPED")
            self._process = JobProcess(prepared)
            self._state = "RUNNING"
        minutes = self.timeout or _DEFAULT_TIMEOUT_MINUTES
        outcome = None
        for outcome in self._process.watch(minutes * service.options.glue_minute_seconds, every=_LOG_SECONDS):
            output.ship(final=outcome is not None)
            errors.ship(final=outcome is not None)
        if outcome is None:
            raise RuntimeError("the watch ended without an outcome")
        return outcome

    def _finish(self, outcome: Outcome) -> None:
        with self._lock:
            stopped = self._state == "STOPPING"
            self._error = None if stopped else outcome.error
            self._finished_on = self.modified_on = utcnow()
            self._state = "STOPPED" if stopped else outcome.state
            self._process = None
        log.info("run %s of %s: %s %s", self.job_run_id, self.job_name, self._state, self._error or "")
