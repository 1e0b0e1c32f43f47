from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from podemos.branches.backoff import Outcome, note
from podemos.branches.link import Trouble
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


def test_a_branch_in_push_mode_pulls_itself() -> None:
    own = CONFIG.branches[1].model_copy(update={"mode": "push"})
    config = CONFIG.model_copy(update={"branches": (CONFIG.branches[0], own, CONFIG.branches[2])})
    assert due_batches(config, state=MemoryState(), clock=lambda: NOW) == ["001,003"]


def failed(state: MemoryState, at: datetime, kind: Trouble, *, landed: bool = False) -> None:
    note(state, [Outcome("001", frozenset({kind}), landed)], at)


def due(state: MemoryState, at: datetime) -> bool:
    return due_batches(CONFIG, state=state, clock=lambda: at, pilot=1) == ["001"]


@pytest.mark.parametrize("kind", [Trouble.REFUSED, Trouble.TIMEOUT])
def test_a_branch_that_refuses_or_does_not_answer_is_asked_less_and_less_often(kind: Trouble) -> None:
    state, at, asked = MemoryState(), datetime(2026, 11, 19, 12, 0, tzinfo=UTC), []  # 06:00
    for _ in range(36):
        if due(state, at):
            asked.append(at)
            failed(state, at, kind)
        at += timedelta(minutes=30)
    waits = [later - earlier for earlier, later in zip(asked, asked[1:], strict=False)]
    assert waits[0] == timedelta(minutes=30)
    assert max(waits) > timedelta(hours=2)
    assert max(waits) <= timedelta(hours=4)
    assert len(asked) < 15


def test_pauses_of_different_branches_do_not_end_together() -> None:
    state = MemoryState()
    for branch in CONFIG.branches[:50]:
        note(state, [Outcome(branch.id, frozenset({Trouble.REFUSED}), False)], NOW)
    assert len({pause.until for pause in state.pauses().values()}) > 40


def test_a_branch_that_is_offline_is_asked_by_every_run() -> None:
    state = MemoryState()
    for _ in range(5):
        failed(state, NOW, Trouble.OFFLINE)
    assert due(state, NOW + timedelta(minutes=1))


def test_what_was_landed_or_seen_since_ends_a_pause() -> None:
    state, noon = MemoryState(), datetime(2026, 11, 19, 18, 0, tzinfo=UTC)
    failed(state, noon, Trouble.TIMEOUT, landed=True)
    assert due(state, noon)
    for _ in range(4):
        failed(state, noon, Trouble.REFUSED)
    assert not due(state, noon + timedelta(minutes=30))
    pulled(state, "001", timedelta(0))
    assert not due(state, noon + timedelta(minutes=30)), "that snapshot is older than the record"
    for table in CONFIG.extraction.tables:
        lease, _ = state.acquire(table, "001", owner="a", now=noon, seconds=0)
        state.advance(lease, Watermark(Position("x"), noon + timedelta(minutes=10)), now=noon, seconds=0)
    assert due(state, noon + timedelta(minutes=30))


def test_the_runs_before_the_report_ask_everybody() -> None:
    state, evening = MemoryState(), datetime(2026, 11, 20, 5, 0, tzinfo=UTC)  # 23:00
    for _ in range(6):
        failed(state, evening, Trouble.REFUSED)
    assert not due(state, evening + timedelta(minutes=30))
    assert due(state, evening + timedelta(minutes=90))
