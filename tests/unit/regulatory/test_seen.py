"""Which pairs came before: the same as a set says, at any size of the batches."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from podemos.regulatory.seen import SeenPairs

NUMBERS = st.sampled_from([-1, 0, 1, 2, 3, 32_767, 32_768, 1 << 48, (1 << 48) - 1, 2**63 - 1])


@given(st.lists(st.lists(st.tuples(NUMBERS, NUMBERS), max_size=12), max_size=8))
def test_a_pair_is_repeated_when_it_came_before_in_this_batch_or_an_earlier_one(
    batches: list[list[tuple[int, int]]],
) -> None:
    seen, before = SeenPairs(), set()
    for batch in batches:
        first, second = (np.array([pair[at] for pair in batch], dtype=np.int64) for at in (0, 1))
        expected = []
        for pair in batch:
            expected.append(pair in before)
            before.add(pair)
        assert seen.repeated(first, second).tolist() == expected
