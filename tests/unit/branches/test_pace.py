from __future__ import annotations

import socket
from contextlib import closing

import pytest

from podemos.branches.pace import Pace
from podemos.contracts.tables import contract

PAGOS = contract("pagos").compiled()
ROW = (b"1" * 9,) * 10  # 108 bytes as counted


class Time:
    """Sleeping moves it."""

    def __init__(self) -> None:
        self.now, self.slept = 1000.0, 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept += seconds


def test_what_was_taken_is_paid_for_in_time() -> None:
    time = Time()
    pace = Pace(8, 120, time.sleep, time)
    for _ in range(10):
        pace.took(PAGOS, (ROW,) * 10)
    assert time.slept == pytest.approx(10 * 10 * 108 / 1000)


def test_time_that_passed_otherwise_counts_but_is_not_saved_up() -> None:
    time = Time()
    pace = Pace(8, 120, time.sleep, time)
    time.now += 3600
    pace.took(PAGOS, (ROW,) * 10)
    assert time.slept == pytest.approx(1.08)
    time.now += 1.0
    pace.took(PAGOS, (ROW,) * 10)
    assert time.slept == pytest.approx(2.16)


def test_a_page_never_takes_more_than_a_third_of_the_statement_limit() -> None:
    time = Time()
    pace = Pace(64, 120, time.sleep, time)
    first = pace.page_rows(PAGOS, 50_000)
    assert 100 < first < 8_000 * 40 / 1_000, "by the longest rows of the contract"
    pace.took(PAGOS, (ROW,) * first)
    sizes = [pace.page_rows(PAGOS, 50_000)]
    assert sizes == [first * 4], "it grows by what was seen, not at once"
    pace.took(PAGOS, (ROW,) * sizes[0])
    assert pace.page_rows(PAGOS, 50_000) == 8_000 * 40 // 108
    assert Pace(8, 1).page_rows(PAGOS, 50_000) >= 1


def test_no_budget_changes_nothing() -> None:
    pace = Pace()
    assert (pace.page_rows(PAGOS, 50_000), pace.fetch_rows(PAGOS, 2048)) == (50_000, 2048)
    pace.took(PAGOS, (ROW,) * 1000)


def test_the_kernel_takes_little_from_the_link_ahead_of_a_paced_reader() -> None:
    """Otherwise its buffer grows to megabytes with a reader that lags, and the link is busy in bursts."""
    with closing(socket.socket()) as link:
        before = link.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        Pace(None).narrow(link.fileno())
        assert link.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) == before
        Pace(64).narrow(link.fileno())
        assert link.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) == 2 * 16_384
        Pace(8_000).narrow(link.fileno())
        assert link.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) <= 1_000_000
