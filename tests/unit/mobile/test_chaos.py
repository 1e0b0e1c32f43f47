"""The suite of `make chaos-mobile` is green on the shipped code, and red without any of its protections."""

from __future__ import annotations

import pytest

from bench.chaos_mobile.judge import run
from bench.chaos_mobile.protections import PROTECTIONS, without

SEED = 20261124


def test_some_lives_of_phones_end_as_they_must():
    verdict = run((SEED, [0, 1, 2, 3], False))
    assert verdict.failed == {}
    assert verdict.counts["crashes"] and verdict.counts["meetings"]


@pytest.mark.parametrize("name", PROTECTIONS)
def test_a_missing_protection_is_seen(name):
    with without(name):
        assert run((SEED, [4, 5, 6, 7], False)).failed
