"""The generator of `make bench-curate`: what it draws, and whether its comparison can fail."""

from __future__ import annotations

import pytest

from bench.curate import verify
from bench.curate.mix import Mix
from podemos.core.fingerprint import Fingerprint

ROWS = 20_000


@pytest.fixture(scope="module")
def mix() -> Mix:
    drawn = Mix(ROWS, ROWS // 10, seed=7)
    drawn.night()
    return drawn


def test_the_same_seed_draws_the_same_rows_and_another_one_others(mix: Mix) -> None:
    again, other = Mix(ROWS, ROWS // 10, seed=7), Mix(ROWS, ROWS // 10, seed=8)
    again.night()
    other.night()
    assert again.curated() == mix.curated() != other.curated()


def test_what_is_curated_in_the_end_is_the_history_with_the_night_in_it(mix: Mix) -> None:
    arrived = mix.count("tardios") + mix.count("nuevos") - mix.count("huerfanos")
    payments = [total for (table, _, _), total in mix.curated().items() if table == "pagos"]
    assert sum(total.count for total in payments) == mix.count("pagos") + arrived - mix.count("idos")
    assert all(mix.count(name) for name in ("editados", "tardios", "nuevos", "huerfanos", "repetidos", "idos"))


def test_a_cent_that_is_missing_is_a_difference(mix: Mix) -> None:
    found = mix.curated()
    where = next(iter(found))
    changed = found | {where: found[where] - Fingerprint(0, 1, 0)}
    assert verify.compare("files", found, found) == []
    assert len(verify.compare("files", found, changed)) == 1
