"""What every branch of a batch shares: the outside of a pull, each part of it replaceable."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from podemos.branches.debts import Debts
from podemos.branches.expected import Expected, nothing
from podemos.branches.look_back import LookBack
from podemos.branches.rotation import Verified
from podemos.branches.state import BranchState
from podemos.contracts.branches import Branch, Extraction
from podemos.core.clock import Clock
from podemos.core.store import ObjectStore

Connect = Callable[[Branch], Any]
"""Opens a MySQLdb connection to a branch. The driver's own timeouts are its business."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Lake, state, links and clock, and what the lake is known to want.

    Attributes:
        debts: days to be read again.
        verified: which old days were last compared, by (table, branch).
        expected: what the lake has in a day.
        look_back: how far below the clock of its last snapshot a pull starts, by (table, branch).
        kbps: the bandwidth budget of a branch.
    """

    lake: ObjectStore
    state: BranchState
    connect: Connect
    clock: Clock
    owner: str
    extraction: Extraction
    debts: Debts = field(default_factory=dict)
    kbps: Callable[[Branch], int | None] = lambda branch: None
    verified: Mapping[tuple[str, str], Verified] = field(default_factory=dict)
    expected: Expected = nothing
    look_back: Mapping[tuple[str, str], LookBack] = field(default_factory=dict)
