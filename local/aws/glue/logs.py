"""A run's output, line by line into CloudWatch Logs while it runs, where the Airflow operator looks for it."""

from __future__ import annotations

import time
from pathlib import Path

from moto.logs.exceptions import ResourceAlreadyExistsException
from moto.logs.models import LogsBackend, logs_backends

GROUP_PREFIX = "/aws-glue/jobs"
_MAX_EVENT = 8_000
_MAX_BATCH = 1_000


class LogStream:
    """One file that grows, copied to one CloudWatch stream."""

    def __init__(self, backend: LogsBackend, group: str, stream: str, source: Path) -> None:
        self._backend, self._group, self._stream, self._source = backend, group, stream, source
        self._offset = 0
        for create in (
            lambda: backend.create_log_group(group, {}),
            lambda: backend.create_log_stream(group, stream),
        ):
            try:
                create()
            except ResourceAlreadyExistsException:
                continue

    def ship(self, *, final: bool) -> None:
        """Send the whole lines written since the last call; with `final` also a last line without its newline."""
        with self._source.open("rb") as source:
            source.seek(self._offset)
            data = source.read()
        if not final:
            data = data[: data.rfind(b"\n") + 1]
        self._offset += len(data)
        lines = [line for line in data.decode("utf-8", "replace").splitlines() if line.strip()]
        now = int(time.time() * 1000)
        for start in range(0, len(lines), _MAX_BATCH):
            events = [{"timestamp": now, "message": line[:_MAX_EVENT]} for line in lines[start : start + _MAX_BATCH]]
            self._backend.put_log_events(self._group, self._stream, events)


def streams(account: str, region: str, run_id: str, stdout: Path, stderr: Path) -> tuple[LogStream, LogStream]:
    """The two streams of a run: standard output in `…/output`, standard error (Spark, logging) in `…/error`."""
    backend = logs_backends[account][region]
    return (
        LogStream(backend, f"{GROUP_PREFIX}/output", run_id, stdout),
        LogStream(backend, f"{GROUP_PREFIX}/error", run_id, stderr),
    )
