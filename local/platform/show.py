"""What a person sees while a night runs: plain lines; on a terminal also one bar per stage."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from local.platform.stages import Progress as StageProgress


class Show:
    """Use as a context; lines carry the seconds since its start."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._started = time.monotonic()
        self._told: set[str] = set()
        self._rows: dict[str, TaskID] = {}
        self._bars: Progress | None = None
        if console.is_terminal:
            columns = (TextColumn("{task.description:<22}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
            self._bars = Progress(*columns, console=console)

    def __enter__(self) -> Show:
        if self._bars:
            self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._bars:
            self._bars.stop()

    def line(self, text: str) -> None:
        """One plain line."""
        self._console.print(f"{self.elapsed():6.1f} s  {text}", markup=False)

    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._started

    def stage(self, now: StageProgress) -> None:
        """A stage moved on; its end is told once as a line."""
        name = now.stage.name
        if self._bars and now.total:
            if name not in self._rows:
                self._rows[name] = self._bars.add_task(name, total=now.total)
            self._bars.update(self._rows[name], completed=now.done, total=now.total)
            if now.ended:
                self._bars.stop_task(self._rows[name])
        if now.ended and name not in self._told:
            self._told.add(name)
            tail = f"; failed: {', '.join(now.failed)}" if now.failed else ""
            self.line(f"{name}: {now.done} of {now.total} tasks{tail}")
