"""A certification on hand-made manifests: what it says of a gap, of alerts, and of a branch in push mode."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from podemos.branches import certify, debts, keys, push
from podemos.branches.bound import HoldBack
from podemos.branches.landing import Part
from podemos.branches.state import Position
from podemos.contracts.branches import Branches
from podemos.core import manifest
from podemos.core.fingerprint import Fingerprint
from podemos.core.store import MemoryStore

from .chain import CONFIG, DAY, NOW, finish, land, part, plan, swept

YESTERDAY = DAY - timedelta(days=1)  # NOW is the afternoon after it
HELD = HoldBack("transactions", 5, ("transaction of connection 7 is open for 45 min and no longer holds …",))


class Empty:
    """A warehouse without rows."""

    def fetch(self, sql_file: str, *_: Any) -> Iterator[dict[str, Any]]:
        return iter(())

    def execute(self, *_: Any) -> None:
        raise AssertionError("a certification changes nothing")


def certified(lake: MemoryStore, config: Branches) -> dict[str, Any]:
    from podemos.branches.publish import publish_revision

    plan_key = plan(lake)
    finish(lake, plan_key)
    key = certify.certify_days(
        publish_revision(plan_key, lake=lake), YESTERDAY, lake=lake, warehouse=Empty(), clock=lambda: NOW,
        config=config, pilot=2,
    )  # fmt: skip
    return manifest.read(lake, key)[0]


def ahead(prints: dict[str, Fingerprint], since: date) -> Part:
    """The last of the newest days of a gap."""
    return replace(swept("001", 2, 2, 1, complete=False, rows=0), since=since, fingerprints=prints)


def gap() -> Part:
    first = part("001", 2, 1, final=False, rows=0)
    return replace(first, since=None, reached=Position("2026-10-20 08:00:00"), hold_back=HELD)


def state_of(found: dict[str, Any], branch: str) -> str:
    return next(str(one["state"]) for one in found["branches"] if one["id"] == branch)


def test_yesterday_is_certified_by_the_newest_days_of_a_gap() -> None:
    lake = MemoryStore()
    land(lake, gap(), ahead({}, YESTERDAY - timedelta(days=1)))
    found = certified(lake, CONFIG)
    assert (state_of(found, "001"), state_of(found, "002")) == ("certified", "missing")


def test_without_them_a_branch_with_a_gap_is_missing() -> None:
    lake = MemoryStore()
    land(lake, gap())
    assert state_of(certified(lake, CONFIG), "001") == "missing"


def test_newest_days_that_the_lake_has_otherwise_differ_and_are_owed() -> None:
    lake = MemoryStore()
    land(lake, gap(), ahead({f"{YESTERDAY}": Fingerprint(1, 100, 7)}, YESTERDAY - timedelta(days=1)))
    found = certified(lake, CONFIG)
    assert state_of(found, "001") == "differs"
    assert found["debts"] == [{"table": "pagos", "branch": "001", "day": f"{YESTERDAY}"}]


def test_alerts_and_the_puller_are_in_the_certificate_and_debts_are_left_for_the_branchs_machine() -> None:
    lake = MemoryStore()
    own = CONFIG.branches[0].model_copy(update={"mode": "push"})
    config = CONFIG.model_copy(update={"branches": (own, *CONFIG.branches[1:])})
    prints = {f"{YESTERDAY}": Fingerprint(1, 100, 7)}
    land(lake, replace(part("001", 1, rows=0), fingerprints=prints, hold_back=HELD))
    found = certified(lake, config)
    assert found["alerts"] == [{"branch": "001", "alert": HELD.alerts[0]}]
    (ref,) = (ref for ref in found["certificates"] if f"/pagos/fecha={YESTERDAY}/" in ref["key"])
    said = manifest.read(lake, ref["key"])[0]["branches"]["001"]
    assert (said["mode"], said["alerts"]) == ("push", list(HELD.alerts))
    assert push.left(lake, own) == debts.left(lake)
    assert push.left(lake, own).days == {("pagos", "001"): (f"{YESTERDAY}",)}
    assert lake.head(keys.owed("002")) is None
