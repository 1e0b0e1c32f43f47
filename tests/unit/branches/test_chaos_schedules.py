"""The chaos suite's schedules: repeatable, and shrunk by leaving stories out."""

from __future__ import annotations

from bench.chaos_branches.draw import generate
from bench.chaos_branches.schedule import digest
from bench.chaos_branches.shrink import candidates

UNSEEN = {"untouched", "delete", "older cursor", "long", "move", "restore", "drift", "return"}


def test_a_seed_and_an_index_decide_a_schedule() -> None:
    assert digest([generate(1, 2)]) == digest([generate(1, 2)])
    assert len({digest([generate(seed, index)]) for seed in (1, 2) for index in (3, 4)}) == 4


def test_what_the_watermark_promises_has_no_story_that_only_the_fingerprint_sees() -> None:
    drawn = [generate(1, index) for index in range(200)]
    assert not any(unit.what in UNSEEN for one in drawn if one.promised for unit in one.units)
    assert {unit.what for one in drawn for unit in one.units} >= UNSEEN


def test_candidates_are_smaller_and_keep_the_first_rows() -> None:
    units = generate(1, 2).units
    tried = candidates(units)
    assert all(each[0] == units[0] and len(each) < len(units) for each in tried)
    assert {units[:at] + units[at + 1 :] for at in range(1, len(units))} <= set(tried)
