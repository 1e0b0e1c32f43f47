"""Who pulls a night of all schedules: this process, or several."""

from __future__ import annotations

import logging
import multiprocessing
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from bench.chaos_branches.schedule import Schedule
from bench.chaos_branches.shard import Answer, Shard

log = logging.getLogger("chaos")
Guards = Callable[[int], AbstractContextManager[Any] | None]
"""For a shard's number, the context in which its pulls run."""


class InProcess:
    """Pulls in this process, one shard after the other; a shard may have a protection removed."""

    def __init__(self, shards: list[Shard], guards: Guards = lambda _: None) -> None:
        self.shards, self._guards = shards, guards

    def night(self, night: int, shared: dict[str, bytes]) -> list[Answer]:
        """Every shard's night."""
        return [shard.night(night, shared, self._guards(number)) for number, shard in enumerate(self.shards)]

    def reports(self) -> list[dict[str, Any]]:
        """Every shard's end."""
        return [shard.report() for shard in self.shards]


class Processes:
    """Pulls in processes of their own. Start it before Spark: they are forked."""

    def __init__(self, schedules: list[Schedule], width: int) -> None:
        context = multiprocessing.get_context("fork")
        self._pipes, self._processes = [], []
        for number in range(width):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(schedules[number::width], theirs), daemon=True)
            process.start()
            self._pipes.append(ours)
            self._processes.append(process)

    def night(self, night: int, shared: dict[str, bytes]) -> list[Answer]:
        """Every process's night, at once."""
        return self._ask(("night", night, shared))

    def reports(self) -> list[dict[str, Any]]:
        """Every process's end."""
        found = self._ask(("report",))
        for pipe in self._pipes:
            pipe.send(("end",))
        return found

    def _ask(self, question: tuple[Any, ...]) -> list[Any]:
        for pipe in self._pipes:
            pipe.send(question)
        answers = [pipe.recv() for pipe in self._pipes]
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        return answers


def _serve(schedules: list[Schedule], pipe: Any) -> None:
    shard = Shard(schedules)
    while True:
        what, *values = pipe.recv()
        if what == "end":
            return
        try:
            pipe.send(shard.night(*values) if what == "night" else shard.report())
        except Exception as error:
            log.exception("a shard broke")
            pipe.send(RuntimeError(f"{type(error).__name__}: {error}"))
