"""Which snapshot speaks for a branch, and when it is missing from a business day."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from podemos.branches.certificates import _said_beside
from podemos.branches.certify import _alerts, _shows
from podemos.branches.examine import Examined, said, since_of
from podemos.contracts.tables import contract

DAY = date(2026, 11, 19)  # ends at 06:00 UTC of the 20th
AFTER, BEFORE = "2026-11-20T07:30:00.000000Z", "2026-11-20T05:30:00.000000Z"


def whole(as_of: str | None, *, cut: bool = False) -> dict[str, Any]:
    return {"as_of": as_of, "since": "2026-10-05", "fingerprints": {}, "cut": cut}


def ahead(as_of: str, since: str) -> dict[str, Any]:
    return whole("2026-10-20T07:30:00.000000Z", cut=True) | {
        "ahead": {"seq": 9, "as_of": as_of, "since": since, "fingerprints": {}}
    }


@pytest.mark.parametrize(
    ("entry", "shown"),
    [
        (whole(AFTER), True),
        (whole(BEFORE), False),
        (whole(None), False),
        (whole(AFTER, cut=True), False),
        (ahead(AFTER, "2026-11-18"), True),
        (ahead(BEFORE, "2026-11-18"), False),
        (ahead(AFTER, "2026-11-19"), False),
    ],
)
def test_a_branch_was_seen_when_the_report_of_a_day_can_rest_on_it(entry: dict[str, Any], shown: bool) -> None:
    """The last one lacks the evening before, which a western branch has in the same business day."""
    assert _shows(entry, DAY) is shown


def test_while_a_gap_is_open_the_newest_days_speak_and_nothing_else() -> None:
    assert said(None) is None
    assert said(whole(AFTER, cut=True)) is None
    found = said(ahead(AFTER, "2026-11-18"))
    assert found is not None and found["seq"] == 9
    assert since_of(found) == date(2026, 11, 18)


def test_a_certificate_says_who_pulled_and_what_held_the_watermark_back() -> None:
    sources = {"001": whole(AFTER) | {"alerts": ["INNODB_TRX stays old"]}, "002": whole(AFTER) | {"alerts": []}}
    found = Examined(contract("pagos").compiled(), sources, {}, {})
    one = {"branch": "001", "key": "7", "day": "2026-11-18", "source_day": "0000-00-00"}
    beside = Examined(found.table, {}, {}, {}, decided=[one], walls={("2026-11-18", "001"): {"fold": 1}})
    assert _said_beside(beside, "2026-11-18", "001", ()) == {"decisions": [one], "walls": {"fold": 1}}
    assert _said_beside(beside, "2026-11-19", "001", ()) == _said_beside(beside, "2026-11-18", "002", ()) == {}
    assert _said_beside(found, "2026-11-19", "001", ()) == {"alerts": ["INNODB_TRX stays old"]}
    assert _said_beside(found, "2026-11-19", "002", {"002"}) == {"mode": "push"}
    assert _alerts([found, found]) == [{"branch": "001", "alert": "INNODB_TRX stays old"}]
