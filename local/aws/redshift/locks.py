"""Table locks as Redshift has them: FIFO queues, held to the end of the transaction, deadlocks detected.

Three modes are enough: a reader (AccessShare), a writer (ShareRowExclusive: one writer per table, readers pass) and
LOCK/DDL (AccessExclusive: alone). A waiter blocks those that come after it, so that an exclusive lock is not starved.
"""

from __future__ import annotations

import enum
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from local.aws.redshift.errors import Cancelled, RedshiftError


class Mode(enum.IntEnum):
    """Strength of a lock; a higher one includes the lower ones."""

    READ = 1
    WRITE = 2
    EXCLUSIVE = 3


def _compatible(one: Mode, other: Mode) -> bool:
    return Mode.READ in (one, other) and Mode.EXCLUSIVE not in (one, other)


@dataclass(eq=False)
class _Request:
    owner: object
    mode: Mode


@dataclass(eq=False)
class _Queue:
    held: dict[object, Mode] = field(default_factory=dict)
    waiting: list[_Request] = field(default_factory=list)

    def blockers(self, request: _Request) -> set[object]:
        """Owners that `request` has to wait for: incompatible holders and, unless it is an upgrade, earlier waiters."""
        found = {o for o, m in self.held.items() if o is not request.owner and not _compatible(m, request.mode)}
        if request.owner not in self.held:
            for earlier in self.waiting:
                if earlier is request:
                    break
                if not _compatible(earlier.mode, request.mode):
                    found.add(earlier.owner)
        return found


class LockTable:
    """All table locks of the warehouse. A table is any hashable key; an owner is a transaction."""

    def __init__(self) -> None:
        """Start with no lock held."""
        self._changed = threading.Condition()
        self._queues: dict[str, _Queue] = {}

    def acquire(
        self, owner: object, table: str, mode: Mode, *, deadline: float | None, cancelled: Callable[[], bool]
    ) -> float:
        """Take the lock, waiting for it in order.

        Args:
            owner: the transaction; it keeps the strongest mode it has asked for.
            table: what to lock.
            mode: how.
            deadline: `time.monotonic()` at which statement_timeout strikes, or None.
            cancelled: polled while waiting.

        Returns:
            Seconds waited.

        Raises:
            RedshiftError: deadlock, or the statement timed out.
            Cancelled: the user cancelled the statement.
        """
        started = time.monotonic()
        with self._changed:
            queue = self._queues.setdefault(table, _Queue())
            if queue.held.get(owner, 0) >= mode:
                return 0.0
            request = _Request(owner, mode)
            queue.waiting.append(request)
            try:
                while queue.blockers(request):
                    if self._in_cycle(owner):
                        raise RedshiftError(f"ERROR: deadlock detected while waiting for a lock on {table}")
                    if cancelled():
                        raise Cancelled
                    now = time.monotonic()
                    if deadline is not None and now >= deadline:
                        raise RedshiftError(
                            f"ERROR: canceling statement due to statement timeout (waiting to lock {table})"
                        )
                    self._changed.wait(0.2 if deadline is None else min(0.2, deadline - now))
                queue.held[owner] = mode
            finally:
                queue.waiting.remove(request)
                self._changed.notify_all()
        return time.monotonic() - started

    def release(self, owner: object) -> None:
        """Give back everything the transaction holds."""
        with self._changed:
            for table, queue in list(self._queues.items()):
                queue.held.pop(owner, None)
                if not queue.held and not queue.waiting:
                    del self._queues[table]
            self._changed.notify_all()

    def _in_cycle(self, owner: object) -> bool:
        """Whether `owner` waits, directly or not, for itself."""
        seen: set[object] = set()
        todo = [owner]
        while todo:
            current = todo.pop()
            for queue in self._queues.values():
                for request in queue.waiting:
                    if request.owner is current:
                        for blocker in queue.blockers(request):
                            if blocker is owner:
                                return True
                            if blocker not in seen:
                                seen.add(blocker)
                                todo.append(blocker)
        return False
