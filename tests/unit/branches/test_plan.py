from __future__ import annotations

from datetime import UTC, datetime, timedelta

from podemos.branches.plan import due_batches
from podemos.branches.state import MemoryState, Position, Watermark
from podemos.contracts.branches import branches

NOW = datetime(2026, 11, 19, 8, 0, tzinfo=UTC)
CONFIG = branches()


def pulled(state: MemoryState, branch: str, ago: timedelta) -> None:
    for table in CONFIG.extraction.tables:
        lease, _ = state.acquire(table, branch, owner="a", now=NOW, seconds=0)
        state.advance(lease, Watermark(Position("2026-11-19 00:00:00"), NOW - ago), now=NOW, seconds=0)


def test_every_branch_is_in_exactly_one_batch() -> None:
    batches = due_batches(CONFIG, state=MemoryState(), clock=lambda: NOW)
    assert len(batches) == 20
    assert sorted(b for batch in batches for b in batch.split(",")) == [b.id for b in CONFIG.branches]


def test_the_branch_that_was_away_longest_comes_first() -> None:
    state = MemoryState()
    for branch in CONFIG.branches[:20]:
        pulled(state, branch.id, timedelta(days=3) if branch.id == "013" else timedelta(minutes=20))
    assert due_batches(CONFIG, state=state, clock=lambda: NOW, pilot=20)[0].startswith("013,001,002")


def test_a_pilot_is_the_first_branches_of_the_configuration() -> None:
    assert due_batches(CONFIG, state=MemoryState(), clock=lambda: NOW, pilot=3) == ["001,002,003"]
