"""The exhibits of `make why` change shipped lines: they must be there."""

from __future__ import annotations

import pytest

from bench.chaos_branches.protections import PROTECTIONS, Change, Protection, removed
from podemos.branches import bound
from podemos.branches.state import Position


@pytest.mark.parametrize("protection", PROTECTIONS, ids=lambda protection: protection.name)
def test_the_lines_of_a_protection_are_there(protection: Protection) -> None:
    with removed(protection):
        pass


def test_a_protection_is_back_when_its_exhibit_is_over() -> None:
    held, bound_, reached = PROTECTIONS[0], "2026-11-19 10:00:00", Position("2026-11-19 11:00:00", ("1",))
    with removed(held):
        assert bound.held_back(reached, bound_) == reached
    assert bound.held_back(reached, bound_) == Position(bound_)


def test_lines_that_are_not_there_are_refused() -> None:
    gone = Protection("x", "y", "watermark", (Change("podemos.branches.bound:held_back", "no such line", ""),))
    with pytest.raises(LookupError, match="stands there 0 times"), removed(gone):
        pass
