"""The fingerprint's own laws; equality across engines is tests/integration/test_fingerprint_engines.py."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from podemos.core.fingerprint import Fingerprint, of_rows, row_digest, row_text

values = st.lists(st.one_of(st.none(), st.text(max_size=8)), max_size=4)
rows = st.lists(st.tuples(values, st.integers(-(10**6), 10**6)), max_size=8)


@given(values, values)
def test_row_text_is_unambiguous(a: list[str | None], b: list[str | None]) -> None:
    assert (row_text(a) == row_text(b)) == (a == b)


@given(rows, st.randoms(use_true_random=False))
def test_order_does_not_matter_and_parts_add_up(data, random) -> None:  # type: ignore[no-untyped-def]
    whole = of_rows((r for r, _ in data), (c for _, c in data))
    shuffled = random.sample(data, len(data))
    cut = len(data) // 2
    parts = [of_rows((r for r, _ in part), (c for _, c in part)) for part in (shuffled[:cut], shuffled[cut:])]
    assert parts[0] + parts[1] == whole
    assert whole - parts[0] == parts[1]


def test_the_text_and_digest_are_the_documented_ones() -> None:
    assert row_text(["año", None, "", b"\x00"]) == b"4:a\xc3\xb1o-1:0:1:\x00"
    assert row_digest(b"abc") == int(hashlib.md5(b"abc").hexdigest()[:15], 16)


def test_a_sum_beyond_two_to_the_63_survives_json() -> None:
    total = Fingerprint(100, 1, 2**66 + 1)
    assert Fingerprint.from_dict(total.to_dict()) == total


def test_swapping_two_amounts_changes_the_digest_though_count_and_cents_stay() -> None:
    before = of_rows([["1", "10.00"], ["2", "20.00"]], [1000, 2000])
    after = of_rows([["1", "20.00"], ["2", "10.00"]], [2000, 1000])
    assert (before.count, before.cents) == (after.count, after.cents)
    assert before.digest != after.digest
