from __future__ import annotations

from datetime import UTC, datetime, timedelta

from podemos.branches.bound import held_back, safe_bound, start
from podemos.branches.state import Position, Watermark
from podemos.contracts.tables import contract
from podemos.core.table import Column, Kind

MICRO = Column("updated_at", Kind.DATETIME, "modificado", precision=6)
SECOND = Column("updated_at", Kind.DATETIME, "modificado", precision=0)
TABLE = contract("pagos").compiled()
WALL = datetime(2026, 11, 19, 14, 0, 0, 999_999)
NOW = datetime(2026, 11, 19, 20, 0, tzinfo=UTC)


def test_the_bound_lags_behind_the_servers_clock() -> None:
    assert safe_bound(WALL, 900, MICRO) == "2026-11-19 13:45:00.999999"


def test_the_bound_is_rounded_down_to_the_cursors_precision() -> None:
    assert safe_bound(WALL, 900, SECOND) == "2026-11-19 13:45:00"
    assert safe_bound(WALL, 900, Column("u", Kind.DATETIME, "modificado", precision=3)) == "2026-11-19 13:45:00.999"


def test_rows_in_the_tail_do_not_move_the_watermark_beyond_the_bound() -> None:
    bound = safe_bound(WALL, 900, MICRO)
    assert held_back(Position("2026-11-19 13:59:00.000000", ("9",)), bound) == Position(bound)
    below = Position("2026-11-19 13:00:00.000000", ("9",))
    assert held_back(below, bound) == below
    assert held_back(Position(bound, ("9",)), bound) == Position(bound), "the bound itself is exclusive"


def test_a_pull_starts_at_the_watermark_when_clocks_run_evenly() -> None:
    mark = Watermark(Position("2026-11-19 13:15:00.000000"), NOW - timedelta(minutes=30))
    assert start(mark, WALL, NOW, 900, TABLE) == mark.position


def test_a_clock_set_back_an_hour_lowers_the_start_so_that_rows_written_since_are_seen() -> None:
    """In autumn 01:00 to 02:00 passes twice: the watermark is at 01:45 of the first pass, the clock shows 01:30."""
    mark = Watermark(Position("2026-11-01 01:45:00.000000"), NOW - timedelta(minutes=30))
    second_pass = datetime(2026, 11, 1, 1, 30)
    assert start(mark, second_pass, NOW, 900, TABLE) == Position("2026-11-01 00:45:00.000000")


def test_a_clock_set_back_a_day_lowers_the_start() -> None:
    mark = Watermark(Position("2026-11-19 13:30:00.000000", ("4",)), NOW - timedelta(minutes=10))
    found = start(mark, WALL - timedelta(days=1), NOW, 900, TABLE)
    assert found == Position("2026-11-18 13:35:00.999999")


def test_the_first_pull_starts_at_the_beginning() -> None:
    assert start(None, WALL, NOW, 900, TABLE) is None
