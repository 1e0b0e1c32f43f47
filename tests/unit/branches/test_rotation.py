"""Old days are proven in turns: every day within one rotation, and what was missed is made up for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import MySQLdb
import pytest

from podemos.branches import debts, query, rotation
from podemos.branches.landing import Part
from podemos.branches.proof import Proof
from podemos.branches.rotation import Older, Verified
from podemos.contracts.tables import contract
from podemos.core import manifest
from podemos.core.fingerprint import Fingerprint
from podemos.core.store import MemoryStore

from .chain import finish, land, part, plan
from .test_certify_gap import CONFIG, NOW, YESTERDAY, certify

OLD, EARLIER = "2024-10-31", "2019-02-03"
TODAY = date(2026, 11, 20)


def nights(missed: range = range(0), most: int = 1, length: int = 120) -> Iterator[tuple[date, Verified]]:
    """Each night's slices, verified as they are taken."""
    verified = Verified(30, {})
    for at in range(length):
        today = TODAY + timedelta(days=at)
        if at not in missed:
            taken = rotation.due(verified, today, 30, most)
            assert len(taken) <= most
            verified = verified.after(Older(30, taken), f"{today}T08:00:00.000000Z")
        yield today, verified


def oldest(verified: Verified, today: date) -> int:
    """Days since the slice that waits longest was compared."""
    return max((today - date.fromisoformat(verified.at.get(k, "2000-01-01")[:10])).days for k in range(30))


def test_every_slice_is_compared_within_thirty_days_for_ever() -> None:
    late = [oldest(verified, today) for today, verified in nights(length=200)]
    assert max(late[59:]) < 30


def test_after_a_first_load_that_took_no_turn_all_of_history_is_proven_within_thirty_days() -> None:
    late = [oldest(verified, today) for today, verified in nights(missed=range(1), most=2)]
    assert max(late[16:]) < 30, "two a night: half of the time"
    assert max([oldest(verified, today) for today, verified in nights(missed=range(1))][30:]) <= 30


def test_nights_that_were_missed_are_made_up_for() -> None:
    late = [oldest(verified, today) for today, verified in nights(missed=range(60, 80), most=2)]
    assert late[79] > 40
    assert max(late[100:]) < 30


def test_nothing_is_due_twice_in_a_turn() -> None:
    verified = Verified(30, dict.fromkeys(range(30), "2026-11-20T00:10:00.000000Z"))
    assert rotation.due(verified, TODAY, 30, 30) == ()
    assert rotation.due(verified, TODAY + timedelta(days=1), 30, 30) == ((TODAY.toordinal() + 1) % 30,)
    assert rotation.due(verified, TODAY, 29, 29) == tuple(range(29)), "another cut of history begins anew"
    assert rotation.due(None, TODAY, 30, 0) == ()


def test_the_slices_hold_every_day_once_and_their_spans_are_those_days() -> None:
    since = date(2026, 10, 6)
    days = [since - timedelta(days=back) for back in range(1, 3000)] + [date(1969, 12, 31), date(1, 1, 1)]
    held: dict[str, int] = {}
    for number in range(30):
        one = Older(30, (number,))
        spans = one.spans(since)
        for day in map(str, days):
            inside = any(first <= day < end for first, end in spans)
            assert inside == one.holds(day), day
            held[day] = held.get(day, 0) + inside
    assert set(held.values()) == {1}
    assert not any(Older(30, tuple(range(30))).holds(text) for text in ("nulo", "0000-00-00", "2026-02-30", "todo"))


def test_older_days_are_one_statement_with_the_window_and_of_bounded_length() -> None:
    pagos, since = contract("pagos").compiled(), date(2026, 10, 6)
    alone = query.fingerprints(pagos, since)
    window, *older = query.fingerprints(pagos, since, Older(30, (3,), (OLD,)).spans(since)).split(" UNION ALL ")
    assert window == alone, "the window is a range as it is without them"
    assert len(older) == 11 + 1, "a SELECT for each"
    assert all(one.partition(" WHERE ")[0] == window.partition(" WHERE ")[0] for one in older)
    assert older[0].endswith(
        "WHERE (`fecha_pago` >= '2000-04-01' AND `fecha_pago` < '2000-05-01') GROUP BY DATE(`fecha_pago`)"
    )
    assert any("(`fecha_pago` >= '2024-10-31' AND `fecha_pago` < '2024-11-01')" in one for one in older)


def test_very_many_older_days_share_a_select_and_the_statement_is_never_long() -> None:
    pagos, since = contract("pagos").compiled(), date(2026, 10, 6)
    days = tuple(str(since - timedelta(days=2 * back)) for back in range(1, 101))
    spans = Older(30, (3, 9), days).spans(since)
    sql = query.fingerprints(pagos, since, spans)
    assert len(sql) < 48_000
    assert all(sql.count(f"`fecha_pago` >= '{first}' AND `fecha_pago` < '{after}'") == 1 for first, after in spans)


def test_spans_are_apart_from_each_other_and_from_the_window_so_that_no_day_is_counted_twice() -> None:
    since = date(2026, 10, 6)
    at = rotation.slice_of("2026-10-05", 30) or 0
    days = ("2026-10-04", "2026-10-05", "2026-08-31", "2026-08-30", "2020-02-29")
    spans = Older(30, (at, (at + 29) % 30), days).spans(since)
    assert spans[-1] == ("2026-08-30", "2026-10-06"), "two days, two months and the window adjoin"
    assert all(one[1] < other[0] for one, other in pairwise(spans))
    assert ("2020-02-29", "2020-03-01") in spans
    assert Older(30, tuple(range(30))).spans(since) == [("0001-01-01", "2026-10-06")]


class Warehouse:
    """Holds the branch's old day as `rows`, by slice."""

    def __init__(self, **rows: Fingerprint) -> None:
        self.rows, self.asked = {day.replace("_", "-")[1:]: value for day, value in rows.items()}, [0]

    def fetch(self, sql: Any, values: Any = None) -> Iterator[dict[str, Any]]:
        if "select_older_fingerprints" in str(sql):
            self.asked.append(values["slice"])
            for day, one in self.rows.items():
                if rotation.slice_of(day, values["of"]) == values["slice"]:
                    yield {"dia": day, "id_sucursal": 1, "n": one.count, "cents": one.cents, "digest": one.digest}

    def execute(self, *_: Any) -> None:
        raise AssertionError("a certification changes nothing")


ONE, CENT = Fingerprint(1, 100, 7), Fingerprint(1, 101, 8)


@pytest.fixture
def lake() -> MemoryStore:
    return MemoryStore()


def asked(seq: int, older: Older | None, **prints: Fingerprint) -> Part:
    said = {day.replace("_", "-")[1:]: value for day, value in prints.items()}
    found: Part = replace(part("001", seq, rows=1), fingerprints=said, older=older)
    return found


def look(lake: MemoryStore, one: Part, warehouse: Warehouse, **days: Any) -> dict[str, Any]:
    """Lands, curates `days` and certifies."""
    from podemos.branches.publish import publish_revision

    land(lake, one)
    plan_key = plan(lake)
    finish(lake, plan_key, f"r{one.seq}", **{day.replace("_", "-")[1:]: entry for day, entry in days.items()})
    key = certify.certify_days(
        publish_revision(plan_key, lake=lake), YESTERDAY, lake=lake, warehouse=warehouse, clock=lambda: NOW,
        config=CONFIG, pilot=1,
    )  # fmt: skip
    return manifest.read(lake, key)[0]


def curated(value: Fingerprint) -> dict[str, Any]:
    terms = {"winners": value.to_dict(), "curated": value.to_dict()}
    return {"files": [], "branches": {"001": terms}}


def certificate(lake: MemoryStore, found: dict[str, Any], day: str = OLD) -> dict[str, Any]:
    (ref,) = (ref for ref in found["certificates"] if f"/pagos/fecha={day}/" in ref["key"])
    return dict(manifest.read(lake, ref["key"])[0]["branches"]["001"])


K = rotation.slice_of(OLD, 30) or 0


def test_a_cent_in_an_old_day_is_owed_when_its_turn_comes_and_proven_once_it_is_read_again(lake: MemoryStore) -> None:
    assert K
    first = look(lake, asked(1, Older(30, (K + 1,))), Warehouse(_2024_10_31=ONE), _2024_10_31=curated(ONE))
    assert first["debts"] == []
    assert not any(OLD in ref["key"] for ref in first["certificates"]), "nobody asked about it yet"

    told = look(lake, asked(2, Older(30, (K,)), _2024_10_31=CENT), Warehouse(_2024_10_31=ONE))
    assert told["debts"] == [{"table": "pagos", "branch": "001", "day": OLD}]
    assert f"sucursal 001, {OLD}, pagos: 1 rows, 1.01 at the branch, 1 rows, 1.00 landed" in told["messages"]
    assert certificate(lake, told)["state"] == "differs"

    cut = look(lake, replace(asked(3, None), final=False, since=None, fingerprints={}), Warehouse())
    assert cut["debts"] == told["debts"], "a pull that was cut says nothing of it"

    again = Older(30, (), (OLD,))
    healed = look(lake, asked(4, again, _2024_10_31=CENT), Warehouse(_2024_10_31=CENT), _2024_10_31=curated(CENT))
    assert healed["debts"] == []
    assert not any(OLD in line for line in healed["messages"])
    said = certificate(lake, healed)
    assert (said["state"], said["as_of"]) == ("certified", "2026-11-19T20:00:00.000000Z")
    assert debts.left(lake).verified["pagos", "001"].at == {K: said["as_of"], K + 1: said["as_of"]}


def test_an_old_day_that_vanished_at_the_branch_and_one_that_only_the_branch_has_are_owed(lake: MemoryStore) -> None:
    both = Older(30, (K, rotation.slice_of(EARLIER, 30) or 0))
    found = look(lake, asked(1, both, _2019_02_03=CENT), Warehouse(_2024_10_31=ONE), _2024_10_31=curated(ONE))
    assert [debt["day"] for debt in found["debts"]] == [EARLIER, OLD]
    gone = {"files": [], "branches": {}}
    again = asked(2, Older(30, (), (EARLIER, OLD)), _2019_02_03=CENT)
    days = {"_2024_10_31": gone, "_2019_02_03": curated(CENT)}
    found = look(lake, again, Warehouse(_2019_02_03=CENT), **days)
    assert found["debts"] == [], "the branch has no row of it, nor has the lake"


def test_an_old_day_that_the_warehouse_has_otherwise_differs(lake: MemoryStore) -> None:
    found = look(
        lake, asked(1, Older(30, (K,)), _2024_10_31=ONE), Warehouse(_2024_10_31=CENT), _2024_10_31=curated(ONE)
    )
    assert certificate(lake, found)["state"] == "differs"
    assert found["debts"] == [], "what is missing in the warehouse is not read at the branch again"


def test_a_certificate_of_an_old_day_says_of_each_branch_of_when_it_is(lake: MemoryStore) -> None:
    look(lake, asked(1, Older(30, (K,)), _2024_10_31=ONE), Warehouse(_2024_10_31=ONE), _2024_10_31=curated(ONE))
    land(lake, replace(asked(2, Older(30, (K,)), _2024_10_31=ONE), branch="002", chunk=None))
    later = replace(asked(2, None), as_of=NOW + timedelta(hours=1))
    found = look(lake, later, Warehouse(_2024_10_31=ONE))
    said = certificate(lake, found)
    assert (said["state"], said["as_of"]) == ("missing", "2026-11-19T20:00:00.000000Z"), "not compared today, but then"


def test_old_days_that_take_a_server_too_long_stay_due_and_the_window_is_still_compared() -> None:
    class Slow:
        """A link whose server does no more than the window within its limit."""

        def __init__(self, code: int) -> None:
            self.code = code

        def rows(self, sql: str) -> Iterator[Any]:
            if " UNION ALL " in sql:
                raise MySQLdb.OperationalError(self.code, "exceeded")
            yield [(b"2026-11-19", b"1", b"100", b"7")]

    pagos, since = contract("pagos").compiled(), date(2026, 10, 6)
    slow: Any = Slow(1969)
    assert Proof(slow, pagos, since, TODAY, Older(30, (3,))).whole() == ({"2026-11-19": ONE}, None)
    lost: Any = Slow(2013)
    with pytest.raises(MySQLdb.OperationalError):
        Proof(lost, pagos, since, TODAY, Older(30, (3,))).whole()
