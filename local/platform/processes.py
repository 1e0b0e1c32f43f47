"""Processes that outlive the command that started them, and the certainty of stopping only those.

Each has a record `<state>/run/<name>.json`: pid, the kernel's start time of that pid, the machine's boot. A pid alone
may have been given to somebody else since. Every process starts as the leader of its own session, and everything it
starts stays in that session: children of a leader that was killed are found by it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

STOP_SECONDS = 20.0
_BOOT = Path("/proc/sys/kernel/random/boot_id")


class StartFailed(RuntimeError):
    """A process ended, or did not answer, at its start; the message ends with its last output."""


@dataclass(frozen=True)
class Record:
    """What identifies a started process for good."""

    name: str
    pid: int
    started: int
    boot: str
    stop_signal: int = signal.SIGTERM


@dataclass(frozen=True)
class _Seen:
    """One line of /proc: `started` in clock ticks since boot."""

    pid: int
    session: int
    started: int
    zombie: bool


class Processes:
    """The processes of one state folder."""

    def __init__(self, state: Path) -> None:
        self._records = state / "run"
        self._logs = state / "log"

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: Path,
        stop_signal: int = signal.SIGTERM,
    ) -> Record:
        """Start in the background, output appended to the log; returns at once."""
        self._records.mkdir(parents=True, exist_ok=True)
        self._logs.mkdir(parents=True, exist_ok=True)
        with self.log(name).open("ab") as sink:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                cwd=folder,
                env=dict(environment),
                start_new_session=True,
            )
        seen = _read(process.pid)
        if seen is None:  # not waited for, so even a process that ended at once is still there
            raise StartFailed(f"{name} (process {process.pid}) vanished at its start; see {self.log(name)}")
        record = Record(name, process.pid, seen.started, _BOOT.read_text().strip(), stop_signal)
        scratch = self._file(name).with_suffix(".new")
        scratch.write_text(json.dumps(asdict(record)))
        scratch.replace(self._file(name))
        return record

    def log(self, name: str) -> Path:
        """Where its output goes."""
        return self._logs / f"{name}.log"

    def log_tail(self, name: str, lines: int = 20) -> str:
        """The end of its output."""
        try:
            return "\n".join(self.log(name).read_text(errors="replace").splitlines()[-lines:])
        except FileNotFoundError:
            return "(no output)"

    def names(self) -> list[str]:
        """Names of all that have a record, running or not."""
        return sorted(path.stem for path in self._records.glob("*.json"))

    def running(self, name: str) -> Record | None:
        """The record when the process itself is alive, else None."""
        record = self._record(name)
        if record is None:
            return None
        seen = _read(record.pid)
        alive = seen is not None and seen.started == record.started and not seen.zombie
        return record if alive else None

    def require_running(self, name: str) -> None:
        """Fail early while waiting for something.

        Raises:
            StartFailed: the process has ended.
        """
        if self.running(name) is None:
            raise StartFailed(f"{name} has ended; the end of {self.log(name)}:\n{self.log_tail(name)}")

    def pids(self, name: str) -> list[int]:
        """The process and everything it started that is alive, also after the process itself died."""
        record = self._record(name)
        return [] if record is None else [seen.pid for seen in _session(record)]

    def stop(self, name: str, *, seconds: float = STOP_SECONDS) -> bool:
        """Stop it and what it started: a request to the leader first, SIGKILL to what is left. Tells if any ran."""
        return self.stop_all([name], seconds=seconds)

    def stop_all(self, names: Sequence[str], *, seconds: float = STOP_SECONDS) -> bool:
        """Stop several at once, within one time limit."""
        records = [record for name in names if (record := self._record(name)) is not None]
        found = False
        for record in records:
            members = _session(record)
            found = found or bool(members)
            leader = [seen.pid for seen in members if seen.pid == record.pid]
            _signal(leader or [seen.pid for seen in members], record.stop_signal)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and any(_leader_alive(record) for record in records):
            time.sleep(0.05)
        for record in records:
            _signal([seen.pid for seen in _session(record)], signal.SIGTERM)
        while time.monotonic() < deadline and any(_session(record) for record in records):
            time.sleep(0.05)
        for record in records:
            _signal([seen.pid for seen in _session(record)], signal.SIGKILL)
            self._file(record.name).unlink(missing_ok=True)
        return found

    def _file(self, name: str) -> Path:
        return self._records / f"{name}.json"

    def _record(self, name: str) -> Record | None:
        try:
            record = Record(**json.loads(self._file(name).read_text()))
        except FileNotFoundError:
            return None
        return record if record.boot == _BOOT.read_text().strip() else None


def _leader_alive(record: Record) -> bool:
    return any(seen.pid == record.pid for seen in _session(record))


def _session(record: Record) -> list[_Seen]:
    """Living members of the session that the process led.

    The kernel gives a pid away only when no session bears its number: if the leader's pid has another start time, the
    session is somebody else's.
    """
    leader = _read(record.pid)
    if leader is not None and leader.started != record.started:
        return []
    members = []
    for entry in Path("/proc").iterdir():
        seen = _read(int(entry.name)) if entry.name.isdigit() else None
        if seen and seen.session == record.pid and seen.started >= record.started and not seen.zombie:
            members.append(seen)
    return members


def _read(pid: int) -> _Seen | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text.rpartition(")")[2].split()  # the name before it may hold anything
    return _Seen(pid, session=int(fields[3]), started=int(fields[19]), zombie=fields[0] == "Z")


def _signal(pids: Sequence[int], number: int) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue
