from __future__ import annotations

from datetime import date

from podemos.branches.deliver import deliver
from podemos.core.store import MemoryStore

DAY = date(2026, 11, 19)


def control(**changes: object) -> dict:
    branch = {"id": "017", "state": "certified", "as_of": "2026-11-20T08:00:00.000000Z", "messages": []}
    return {"rows": 3, "cents": 5, "revision": {"key": "r1"}, "certificates": [], "branches": [branch], **changes}


def test_the_same_content_of_a_later_revision_is_not_delivered_again() -> None:
    lake = MemoryStore()
    first = deliver(lake, DAY, control())
    later = control(revision={"key": "r2"}, certificates=[{"key": "c2"}])
    later["branches"][0]["as_of"] = "2026-11-20T08:30:00.000000Z"
    assert deliver(lake, DAY, later) == first == "regulatory/inbox/sucursales/2026-11-19/control-0001.json"
    assert len(list(lake.list("regulatory/"))) == 1


def test_a_changed_cent_or_state_is_a_new_delivery() -> None:
    lake = MemoryStore()
    deliver(lake, DAY, control())
    assert deliver(lake, DAY, control(cents=6)).endswith("control-0002.json")
    other = control(cents=6)
    other["branches"][0]["state"] = "differs"
    assert deliver(lake, DAY, other).endswith("control-0003.json")
    assert deliver(lake, DAY, control()).endswith("control-0004.json"), "back to before is a change, too"
