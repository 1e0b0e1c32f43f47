from __future__ import annotations

import pytest

from podemos.branches.terms import Standing, Terms, terms_of
from podemos.core.fingerprint import Fingerprint

ONE, TWO = Fingerprint(1, 125000, 11), Fingerprint(1, 125001, 12)
NONE = Fingerprint()


def test_the_identities_hold() -> None:
    assert Terms(ONE + TWO, ONE + TWO, ONE, TWO, ONE).hold
    assert Terms(ONE + TWO, ONE + TWO, ONE, TWO, ONE).faults("x") == []


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        (Terms(ONE, TWO, TWO, NONE, TWO), "1 rows, 1,250.00 at the branch, 1 rows, 1,250.01 landed"),
        (Terms(ONE, ONE, NONE, NONE, NONE), "0 rows, 0.00 curated and 0 rows, 0.00 in quarantine"),
        (Terms(ONE, ONE, ONE, NONE, TWO), "1 rows, 1,250.00 curated, 1 rows, 1,250.01 in the warehouse"),
        (Terms(ONE, ONE, ONE, NONE, NONE), "0 rows, 0.00 in the warehouse"),
    ],
)
def test_each_identity_that_fails_is_told(terms: Terms, said: str) -> None:
    assert not terms.hold
    (line,) = terms.faults("sucursal 017, 2026-11-19, pagos")
    assert line.startswith("sucursal 017, 2026-11-19, pagos: ")
    assert line.endswith(said)


def test_two_swapped_digests_differ_although_count_and_cents_agree() -> None:
    assert not Terms(Fingerprint(1, 5, 1), Fingerprint(1, 5, 2), Fingerprint(1, 5, 2), NONE, Fingerprint(1, 5, 2)).hold


def test_a_branch_that_was_not_asked_about_a_day_is_not_compared_with_it() -> None:
    assert terms_of(None, {"winners": ONE.to_dict(), "curated": ONE.to_dict()}, ONE).hold


def test_what_nobody_asked_about_is_missing_not_certified() -> None:
    """A pull that was cut lands rows newer than the last fingerprints: a certificate of them would prove nothing."""
    assert Terms(None, ONE, ONE, NONE, ONE).standing is Standing.MISSING
    assert Terms(None, ONE, ONE, NONE, TWO).standing is Standing.DIFFERS
    assert Terms(ONE, ONE, ONE, NONE, ONE).standing is Standing.CERTIFIED


def test_a_day_of_which_the_lake_has_nothing_is_empty() -> None:
    assert terms_of(NONE, {}, NONE).hold
    assert not terms_of(ONE, {}, NONE).hold


def test_a_corrected_row_is_at_the_branch_as_it_is_there_and_curated_as_it_was_corrected() -> None:
    """With another date the branch has it on one day, the lake on another. Each day's identity holds for itself."""
    assert Terms(ONE, ONE, NONE, NONE, NONE, original=ONE).hold
    assert Terms(NONE, NONE, TWO, NONE, TWO, corrected=TWO).hold
    found = Terms(ONE, ONE, TWO, NONE, TWO, original=ONE, corrected=TWO)
    assert found.hold
    assert terms_of(ONE, found.to_dict(), TWO) == found
    assert not Terms(ONE, ONE, TWO, NONE, TWO).hold, "without the decision's own terms it would be a difference"
    (line,) = Terms(ONE, ONE, NONE, NONE, NONE, original=ONE, corrected=TWO).faults("x")
    assert line.endswith("of them corrected 1 rows, 1,250.00 to 1 rows, 1,250.01")
