"""Spark spreads the worker's own functions: the same plan gives the same result, object for object."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.mobile.inbox import FolderUploads
from include.glue import mobile_compact
from podemos.core import manifest
from podemos.mobile import arrivals, compaction, places, plan, publish, verify
from tests.unit.mobile import events

NOW = events.START + timedelta(hours=3)


def stores(root: str) -> Any:
    def open_lake() -> FolderUploads:
        return FolderUploads(Path(root))

    return open_lake


def planned(lake: FolderUploads) -> str:
    return plan.plan_compaction(arrivals.list_arrivals(lake=lake, clock=lambda: NOW), lake=lake, clock=lambda: NOW)


def test_spark_and_the_worker_give_the_same_result(spark, tmp_path, monkeypatch):
    """Duplicates, a broken line, two contents of one id, and an index that knows some of them already."""
    monkeypatch.setattr(plan, "WORKER_BYTES", -1)
    lake = FolderUploads(tmp_path)
    sent = list(events.events(1, 12))
    events.put(lake, sent[:4], NOW)
    lake.keep()
    mobile_compact.main(spark, stores(str(tmp_path)), key := planned(lake))
    verify.verify_revision(publish.publish_revision(key, lake=lake), lake=lake)
    events.put(lake, sent[2:8], NOW, lines=[b"nonsense\n"])
    events.put(lake, [*sent[6:], dataclasses.replace(sent[1], id_sucursal=9)], NOW)
    for phone in range(2, 6):
        events.put(lake, list(events.events(phone, 5)), NOW)
    lake.keep()
    key = planned(lake)
    document, _ = manifest.read(lake, key)
    assert document["engine"] == plan.Engine.GLUE
    alone = compaction.compact(document, lake=lake, uploads=lake)
    assert mobile_compact.main(spark, stores(str(tmp_path)), key)
    assert not mobile_compact.main(spark, stores(str(tmp_path)), key)
    result, _ = manifest.read(lake, places.result_of(key))
    assert {name: result[name] for name in ("partitions", "added", "skew", "totals")} == {
        name: alone[name] for name in ("partitions", "added", "skew", "totals")
    }
    assert (result["delta"]["pago"]["rows"], result["delta"]["pago"]["cents"]) == (
        alone["delta"]["pago"]["rows"],
        alone["delta"]["pago"]["cents"],
    )
    assert result["totals"]["quarantined"] == 2 and result["totals"]["repeated"] == 4
    verify.verify_revision(publish.publish_revision(key, lake=lake), lake=lake)
