"""The state recreated from manifests: the newest pull decides, and in it the last page, not a range read after it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from podemos.branches.landing import Part, Range
from podemos.branches.rebuild import rebuild
from podemos.branches.state import Loading, MemoryState, Position, Watermark
from podemos.core import manifest
from podemos.core.store import MemoryStore

NOON = datetime(2026, 11, 19, 18, tzinfo=UTC)
PAGE = Part(
    table="pagos",
    branch="017",
    day=date(2026, 11, 19),
    seq=7,
    part=1,
    final=True,
    as_of=NOON,
    start=None,
    reached=Position("2026-11-19 11:00:00.000000", ("88213",)),
    bound="2026-11-19 11:45:00.000000",
    contract="",
    chunk=None,
)


def rebuilt(*parts: Part) -> MemoryState:
    lake, state = MemoryStore(), MemoryState()
    for part in parts:
        manifest.commit(lake, part.key, part.to_dict())
    assert all(found.restored for found in rebuild(lake, state))
    return state


def test_a_range_read_after_the_pages_moves_no_watermark() -> None:
    swept = replace(PAGE, final=False, reached=Position("2026-11-02 09:00:00", ("5",)))
    ranges = [replace(swept, part=n, range=Range("2026-11-02", n - 1, n == 3)) for n in (2, 3)]
    state = rebuilt(PAGE, *ranges)
    assert state.watermarks()["pagos", "017"].position == PAGE.reached
    lease, _ = state.acquire("pagos", "017", owner="next", now=NOON, seconds=1)
    assert lease.seq == PAGE.seq + 1


def test_a_first_load_under_way_is_put_back_where_it_was() -> None:
    first = Watermark(Position("2026-11-19 10:00:00.000000", ("7",)), NOON, Loading(("88213",), PAGE.bound))
    page = replace(PAGE, final=False, reached=Position("", ("88213",)), first=first)
    ahead = replace(page, part=2, range=Range("2026-11-19", 1, False))
    assert Part.from_dict(page.to_dict()) == page
    assert rebuilt(page, ahead).watermarks()["pagos", "017"] == first


def test_the_newest_pull_decides_whatever_day_it_is_listed_under() -> None:
    later = replace(PAGE, day=date(2026, 11, 20), seq=9, reached=Position("2026-11-19 11:30:00.000000", ("88300",)))
    state = rebuilt(PAGE, later)
    assert state.watermarks()["pagos", "017"].position == later.reached
