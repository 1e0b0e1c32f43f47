"""Which branches are due, in batches for mapped tasks."""

from __future__ import annotations

from datetime import UTC, datetime

from podemos.branches import backoff
from podemos.branches.state import BranchState
from podemos.contracts.branches import Branches
from podemos.core.clock import Clock

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def due_batches(config: Branches, *, state: BranchState, clock: Clock, pilot: int | None = None) -> list[str]:
    """Branch ids in batches, ``"001,002,…"``; the branch whose last snapshot is oldest comes first.

    Ages count in half hours, so branches pulled by the same run keep their order and a batch its neighbours. A branch
    in push mode pulls itself; one that would only be harmed by another try rests (see `backoff`).

    Args:
        config: branches and batch size.
        state: where the last snapshots are known.
        clock: now.
        pilot: only the first so many branches of the configuration.
    """
    marks, pauses, now = state.watermarks(), state.pauses(), clock()
    pulled = [branch.id for branch in config.branches[:pilot] if branch.mode == "pull"]
    times = {
        branch: [marks[t, branch].as_of if (t, branch) in marks else _NEVER for t in config.extraction.tables]
        for branch in pulled
    }
    due = [branch for branch in pulled if not backoff.rests(pauses.get(branch), max(times[branch]), now)]
    due.sort(key=lambda branch: (-int((now - min(times[branch])).total_seconds() // 1800), branch))
    size = config.extraction.batch_size
    return [",".join(due[at : at + size]) for at in range(0, len(due), size)]
