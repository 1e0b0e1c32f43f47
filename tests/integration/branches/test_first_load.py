"""A first load in order of the key against a real MariaDB: killed, cut into snapshots, and written to meanwhile."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from local.branches.testing import RunningBranches
from podemos.branches import query
from podemos.branches.rebuild import rebuild
from podemos.branches.state import Lease, MemoryState, Position, Watermark
from podemos.contracts.tables import contract
from podemos.core.clock import system_clock

from .crash import Fuse, FusedState, FusedStore, Killed
from .landed import parts, prints, rows, said, winners
from .puller import Puller, execute

PAGOS = ("pagos", "001")
SMALL: dict[str, Any] = {"page_rows": 20, "lag_seconds": 0}
"""Without a lag the bound is the clock itself: what is edited after a snapshot lies above its bound by little."""


@pytest.fixture(scope="module", autouse=True)
def as_it_was(sources: RunningBranches) -> Iterator[None]:
    """Other tests share the branches."""
    yield
    sources.reseed()


def edited_and_inserted_behind(sources: RunningBranches, cents: int) -> None:
    time.sleep(0.05)
    execute(
        sources,
        "001",
        f"UPDATE pagos SET monto = 7000 + {cents}, updated_at = NOW(6) WHERE id_pago = 3",
        f"REPLACE INTO pagos VALUES (-{cents}, 1, 1, 1.00, NOW(), 'PAGADO', NULL, NOW(6))",
    )
    time.sleep(0.05)


def equal(puller: Puller) -> bool:
    return prints(puller.lake, *PAGOS) == said(puller.lake, *PAGOS)


@pytest.mark.parametrize(("at", "after"), [(11, True), (12, False), (13, True), (14, False)])
def test_a_first_load_killed_in_the_middle_goes_on_where_it_was_and_lands_what_changed_behind_it(
    puller: Puller, sources: RunningBranches, at: int, after: bool
) -> None:
    fuse = Fuse(at + 6, after)  # pagos comes third, and each page is three writes
    with pytest.raises(Killed):
        puller("001", FusedStore(fuse, puller.lake), FusedState(fuse, puller.state), **SMALL)
    mark, cut = puller.state.watermarks()[PAGOS], parts(puller.lake, *PAGOS)
    assert mark.loading is not None and "3" not in mark.loading.key, "well beyond what is edited now"
    edited_and_inserted_behind(sources, at)
    assert puller.states("001", **SMALL) == {"001": "pulled"}
    resumed = [part for part in parts(puller.lake, *PAGOS) if part.seq > cut[-1].seq]
    assert resumed[0].start == Position("", mark.loading.key)
    assert resumed[0].bound == cut[0].bound == mark.loading.bound, "of the first snapshot"
    again = {row["id_pago"] for part in cut for row in rows(puller.lake, part)} & {
        row["id_pago"] for part in resumed if part.first for row in rows(puller.lake, part)
    }
    assert len(again) <= SMALL["page_rows"], "at most one chunk again"
    assert equal(puller)
    assert winners(puller.lake, *PAGOS)[3]["monto"] == 7000 + at
    assert puller.state.watermarks()[PAGOS].loading is None


def test_what_changes_behind_a_first_load_of_several_snapshots_is_landed_in_the_last_one(
    puller: Puller, sources: RunningBranches
) -> None:
    class Writes(MemoryState):
        """Somebody pays and corrects while the load is under way."""

        def advance(self, lease: Lease, watermark: Watermark | None, **rest: Any) -> Lease:
            found = super().advance(lease, watermark, **rest)
            if watermark and watermark.loading and lease.table == "pagos":
                edited_and_inserted_behind(sources, 51)
            return found

    ticks = itertools.count()
    puller.state, puller.clock = Writes(), lambda: system_clock() + timedelta(seconds=next(ticks))
    puller("001", snapshot_seconds=1, **SMALL | {"page_rows": 40})
    found = parts(puller.lake, *PAGOS)
    assert len({part.seq for part in found}) > 2
    assert [part.final for part in found] == [False] * (len(found) - 1) + [True]
    assert len({part.bound for part in found if part.first}) == 1
    assert found[-1].first is None, "the load did not begin in the snapshot that ends it"
    assert equal(puller)
    assert winners(puller.lake, *PAGOS)[3]["monto"] == 7051
    assert -51 in winners(puller.lake, *PAGOS)


def test_a_first_load_in_one_snapshot_is_followed_by_nothing_and_rests_at_its_last_row(puller: Puller) -> None:
    puller("001", page_rows=20)
    found = [part for part in parts(puller.lake, *PAGOS) if not part.range]
    assert all(part.first for part in found) and found[-1].final
    keys = [row["id_pago"] for part in found for row in rows(puller.lake, part)]
    assert keys == sorted(keys) and len(keys) == len(set(keys))
    assert puller.state.watermarks()[PAGOS] == found[-1].watermark
    newest = max((row["updated_at"], row["id_pago"]) for part in found for row in rows(puller.lake, part))
    expected = newest[0] if newest[0] < found[-1].bound else found[-1].bound
    assert found[-1].watermark.position.cursor == expected


def test_a_load_under_way_is_rebuilt_from_its_manifests(puller: Puller) -> None:
    fuse = Fuse(19, after=True)
    with pytest.raises(Killed):
        puller("001", FusedStore(fuse, puller.lake), FusedState(fuse, puller.state), **SMALL)
    lost, puller.state = puller.state.watermarks()[PAGOS], MemoryState()
    assert lost.loading is not None
    list(rebuild(puller.lake, puller.state))
    assert puller.state.watermarks()[PAGOS] in (lost, parts(puller.lake, *PAGOS)[-1].watermark)
    puller.clock = lambda: system_clock() + timedelta(minutes=1)
    assert puller.states("001", **SMALL) == {"001": "pulled"}
    assert equal(puller)


def test_a_page_of_a_load_is_a_range_of_the_primary_key(sources: RunningBranches) -> None:
    with closing(sources.root("001")) as root:
        cursor = root.cursor()
        cursor.execute("EXPLAIN " + query.whole(contract("pagos").compiled(), Position("", ("50",)), 20))
        plan = dict(zip([column[0] for column in cursor.description], cursor.fetchone(), strict=True))
    assert (plan["type"], plan["key"]) == ("range", "PRIMARY")
    assert "filesort" not in plan["Extra"]
