from __future__ import annotations

import pytest

from podemos.branches.horizon import Writer, age_of, held


@pytest.mark.parametrize(
    ("wall", "utc", "age"),
    [
        (20, 20, 20),
        (3620, 20, 20),  # the clock has skipped an hour since the transaction began
        (-3580, 20, 20),  # an hour was repeated; the conversion chose the first pass
        (-3580, -3580, 20),  # the same, and it chose the second
        (20, 3620, 20),  # both in the second pass; it chose the first
        (-0.4, -0.4, 0),  # began while the reading was under way
    ],
)
def test_an_age_is_right_when_the_servers_clock_changes(wall: float, utc: float, age: float) -> None:
    assert age_of(wall, utc) == age


def test_the_oldest_writer_within_the_limit_holds_rounded_up() -> None:
    writers = [Writer("1", "statement", 3.0), Writer("2", "transaction", 7.2), Writer("3", "transaction", 1801.0)]
    back, alerts = held(writers, 1800)
    assert back == 8
    assert len(alerts) == 1
    assert "connection 3 is open for 30 min" in alerts[0]


def test_nobody_writes() -> None:
    assert held([], 1800) == (0, ())
