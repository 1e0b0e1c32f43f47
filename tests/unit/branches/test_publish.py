from __future__ import annotations

import pytest

from podemos.branches import publish, revisions
from podemos.core import manifest
from podemos.core.errors import SourceUnavailable
from podemos.core.store import MemoryStore

from .chain import chunks, finish, land, night, part, plan

FILE = {"key": "curated/pagos/fecha=2026-11-19/rev=r1/a.parquet", "rows": 1, "cents": 100, "sha256": "0", "size": 9}
TERMS = {"001": {"winners": {"count": 1, "cents": 100, "digest": "7"}}}
OTHER = {"001": {"winners": {"count": 1, "cents": 101, "digest": "8"}}}


def test_a_revision_names_each_days_files_and_terms() -> None:
    lake = MemoryStore()
    land(lake, part("001", 1))
    found = night(lake, **{"2026-11-19": {"files": [FILE], "branches": TERMS}})
    entry = found["days"]["pagos"]["2026-11-19"]
    assert entry["files"] == [FILE]
    assert manifest.read_ref(lake, entry["manifest"])["branches"] == TERMS


def test_a_day_that_nothing_touched_keeps_its_manifest() -> None:
    lake = MemoryStore()
    land(lake, part("001", 1))
    first = night(lake, **{"2026-11-19": {"files": [FILE], "branches": TERMS}})
    land(lake, part("001", 2))
    second = night(lake, "r2", **{"2026-11-19": {"files": None, "branches": TERMS}})
    assert second["days"] == first["days"]
    land(lake, part("001", 3))
    third = night(lake, "r3", **{"2026-11-19": {"files": None, "branches": OTHER}})
    assert third["days"]["pagos"]["2026-11-19"]["files"] == [FILE]
    assert third["days"] != first["days"], "its terms changed: a row went to quarantine"


def test_of_two_plans_of_one_number_the_first_published_stands() -> None:
    lake = MemoryStore()
    land(lake, part("001", 1))
    one = plan(lake)
    land(lake, part("002", 1))
    two = plan(lake)
    finish(lake, one)
    finish(lake, two, "r2")
    first = publish.publish_revision(one, lake=lake)
    assert publish.publish_revision(two, lake=lake) == first
    assert revisions.read(lake, first).document["plan"]["key"] == one
    assert chunks(lake, plan(lake)) == [("002", 1)], "what the other had gathered is gathered again"


def test_publishing_again_is_the_same_revision() -> None:
    lake = MemoryStore()
    land(lake, part("001", 1))
    key = plan(lake)
    finish(lake, key)
    assert publish.publish_revision(key, lake=lake) == publish.publish_revision(key, lake=lake)
    assert revisions.latest(lake).number == 1  # type: ignore[union-attr]


def test_nothing_new_publishes_nothing() -> None:
    lake = MemoryStore()
    land(lake, part("001", 1))
    night(lake)
    key = plan(lake)
    finish(lake, key, "r2")
    assert publish.publish_revision(key, lake=lake).endswith("000000000001.json")


def test_a_curation_that_did_not_finish_is_not_published() -> None:
    lake = MemoryStore()
    land(lake, part("001", 1))
    with pytest.raises(SourceUnavailable, match="did not finish"):
        publish.publish_revision(plan(lake), lake=lake)


def test_the_index_only_saves_listing() -> None:
    lake = MemoryStore()
    land(lake, part("001", 1))
    night(lake)
    land(lake, part("001", 2))
    night(lake, "r2")
    lake.replace("index/branches/latest_revision.json", b"not JSON")
    assert revisions.latest(lake).number == 2  # type: ignore[union-attr]
    revisions.remember(lake, "manifests/branches/revisions/000000000001.json")
    assert revisions.latest(lake).number == 2  # type: ignore[union-attr]
