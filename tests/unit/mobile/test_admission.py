"""Money first, and every region its share, whoever comes in whatever number."""

from collections import Counter
from datetime import timedelta

import pytest

from podemos.mobile.admission import Admitted, Capacity, Demand, Gate, MemoryCounters, Wait, fair, shares_of
from tests.unit.mobile.events import START


@pytest.mark.parametrize(
    ("wanted", "available", "expected"),
    [
        ({"a": 5, "b": 500, "c": 500}, 105, {"a": 5, "b": 50, "c": 50}),
        ({"a": 5, "b": 10}, 100, {"a": 5, "b": 10}),
        ({"a": 9, "b": 9, "c": 9}, 10, {"a": 3, "b": 3, "c": 4}),
        ({}, 10, {}),
    ],
)
def test_parts_are_fair_and_nothing_is_left_idle(wanted, available, expected):
    assert fair(wanted, available) == expected


def test_money_goes_first_but_never_alone():
    shares = shares_of(Capacity(5, 100, 10), Demand({"a": 500}, {"a": 500, "b": 4}))
    assert sum(shares.money.values()) == 90
    assert shares.others == {"a": 6, "b": 4}
    assert shares_of(Capacity(5, 100, 10), Demand({"a": 30}, {"b": 500})).others == {"b": 70}


def test_a_small_region_is_not_starved_by_a_large_one_and_everybody_gets_through():
    capacity = Capacity(5, 50, 10)
    gate = Gate(capacity, MemoryCounters())
    phones = [("large", f"l{number}") for number in range(450)] + [("small", f"s{number}") for number in range(10)]
    due, done, inside = Counter(dict.fromkeys(phones, 0)), {}, Counter()
    for second in range(400):
        for region, phone in [who for who, when in due.items() if when == second and who not in done]:
            decision = gate.admit(START + timedelta(seconds=second), phone, region, money=True)
            if isinstance(decision, Admitted):
                done[region, phone] = second
                inside[second // 5] += 1
            else:
                assert isinstance(decision, Wait)
                due[region, phone] = second + max(decision.seconds, 1)
    assert len(done) == 460
    assert max(inside.values()) <= 2 * capacity.uploads
    small = max(when for (region, _), when in done.items() if region == "small")
    assert small <= 20
    assert max(done.values()) <= 2 * (460 / 50 * 5)
