"""Pulls a batch of branches, several at once. One bad branch is a recorded state and delays nobody."""

from __future__ import annotations

import itertools
import queue
import random
import threading
import time

from podemos.branches import backoff, debts, expected, keys, revisions
from podemos.branches.branch_pull import BranchPull
from podemos.branches.link import Trouble
from podemos.branches.memory import lean
from podemos.branches.ports import Connect, Ports
from podemos.branches.state import BranchState
from podemos.contracts.branches import Branches, Extraction
from podemos.contracts.tables import tables
from podemos.core import manifest
from podemos.core.clock import Clock, iso
from podemos.core.store import ObjectStore
from podemos.core.zones import zone_table

_LONGEST_PAUSE = 30.0
_GRACE_SECONDS = 5.0
"""A branch whose link was cut ends within it, or its thread is left behind (it is a daemon and holds no lock)."""


def pull_batch(
    batch: str,
    *,
    lake: ObjectStore,
    state: BranchState,
    connect: Connect,
    config: Branches,
    clock: Clock,
    owner: str,
    left: debts.Left | None = None,
) -> str:
    """Pulls every table of every branch of the batch, and what the last certification found different there.

    Args:
        batch: ids of branches, ``"001,002"``.
        lake: where chunks and manifests go.
        state: leases and watermarks.
        connect: opens a connection to a branch.
        config: branches and limits.
        clock: now.
        left: what to read again and what is verified; None looks at the last certification, and at the curated days for
            rows that moved, which a branch's own machine may not.
        owner: who pulls; a retry of the same task gives the same name and takes its own leases over at once.

    Returns:
        The key of the batch manifest: the state of each branch and references to what was landed.

    Raises:
        ContractViolation: an id is not configured, or a contract does not fit.
    """
    contracts = tables(config.extraction.tables)
    known = debts.left(lake) if left is None else left
    look = expected.nothing if left is not None else expected.of_revision(lake, revisions.latest(lake))
    ports = Ports(
        lake, state, connect, clock, owner, config.extraction, known.days, config.kbps, known.verified, look,
        known.look_back
    )  # fmt: skip
    pulls = [BranchPull(ports, config.branch(branch), contracts) for branch in batch.split(",")]
    started = clock()
    with lean():
        _Crew(pulls, config.extraction).work()
    met = [
        backoff.Outcome(p.branch.id, frozenset(kind for kind, _ in p.troubles.values()), bool(p.landed)) for p in pulls
    ]
    backoff.note(state, met, clock())
    landed = [(ref, part) for pull in pulls for ref, part in pull.landed]
    document = {
        "kind": "branches.batch",
        "owner": owner,
        "started": iso(started),
        "finished": iso(clock()),
        "branches": [pull.outcome() for pull in pulls],
        "pulls": [ref.to_dict() | {"part": part.to_dict()} for ref, part in landed],
    }
    content = manifest.sha256(manifest.canonical(document))
    day = zone_table().accounting_day(started)
    key = keys.batch(day, pulls[0].branch.id, pulls[-1].branch.id, content)
    return manifest.commit(lake, key, document).key


class _Crew:
    """Daemon threads over a queue of branches, and the eye that ends what exceeds its time.

    A branch whose link was lost goes back into the queue, behind all that are due before its pause has passed: it is
    not hammered, and nobody waits for it. Its time budget counts what it was served, not the pauses.
    """

    def __init__(self, pulls: list[BranchPull], extraction: Extraction) -> None:
        self._waiting: queue.PriorityQueue[tuple[float, int, BranchPull]] = queue.PriorityQueue()
        self._ended: queue.SimpleQueue[BranchPull] = queue.SimpleQueue()
        self._number = itertools.count()
        self._started: dict[int, float] = {}
        self._served: dict[int, float] = {}
        self._failures: list[BaseException] = []
        self._pulls, self._threads, self._seconds = pulls, extraction.threads, extraction.branch_seconds
        self._pause = extraction.link_pause_seconds

    def work(self) -> None:
        """Runs all; a failure of the lake or the state is raised when every branch had its turn."""
        for pull in self._pulls:
            self._put(pull, 0.0)
        for _ in range(min(self._threads, len(self._pulls))):
            self._hire()
        open_pulls = {id(pull): pull for pull in self._pulls}
        while open_pulls:
            try:
                open_pulls.pop(id(self._ended.get(timeout=0.2)), None)
            except queue.Empty:
                for pull in self._overdue(open_pulls):
                    del open_pulls[id(pull)]
        if self._failures:
            raise self._failures[0]

    def _overdue(self, open_pulls: dict[int, BranchPull]) -> list[BranchPull]:
        """Cuts what is over its time; returns what did not end even then (a connect that hangs)."""
        abandoned = []
        for number, began in list(self._started.items()):
            over = time.monotonic() - began - self._seconds
            pull = open_pulls.get(number)
            if pull is None or over < 0:
                continue
            pull.expire()
            if over > _GRACE_SECONDS:
                for table in pull.tables:
                    pull.troubles.setdefault(table.name, (Trouble.TIMEOUT, "the branch did not answer in its time"))
                abandoned.append(pull)
                self._hire()
        return abandoned

    def _hire(self) -> None:
        threading.Thread(target=self._serve, daemon=True, name="branch-pull").start()

    def _put(self, pull: BranchPull, due: float) -> None:
        self._waiting.put((due, next(self._number), pull))

    def _serve(self) -> None:
        while True:
            try:
                due, _, pull = self._waiting.get_nowait()
            except queue.Empty:
                return
            time.sleep(max(0.0, due - time.monotonic()))
            began = self._started[id(pull)] = time.monotonic() - self._served.get(id(pull), 0.0)
            failed = False
            try:
                pull.run()
            except BaseException as failure:
                self._failures.append(failure)
                failed = True
            if pull.expired and time.monotonic() - began > self._seconds + _GRACE_SECONDS:
                return  # it was given up, and another thread works in this one's place
            self._started.pop(id(pull), None)
            self._served[id(pull)] = time.monotonic() - began
            if not failed and pull.again():
                longest = min(_LONGEST_PAUSE, self._pause * 2 ** (pull.attempts - 1))
                self._put(pull, time.monotonic() + random.uniform(0.0, longest))  # noqa: S311 - jitter
            else:
                self._ended.put(pull)
