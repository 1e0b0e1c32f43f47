from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from podemos.branches import carry, keys
from podemos.branches.bound import HoldBack
from podemos.branches.first_load import begun
from podemos.branches.landing import Part
from podemos.branches.state import Position
from podemos.core import manifest
from podemos.core.fingerprint import Fingerprint
from podemos.core.store import MemoryStore, ObjectInfo

from .chain import DAY, NOW, chunks, land, night, part, plan, swept


def test_parts_of_batches_that_crashed_are_gathered_too() -> None:
    """No batch manifest names them; the listing finds them."""
    lake = MemoryStore()
    land(lake, part("001", 1), part("002", 1), part("002", 1, 2))
    assert chunks(lake, plan(lake)) == [("001", 1), ("002", 1), ("002", 1)]


def test_a_part_is_gathered_by_exactly_one_revision() -> None:
    lake = MemoryStore()
    land(lake, part("001", 1))
    night(lake)
    land(lake, part("001", 2), part("002", 1, day=DAY - timedelta(days=1)))
    assert sorted(chunks(lake, plan(lake))) == [("001", 2), ("002", 1)]
    night(lake, "r2")
    assert chunks(lake, plan(lake)) == []


def test_a_plan_that_was_not_published_moves_no_mark() -> None:
    lake = MemoryStore()
    land(lake, part("001", 1))
    plan(lake)
    assert chunks(lake, plan(lake, NOW + timedelta(hours=1))) == [("001", 1)]


def test_a_part_of_a_lost_lease_that_shows_up_late_is_left_alone() -> None:
    lake = MemoryStore()
    land(lake, part("001", 6))
    night(lake)
    land(lake, part("001", 5))
    assert chunks(lake, plan(lake)) == []


def test_a_part_committed_while_the_lake_is_listed_is_not_lost() -> None:
    """The listing has passed sequence 5 when it is committed, and sees 6: a mark at 6 must not hide 5 for ever."""

    class Moving(MemoryStore):
        landed = False

        def list(self, prefix: str, start_after: str = "") -> Iterator[ObjectInfo]:
            if prefix == keys.PULLS and not self.landed:
                self.landed = True
                yield from super().list(keys.pulls_of(DAY - timedelta(days=1)))
                land(self, part("001", 5, day=DAY - timedelta(days=1)), part("001", 6))
                yield from super().list(keys.pulls_of(DAY))
            else:
                yield from super().list(prefix, start_after)

    lake = Moving()
    assert chunks(lake, plan(lake)) == [("001", 5), ("001", 6)]


def test_the_newest_complete_snapshot_speaks_for_the_branch() -> None:
    lake = MemoryStore()
    land(lake, part("001", 1), part("001", 2), part("002", 1), part("002", 2, final=False))
    sources = manifest.read(lake, plan(lake))[0]["sources"]["pagos"]
    assert (sources["001"]["seq"], sources["001"]["cut"]) == (2, False)
    assert (sources["002"]["seq"], sources["002"]["cut"]) == (1, True)


def test_a_branch_that_was_not_pulled_keeps_what_it_said_before() -> None:
    lake = MemoryStore()
    land(lake, part("001", 1), part("002", 1))
    night(lake)
    land(lake, part("001", 2))
    sources = manifest.read(lake, plan(lake))[0]["sources"]["pagos"]
    assert (sources["001"]["seq"], sources["002"]["seq"]) == (2, 1)


def test_a_delta_is_carried_until_a_certification_saw_it_loaded() -> None:
    lake = MemoryStore()
    land(lake, part("001", 1))
    first = night(lake)
    assert set(manifest.read(lake, plan(lake))[0]["pending"]) == {"clientes", "prestamos", "pagos"}
    manifest.commit(lake, keys.certification(first["revision"], "c"), {"loaded": ["pagos", "clientes"]})
    assert set(manifest.read(lake, plan(lake))[0]["pending"]) == {"prestamos"}


def test_a_range_after_the_end_leaves_what_the_branch_said_in_force() -> None:
    lake = MemoryStore()
    land(lake, part("001", 1), swept("001", 1, 2, 1, complete=False))
    document, _ = manifest.read(lake, plan(lake))
    assert (document["sources"]["pagos"]["001"]["seq"], document["sources"]["pagos"]["001"]["cut"]) == (1, False)
    assert document["ranges"]["pagos"] == [], "a range that was cut is no statement"
    assert [chunk["range"] for chunk in document["chunks"]["pagos"]] == [False, True]


def test_a_complete_range_brings_the_pages_that_a_revision_before_had_gathered() -> None:
    lake = MemoryStore()
    land(lake, part("001", 1), swept("001", 1, 2, 1, complete=False))
    night(lake)
    land(lake, swept("001", 1, 3, 2, complete=True))
    document, _ = manifest.read(lake, plan(lake))
    wanted = [keys.chunk("pagos", "001", DAY, 1, number) for number in (2, 3)]
    assert sorted(chunk["key"] for chunk in document["chunks"]["pagos"]) == wanted
    assert document["ranges"]["pagos"] == [{"branch": "001", "day": "2026-11-17", "seq": 1, "chunks": wanted}]


def test_a_range_without_a_row_has_to_be_curated() -> None:
    lake = MemoryStore()
    land(lake, part("001", 1))
    night(lake)
    land(lake, part("001", 2, rows=0), swept("001", 2, 2, 1, complete=True, rows=0))
    key = plan(lake)
    assert manifest.read(lake, key)[0]["ranges"]["pagos"][0]["chunks"] == []
    assert not carry.curated(key, lake=lake)


def source(lake: MemoryStore) -> dict[str, Any]:
    document, _ = manifest.read(lake, plan(lake))
    return dict(document["sources"]["pagos"]["001"])


def ahead(seq: int, number: int, *, proof: bool) -> Part:
    """A page of the newest days of a gap; the last one brings the days' totals."""
    found = swept("001", seq, number, number, complete=False)
    totals = {"2026-11-19": Fingerprint(5, 500, 3)}
    return replace(found, since=DAY - timedelta(days=2), fingerprints=totals) if proof else found


def gap(seq: int, number: int, reached: str) -> Part:
    return replace(part("001", seq, number, final=False), reached=Position(reached), since=None)


def test_the_newest_days_of_a_gap_bring_their_own_totals() -> None:
    lake = MemoryStore()
    land(lake, part("001", 1), gap(2, 1, "2026-10-20 08:00:00"), ahead(2, 2, proof=False), ahead(2, 3, proof=True))
    land(lake, gap(2, 4, "2026-10-21 08:00:00"), gap(3, 1, "2026-10-22 08:00:00"))
    found = source(lake)
    assert found["cut"]
    assert found["ahead"]["fingerprints"] == {"2026-11-19": Fingerprint(5, 500, 3).to_dict()}


def test_the_totals_of_the_newest_days_end_where_a_later_snapshot_may_have_touched_them() -> None:
    any_day = replace(gap(3, 1, "2026-10-22 08:00:00"), first=begun("2026-11-19 08:00:00", NOW))
    for later in (gap(3, 1, "2026-11-18 08:00:00"), ahead(3, 1, proof=False), any_day):
        lake = MemoryStore()
        land(lake, part("001", 1), gap(2, 1, "2026-10-20 08:00:00"), ahead(2, 2, proof=True), later)
        assert "ahead" not in source(lake)


def test_a_snapshot_read_to_its_end_says_more_than_the_newest_days() -> None:
    lake = MemoryStore()
    land(lake, gap(2, 1, "2026-10-20 08:00:00"), ahead(2, 2, proof=True), part("001", 2, 3))
    found = source(lake)
    assert (found["cut"], "ahead" in found) == (False, False)


def test_a_range_after_the_end_of_its_snapshot_cuts_nothing() -> None:
    lake = MemoryStore()
    land(lake, part("001", 2), swept("001", 2, 2, 1, complete=True))
    assert not source(lake)["cut"]


def test_the_alerts_of_the_newest_snapshot_are_a_branchs_alerts() -> None:
    lake = MemoryStore()
    held = HoldBack("lag", 900, ("no PROCESS privilege: transactions are not seen; grant it or set lag",))
    land(lake, replace(part("001", 1), hold_back=held))
    assert source(lake)["alerts"] == list(held.alerts)
    land(lake, replace(part("001", 2), hold_back=HoldBack("lag", 900)))
    assert source(lake)["alerts"] == []
