"""One conformance suite over both states: memory, and DynamoDB (moto)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from podemos.branches.dynamo_state import DynamoState
from podemos.branches.state import BranchState, LeaseLost, Loading, MemoryState, Position, Watermark
from podemos.core.errors import LeaseHeld

NOW = datetime(2026, 11, 19, 8, 0, tzinfo=UTC)
FIRST = int(NOW.timestamp()) + 1
MARK = Watermark(Position("2026-11-19 01:00:00.000000", ("7",)), NOW)


@pytest.fixture(params=["memory", "dynamo"])
def state(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[BranchState]:
    if request.param == "memory":
        yield MemoryState()
        return
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        client.create_table(
            TableName="state",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield DynamoState(client, "state")


def take(state: BranchState, owner: str = "a", at: datetime = NOW, seconds: int = 60) -> tuple:
    return state.acquire("pagos", "017", owner=owner, now=at, seconds=seconds)


def test_sequences_start_at_the_epoch_second_so_that_a_lost_state_does_not_repeat_them(state: BranchState) -> None:
    lease, mark = take(state)
    assert (lease.seq, mark) == (FIRST, None)


def test_a_held_lease_is_refused_to_another_owner(state: BranchState) -> None:
    take(state)
    with pytest.raises(LeaseHeld, match="branch 017, table pagos"):
        take(state, "b", NOW + timedelta(seconds=59))


def test_an_expired_lease_is_taken_over_with_a_higher_sequence(state: BranchState) -> None:
    take(state)
    lease, _ = take(state, "b", NOW + timedelta(seconds=60))
    assert (lease.seq, lease.owner) == (FIRST + 1, "b")


def test_a_retry_of_the_same_owner_takes_its_lease_at_once(state: BranchState) -> None:
    take(state)
    assert take(state)[0].seq == FIRST + 1


def test_a_stale_holder_can_not_move_the_watermark(state: BranchState) -> None:
    stale, _ = take(state)
    fresh, _ = take(state)
    with pytest.raises(LeaseLost):
        state.advance(stale, MARK, now=NOW, seconds=0)
    assert state.watermarks() == {}
    state.advance(fresh, MARK, now=NOW, seconds=0)
    assert state.watermarks() == {("pagos", "017"): MARK}


def test_a_lease_given_back_is_free_and_the_watermark_stays(state: BranchState) -> None:
    lease, _ = take(state)
    state.advance(lease, MARK, now=NOW, seconds=0)
    again, mark = take(state, "b")
    assert (again.seq, mark) == (FIRST + 1, MARK)


def test_an_advance_sent_twice_is_one_advance(state: BranchState) -> None:
    lease, _ = take(state)
    renewed = state.advance(lease, MARK, now=NOW, seconds=30)
    assert renewed == state.advance(lease, MARK, now=NOW, seconds=30)
    assert renewed.expires == NOW + timedelta(seconds=30)


def test_an_advance_without_a_watermark_leaves_it(state: BranchState) -> None:
    lease, _ = take(state)
    state.advance(lease, MARK, now=NOW, seconds=60)
    state.advance(lease, None, now=NOW, seconds=0)
    assert state.watermarks() == {("pagos", "017"): MARK}


def test_a_first_load_under_way_is_kept_until_it_is_whole(state: BranchState) -> None:
    lease, _ = take(state)
    under_way = replace(MARK, loading=Loading(("a/ñ", "12"), "2026-11-19 01:30:00.000000"))
    lease = state.advance(lease, under_way, now=NOW, seconds=60)
    assert state.watermarks() == {("pagos", "017"): under_way}
    state.advance(lease, None, now=NOW, seconds=0)
    assert take(state, "b")[1] == under_way
    assert state.restore("pagos", "017", lease.seq + 5, under_way)
    lease, mark = take(state)
    assert mark == under_way
    state.advance(lease, MARK, now=NOW, seconds=0)
    assert state.watermarks() == {("pagos", "017"): MARK}


def test_branch_tables_do_not_share_leases(state: BranchState) -> None:
    take(state)
    assert state.acquire("pagos", "018", owner="b", now=NOW, seconds=60)[0].seq == FIRST
    assert state.acquire("clientes", "017", owner="b", now=NOW, seconds=60)[0].seq == FIRST


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 90), st.booleans()), max_size=30))
def test_sequences_only_grow_and_only_the_latest_lease_advances(steps: list[tuple[str, int, bool]]) -> None:
    state, at, leases = MemoryState(), NOW, []
    for owner, passed, advance_oldest in steps:
        at += timedelta(seconds=passed)
        try:
            leases.append(take(state, owner, at)[0])
        except LeaseHeld:
            continue
        if advance_oldest and len(leases) > 1:
            with pytest.raises(LeaseLost):
                state.advance(leases[0], MARK, now=at, seconds=0)
    numbers = [lease.seq for lease in leases]
    assert numbers == list(range(numbers[0], numbers[0] + len(leases))) if leases else True


def test_a_restored_item_is_free_and_goes_on_with_the_next_sequence(state: BranchState) -> None:
    assert state.restore("pagos", "017", 41, MARK)
    assert state.watermarks() == {("pagos", "017"): MARK}
    lease, mark = take(state)
    assert (lease.seq, mark) == (42, MARK)


def test_a_restore_never_takes_a_state_back(state: BranchState) -> None:
    lease, _ = take(state)
    later = Watermark(Position("2026-11-19 02:00:00.000000", ("9",)), NOW)
    state.advance(lease, later, now=NOW, seconds=60)
    assert not state.restore("pagos", "017", lease.seq, MARK)
    assert not state.restore("pagos", "017", lease.seq - 1, MARK)
    assert state.watermarks() == {("pagos", "017"): later}
    assert state.restore("pagos", "017", lease.seq + 1, MARK)
    with pytest.raises(LeaseLost):
        state.advance(lease, later, now=NOW, seconds=60)
