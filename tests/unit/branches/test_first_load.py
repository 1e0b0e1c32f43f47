"""A first load's watermark: the greatest (cursor, key) of all pages, never beyond the bound of its first snapshot."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from podemos.branches import bound, chunk, first_load
from podemos.branches.state import Loading, Position, Watermark
from podemos.contracts.tables import contract

TABLE = contract("pagos").compiled()
NOON = datetime(2026, 11, 19, 18, tzinfo=UTC)
BOUND = "2026-11-19 11:00:00.500000"


def page(*rows: tuple[int, str]) -> chunk.Page:
    """Rows of (key, microseconds of the cursor), in order of the key."""
    found = chunk.Page(TABLE, "001", 1)
    if rows:
        found.extend([chunk.columns_of(tuple((b"%d" % key, b"1", b"1", b"1.00", b"2026-11-19 10:00:00", b"P", None,
                             f"2026-11-19 11:00:00.{micros}".encode()) for key, micros in rows))])  # fmt: skip
    return found


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 9), max_size=6), max_size=4))
def test_the_watermark_is_where_a_load_by_the_cursor_would_have_left_it(pages: list[list[int]]) -> None:
    load, key, seen = first_load.begun(BOUND, NOON), 0, [(bound.BEGINNING.cursor, 0)]
    for number, cursors in enumerate(pages):
        rows = [(key + at + 1, f"{tenth}00000") for at, tenth in enumerate(cursors)]
        key += len(rows)
        seen += [(f"2026-11-19 11:00:00.{micros}", at) for at, micros in rows]
        load = first_load.step(load, page(*rows), whole=number == len(pages) - 1)
    highest, last = max(seen)
    expected = Position(BOUND) if highest >= BOUND else Position(highest, (str(last),) if last else ())
    assert load.position == expected
    assert load.as_of == NOON
    assert load.loading == (None if pages else Loading((), BOUND))


def test_a_load_goes_on_behind_its_last_row_and_only_by_the_key_it_was_begun_with() -> None:
    load = first_load.step(first_load.begun(BOUND, NOON), page((4, "100000"), (7, "000000")), whole=False)
    assert first_load.place(load) == Position("", ("7",))
    assert first_load.under_way(load, TABLE) == load
    other = Watermark(load.position, NOON, Loading(("7", "x"), BOUND))
    assert first_load.under_way(other, TABLE) is None
    assert first_load.place(first_load.begun(BOUND, NOON)) is None
