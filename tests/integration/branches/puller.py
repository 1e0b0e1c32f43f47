"""The shipped pull against a real MariaDB, with lake and state in memory."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from local.branches.testing import RunningBranches
from podemos.branches import pull
from podemos.branches.state import MemoryState
from podemos.contracts.branches import Branch, branches
from podemos.core import manifest
from podemos.core.clock import Clock, system_clock
from podemos.core.store import MemoryStore

CONFIG = branches()


class Puller:
    """One lake and one state, pulled into again and again."""

    def __init__(self, sources: RunningBranches) -> None:
        self.sources, self.lake, self.state = sources, MemoryStore(), MemoryState()
        self.connections: list[Any] = []
        self.clock: Clock = system_clock

    def connect(self, branch: Branch) -> Any:
        connection = Counting(self.sources.connect(branch.id, connect_timeout=3))
        self.connections.append(connection)
        return connection

    def __call__(self, batch: str = "001", lake: Any = None, state: Any = None, **limits: Any) -> dict[str, Any]:
        config = CONFIG.model_copy(update={"extraction": CONFIG.extraction.model_copy(update=limits)})
        key = pull.pull_batch(
            batch,
            lake=lake or self.lake,
            state=state or self.state,
            connect=self.connect,
            config=config,
            clock=self.clock,
            owner="test",
        )
        return manifest.read(lake or self.lake, key)[0]

    def states(self, batch: str, **limits: Any) -> dict[str, str]:
        return {found["branch"]: found["state"] for found in self(batch, **limits)["branches"]}


class Counting:
    """A connection that counts its packets of statements."""

    def __init__(self, inner: Any) -> None:
        self.__dict__.update(inner=inner, queries=0)

    def send_query(self, packet: bytes) -> None:
        self.__dict__["queries"] += 1
        self.inner.send_query(packet)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.inner, name, value)


def execute(sources: RunningBranches, branch: str, *statements: str) -> None:
    with closing(sources.root(branch)) as root:
        for statement in statements:
            root.cursor().execute(statement)
