"""Which branches are due, in batches for mapped tasks."""

from __future__ import annotations

from datetime import UTC, datetime

from podemos.branches.state import BranchState
from podemos.contracts.branches import Branches
from podemos.core.clock import Clock

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def due_batches(config: Branches, *, state: BranchState, clock: Clock, pilot: int | None = None) -> list[str]:
    """Branch ids in batches, ``"001,002,…"``; the branch whose last snapshot is oldest comes first.

    Ages count in half hours, so branches pulled by the same run keep their order and a batch its neighbours.

    Args:
        config: branches and batch size.
        state: where the last snapshots are known.
        clock: now.
        pilot: only the first so many branches of the configuration.
    """
    marks, now = state.watermarks(), clock()
    seen = {
        branch.id: min((marks[t, branch.id].as_of if (t, branch.id) in marks else _NEVER)
                       for t in config.extraction.tables)
        for branch in config.branches[:pilot]
    }  # fmt: skip
    due = sorted(seen, key=lambda branch: (-int((now - seen[branch]).total_seconds() // 1800), branch))
    size = config.extraction.batch_size
    return [",".join(due[at : at + size]) for at in range(0, len(due), size)]
