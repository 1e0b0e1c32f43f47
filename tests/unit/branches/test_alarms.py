from __future__ import annotations

from typing import Any

from podemos.branches import alarms, outcomes
from podemos.branches.alarms import Alarm
from podemos.core.store import MemoryStore

OPEN = "transaction of connection 7 is open for 45 min and no longer holds the watermark back: …"


def certification(**changed: Any) -> dict[str, Any]:
    branches = [
        {"id": "001", "state": "certified", "as_of": "2026-11-20T07:31:00.000000Z"},
        {"id": "002", "state": "missing", "as_of": "2026-11-20T05:01:00.000000Z"},
        {"id": "003", "state": "missing", "as_of": "2026-11-18T05:01:00.000000Z"},
        {"id": "004", "state": "missing", "as_of": None},
    ]
    found = {"business_date": "2026-11-19", "certified": "2026-11-20T07:40:00.000000Z", "branches": branches}
    return found | {"alerts": [{"branch": "001", "alert": OPEN}]} | changed


def batch(**states: str) -> dict[str, Any]:
    found = [
        {"branch": branch[1:], "state": state, "message": "said", "remedy": "do"} for branch, state in states.items()
    ]
    return {"finished": "2026-11-20T07:35:00.000000Z", "branches": found}


def test_what_needs_a_person_is_told_with_its_place_in_the_runbook() -> None:
    lake = MemoryStore()
    outcomes.remember(lake, [batch(b005="refused", b006="offline"), batch(b007="drift", b008="pulled", b009="behind")])
    lines = [alarm.line() for alarm in alarms.found(certification(), outcomes.latest(lake))]
    assert lines == [
        f"sucursal 001: {OPEN}. docs/runbooks/branch_ingestion.md#a-transaction-is-open-too-long",
        "sucursal 003: not seen since 2026-11-18T05:01:00.000000Z. "
        "docs/runbooks/branch_ingestion.md#a-branch-has-not-been-seen-for-a-day",
        "sucursal 004: not seen since ever. docs/runbooks/branch_ingestion.md#a-branch-has-not-been-seen-for-a-day",
        "sucursal 005: refused: said; do. docs/runbooks/branch_ingestion.md#refused",
        "sucursal 007: drift: said; do. docs/runbooks/branch_ingestion.md#drift",
    ]


def test_a_new_column_is_told_in_one_line_however_many_branches_have_it() -> None:
    columns = [{"table": "pagos", "branch": branch, "columns": ["propina decimal(10)"]} for branch in ("003", "002")]
    columns += [{"table": "clientes", "branch": "003", "columns": ["rfc varchar(13)"]}]
    (alarm,) = alarms.found(certification(alerts=[], branches=[], new_columns=columns), {})
    assert alarm.line() == (
        "sucursal 002: 2 branches have new columns: clientes.rfc varchar(13), pagos.propina decimal(10). "
        "docs/runbooks/branch_ingestion.md#a-branch-has-a-new-column"
    )


def test_a_cause_is_told_once_per_branch_and_business_day() -> None:
    lake, first = MemoryStore(), Alarm("001", "refused", "at 07:35")
    assert alarms.untold(lake, "2026-11-19", [first]) == [first]
    alarms.remember(lake, "2026-11-19", [first])
    again = Alarm("001", "refused", "at 08:05")
    assert alarms.untold(lake, "2026-11-19", [again]) == []
    assert alarms.untold(lake, "2026-11-20", [again]) == [again]
    other = Alarm("001", "drift", "another cause")
    assert alarms.untold(lake, "2026-11-19", [again, other]) == [other]


def test_a_branch_that_was_not_due_keeps_its_last_outcome() -> None:
    lake = MemoryStore()
    outcomes.remember(lake, [batch(b001="refused", b002="pulled")])
    outcomes.remember(lake, [batch(b002="offline")])
    assert {branch: found["state"] for branch, found in outcomes.latest(lake).items()} == {
        "001": "refused",
        "002": "offline",
    }
