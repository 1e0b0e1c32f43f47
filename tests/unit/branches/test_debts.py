from __future__ import annotations

from podemos.branches import debts, keys
from podemos.branches.terms import Terms
from podemos.contracts.tables import contract
from podemos.core import manifest
from podemos.core.fingerprint import Fingerprint
from podemos.core.store import MemoryStore

from .chain import land, night, part

PAGOS, CLIENTES = contract("pagos").compiled(), contract("clientes").compiled()
ONE, TWO = Fingerprint(1, 100, 7), Fingerprint(2, 200, 9)
DAY = "2026-11-19"


def terms(source: Fingerprint | None, winners: Fingerprint, warehouse: Fingerprint | None = None) -> Terms:
    return Terms(source, winners, winners, Fingerprint(), warehouse or winners)


def certify(lake: MemoryStore, number: int, at: str, *owed: dict[str, str]) -> None:
    document = {"certified": at, "debts": list(owed), "loaded": []}
    manifest.commit(lake, keys.certification(number, manifest.sha256(manifest.canonical(document))), document)


def test_a_debt_is_what_the_branchs_server_has_otherwise_than_the_lake() -> None:
    found = debts.found(
        PAGOS,
        {
            (DAY, "001"): terms(ONE, TWO),
            (DAY, "002"): terms(ONE, ONE, warehouse=TWO),
            (DAY, "003"): terms(None, ONE),
            (DAY, "004"): terms(Fingerprint(), ONE),
        },
    )
    assert found == [{"table": "pagos", "branch": branch, "day": DAY} for branch in ("001", "004")]


def test_a_debt_stands_until_a_snapshot_was_asked_about_the_day() -> None:
    before = [{"table": name, "branch": "001", "day": day} for name, day in (("pagos", DAY), ("clientes", "todo"))]
    assert debts.found(PAGOS, {}, before) == before[:1]
    assert debts.found(PAGOS, {(DAY, "001"): terms(None, ONE)}, before) == before[:1]
    assert debts.found(PAGOS, {(DAY, "001"): terms(ONE, ONE)}, before) == []


def test_a_day_that_does_not_exist_is_no_range() -> None:
    wrong = {(day, "001"): terms(ONE, TWO) for day in ("nulo", "2026-02-30", "0000-00-00", "todo")}
    assert debts.found(PAGOS, wrong) == []
    assert [debt["day"] for debt in debts.found(CLIENTES, wrong)] == ["todo"]


def test_the_newest_certification_decides_newest_day_first() -> None:
    lake = MemoryStore()
    assert debts.left(lake) == debts.Left()
    land(lake, part("001", 1))
    night(lake)
    assert debts.left(lake) == debts.Left(), "no certification yet"
    older, newer = ({"table": "pagos", "branch": "001", "day": f"2026-11-{day}"} for day in (17, 18))
    certify(lake, 1, "2026-11-20T08:00:00Z", older)
    certify(lake, 1, "2026-11-20T09:00:00Z", older, newer)
    assert debts.left(lake).days == {("pagos", "001"): ("2026-11-18", "2026-11-17")}
    land(lake, part("001", 2))
    night(lake, "r2")
    assert debts.left(lake).days == {("pagos", "001"): ("2026-11-18", "2026-11-17")}, "its run died: what was owed is"
    assert debts.left(lake).look_back == {}, "of a release before it"
    certify(lake, 2, "2026-11-20T10:00:00Z")
    assert debts.left(lake).days == {}


def test_what_was_healed_is_one_entry_per_table_branch_and_day() -> None:
    counts = {"pagos": {DAY: {"002": {"edited": 2}, "001": {"deleted": 1, "late": 3}}}}
    assert debts.healed(counts) == [
        {"table": "pagos", "branch": "001", "day": DAY, "deleted": 1, "late": 3},
        {"table": "pagos", "branch": "002", "day": DAY, "edited": 2},
    ]
