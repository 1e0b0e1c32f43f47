"""The seal: what is frozen, what is late, and what a broken delivery becomes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from podemos.core.errors import ContractViolation, DataFault
from podemos.core.manifest import read
from podemos.core.store import MemoryStore
from podemos.regulatory.frozen import fetch
from podemos.regulatory.normalise import normalise
from podemos.regulatory.plan import open_night
from podemos.regulatory.seal import seal
from tests.unit.regulatory.deliveries import (
    ALL,
    DAY,
    NIGHT,
    clock,
    deliver,
    deliver_lake,
    lines,
    memory,
    only,
    payments,
)

FEW = only("cajeros", "nomina")
FOLDER = f"regulatory/inbox/cajeros/{DAY}/"


def sealed(lake: MemoryStore, *said: str, sources: Any = FEW) -> dict[str, dict[str, Any]]:
    key = seal(NIGHT, said, lake=lake, clock=clock, sources=sources)
    return {entry["source"]: entry for entry in read(lake, key)[0]["sources"]}


def test_the_seal_records_version_hash_and_totals_as_declared() -> None:
    lake = memory()
    key = deliver(lake, ALL.source("cajeros"), lines("cajeros", 4))
    entry = sealed(lake, "cajeros:arrived", "nomina:missing")["cajeros"]
    (file,) = entry["files"]
    assert (entry["state"], file["key"], file["version"], file["bytes"]) == ("sealed", key, "1", len(lake.get(key)))
    assert file["sha256"] == file["declared"]["sha256"]
    assert entry["declared"]["rows"] == 4


def test_the_first_seal_stands_and_what_came_later_is_not_in_it() -> None:
    lake = memory()
    deliver(lake, ALL.source("cajeros"), lines("cajeros", 4))
    first = seal(NIGHT, ["cajeros:arrived"], lake=lake, clock=clock, sources=FEW)
    before = lake.get(first)
    deliver(lake, ALL.source("nomina"), lines("nomina", 4))
    assert seal(NIGHT, ["cajeros:arrived", "nomina:arrived"], lake=lake, clock=clock, sources=FEW) == first
    assert lake.get(first) == before


def test_a_source_that_came_after_its_cut_off_is_missing_and_listed_as_after_seal() -> None:
    lake = memory()
    deliver(lake, ALL.source("cajeros"), lines("cajeros", 4))
    entry = sealed(lake, "cajeros:missing", "nomina:missing")["cajeros"]
    assert entry["state"] == "missing"
    assert entry["reason"] == "no control file before the cut-off at 03:00"
    assert f"{FOLDER}control.json" in entry["after_seal"]


def test_a_source_that_no_sensor_spoke_of_is_missing() -> None:
    assert sealed(memory())["cajeros"]["state"] == "missing"


@pytest.mark.parametrize(
    ("said", "problem"),
    [("cajeros:arrived", "holds no control file"), ("nomina:arrived", "holds no control file")],
)
def test_an_announced_delivery_that_is_not_there_is_missing(said: str, problem: str) -> None:
    entry = sealed(memory(), said)[said.split(":")[0]]
    assert (entry["state"], problem in entry["reason"]) == ("missing", True)


def test_a_control_file_that_names_an_absent_file_makes_the_delivery_incomplete() -> None:
    lake = memory()
    listed = {"name": "falta.csv", "rows": 1, "cents": 5, "sha256": "0" * 64}
    control = {"source": "cajeros", "business_date": str(DAY), "files": [listed], "rows": 1, "cents": 5}
    lake.put_new(f"{FOLDER}control.json", json.dumps(control).encode())
    entry = sealed(lake, "cajeros:arrived")["cajeros"]
    assert (entry["state"], entry["reason"]) == ("missing", f"s3://podemos-lake/{FOLDER}falta.csv does not exist")


def test_an_unreadable_control_file_is_a_finding_not_an_exception() -> None:
    lake = memory()
    lake.put_new(f"{FOLDER}control.json", b"<xml/>")
    entry = sealed(lake, "cajeros:arrived")["cajeros"]
    assert entry["state"] == "missing"
    assert f"s3://podemos-lake/{FOLDER}control.json is not JSON" in entry["reason"]


def test_a_file_that_no_control_file_names_is_listed_and_not_used() -> None:
    lake = memory()
    deliver(lake, ALL.source("cajeros"), lines("cajeros", 4))
    lake.put_new(f"{FOLDER}extra.csv", b"x")
    assert sealed(lake, "cajeros:arrived")["cajeros"]["unlisted"] == [f"{FOLDER}extra.csv"]


def test_a_lake_delivery_whose_revision_was_changed_is_not_taken() -> None:
    lake = memory()
    deliver_lake(lake, payments(10))
    lake.replace("manifests/branches/revisions/000000000001.json", b"{}")
    entry = sealed(lake, "sucursales:arrived", sources=only("sucursales"))["sucursales"]
    assert entry["state"] == "missing"
    assert "manifests/branches/revisions/000000000001.json was changed" in entry["reason"]


def test_later_stages_read_the_sealed_version_whatever_is_there_now() -> None:
    lake = memory()
    key = deliver(lake, ALL.source("cajeros"), lines("cajeros", 4))
    seal_key = seal(NIGHT, ["cajeros:arrived"], lake=lake, clock=clock, sources=FEW)
    lake.replace(key, b"another file")
    entry = read(lake, normalise(seal_key, lake=lake, sources=FEW))[0]["sources"][0]
    assert entry["totals"]["count"] == 4


def test_bytes_that_are_not_the_sealed_ones_are_refused(tmp_path: Any) -> None:
    lake = memory()
    lake.put_new("a", b"one")
    with pytest.raises(DataFault, match="changed after it was sealed"):
        fetch(lake, {"key": "a", "version": "", "sha256": "0" * 64}, tmp_path / "a")


def test_an_arrival_that_is_none_is_refused() -> None:
    with pytest.raises(ContractViolation, match="must be arrived or missing"):
        sealed(memory(), "cajeros:late")
    with pytest.raises(ContractViolation, match="'otro' is not listed"):
        sealed(memory(), "otro:arrived")


def test_opening_a_night_names_its_sources_and_records_the_run_once() -> None:
    lake, reports = memory(), MemoryStore("reports")
    assert open_night(NIGHT, lake=lake, reports=reports, clock=clock, sources=FEW) == ["cajeros", "nomina"]
    (run,) = [info.key for info in lake.list("regulatory/nights/")]
    document = read(lake, run)[0]
    assert document["sources"]["cajeros"] == "2026-11-20T09:00:00.000000Z"
    assert document["deadline"] == "2026-11-20T12:00:00.000000Z"
