"""Which runs are compared, and how a growth is shared out, without a warehouse."""

from dataclasses import replace

import pytest

from podemos.redshift.history import History, Run, Scan, generic_hash
from podemos.redshift.verdict import verdicts

SECOND = 1_000_000


def run(query: int, seconds: float, version: int = 1) -> Run:
    micros = int(seconds * SECOND)
    return Run(query, "h", version, f"2026-11-{query:02}", micros, 0, 0, 0, 0, micros, "SELECT 1")


def scan(query: int, read: int, kept: int) -> Scan:
    return Scan(query, 7, "pagos", read, read, kept, True, None, None)


def test_neither_the_luckiest_nor_the_unluckiest_run_decides() -> None:
    runs = [run(1, 1), *(run(n, 100) for n in range(2, 12)), *(run(n, 200) for n in range(12, 21)), run(21, 9_000)]
    (found,) = verdicts(History("stl", tuple(runs), ()))
    assert (found.fast.elapsed, found.slow.elapsed, found.slow_runs) == (100 * SECOND, 200 * SECOND, 10)


@pytest.mark.parametrize(("fast", "slow"), [(100, 149), (0.1, 1.0), (100, 100)])
def test_what_is_noise_is_no_verdict(fast: float, slow: float) -> None:
    assert verdicts(History("sys", (run(1, fast), run(2, slow)), ())) == []


def test_hashes_of_two_versions_are_not_compared() -> None:
    old, new = [run(n, 10, version=1) for n in (1, 2)], [run(n, 100, version=2) for n in (3, 4)]
    assert verdicts(History("sys", (*old, *new), ())) == []
    (found,) = verdicts(History("sys", (*old, *new, run(5, 300, version=2)), ()))
    assert found.fast.elapsed == 100 * SECOND
    assert found.notes == ("2 runs have a hash of another version and are not compared",)


def test_factors_beyond_the_growth_share_it() -> None:
    """Sixteen times the rows for four times the time: nothing is left over, and nothing is more than all."""
    scans = (scan(1, 100, 100), scan(2, 1_600, 400))
    (found,) = verdicts(History("stl", (run(1, 10), run(2, 40)), scans))
    assert {c.cause: c.share for c in found.causes} == pytest.approx({"more_rows_asked": 0.5, "pruning_lost": 0.5})


def test_without_scans_the_growth_is_unexplained() -> None:
    (found,) = verdicts(History("sys", (run(1, 10), run(2, 40)), ()))
    assert {c.cause: c.share for c in found.causes} == {"unexplained": 1.0}


def test_what_the_parts_leave_over_is_unaccounted() -> None:
    slow = replace(run(2, 40), execution=20 * SECOND)
    (found,) = verdicts(History("sys", (run(1, 10), slow), ()))
    assert {c.cause: c.share for c in found.causes} == pytest.approx({"unaccounted": 2 / 3, "unexplained": 1 / 3})


def test_a_hash_of_ours_does_not_see_literals_comments_and_layout() -> None:
    one = generic_hash("SELECT a  FROM t -- note 1\nWHERE d >= '2026-11-01' AND n = 12.5")
    assert one == generic_hash("select a from t /* x */ where d >= 'it''s' and n = 3")
    assert one != generic_hash("SELECT a FROM t2 WHERE d >= '2026-11-01' AND n = 12.5")
