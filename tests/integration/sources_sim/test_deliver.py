from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from local.sources import day
from local.sources.catalog import System, systems
from local.sources.day import Content, DayConflict
from local.sources.deliver import Inbox, Outcome, deliver, forget, has_delivered
from local.sources.generate import generate
from local.sources.scenarios import Scenario, Tamper, delivery_clock, scenario
from podemos.core.night import Night
from tests.integration.sources_sim.sample import CLIENTS, DAY, START, Clock, cents_of, rows_of

IDS = [system.id for system in systems()]


def keys(inbox: Inbox, prefix: str = "regulatory/inbox/") -> list[str]:
    pages = inbox.client.get_paginator("list_objects_v2").paginate(Bucket=inbox.bucket, Prefix=prefix)
    return [entry["Key"] for page in pages for entry in page.get("Contents", ())]


def body(inbox: Inbox, key: str) -> bytes:
    data: bytes = inbox.client.get_object(Bucket=inbox.bucket, Key=key)["Body"].read()
    return data


def run(inbox: Inbox, content: Content, name: str, **more: Any) -> list[Outcome]:
    return list(deliver(inbox, content, scenario(name, content, **more)))


def arrived(inbox: Inbox) -> set[str]:
    return {one for one in IDS if has_delivered(inbox, one, DAY)}


def test_everybody_delivers_before_the_cutoff_of_a_compressed_night(inbox: Inbox, content: Content) -> None:
    clock, night = Clock(), Night(DAY, START, 30)
    outcomes = list(deliver(inbox, content, scenario("complete", content), night, clock=clock, sleep=clock.sleep))
    assert {outcome.source_id for outcome in outcomes} == set(IDS)
    assert [outcome.clock for outcome in outcomes] == sorted(outcome.clock for outcome in outcomes)
    assert outcomes[-1].clock >= "03:50"
    record = day.read(inbox.state, DAY)
    assert record is not None
    for system in systems():
        delivered = datetime.fromisoformat(record.delivered[system.id])
        assert night.at("02:00") < delivered
        assert (night.at(system.cutoff) - delivered).total_seconds() >= 8 * 30 / 60
        assert night.clock(delivered) == delivery_clock(system)


def test_the_control_file_is_written_after_every_other_file(inbox: Inbox, content: Content) -> None:
    written: list[str] = []
    put = inbox.client.put_object

    class Recording:
        def __getattr__(self, name: str) -> Any:
            return getattr(inbox.client, name)

        def put_object(self, **request: Any) -> Any:
            written.append(request["Key"])
            return put(**request)

    run(replace(inbox, client=Recording()), content, "complete")
    for source_id in IDS:
        of_source = [key for key in written if f"/{source_id}/" in key]
        assert len(of_source) >= 2
        assert of_source[-1].endswith("/2026-11-19/control.json")


def test_a_second_delivery_writes_nothing(inbox: Inbox, content: Content) -> None:
    first = run(inbox, content, "complete")
    before = {entry: body(inbox, entry) for entry in keys(inbox)}
    second = run(inbox, content, "complete")
    assert all(outcome.written for outcome in first)
    assert not any(outcome.written for outcome in second)
    assert {entry: body(inbox, entry) for entry in keys(inbox)} == before


@pytest.mark.parametrize(
    ("name", "absent"), [("partial", {"movil", "cajeros"}), ("held", {"nucleo_credito"}), ("late", {"spei"})]
)
def test_absent_sources_arrive_when_restored(inbox: Inbox, content: Content, name: str, absent: set[str]) -> None:
    run(inbox, content, name)
    assert set(IDS) - arrived(inbox) == absent
    run(inbox, content, "complete")
    assert arrived(inbox) == set(IDS)


def test_a_late_source_arrives_after_its_cutoff(inbox: Inbox, content: Content) -> None:
    clock, night = Clock(), Night(DAY, START, 30)
    outcomes = list(deliver(inbox, content, scenario("late", content), night, clock=clock, sleep=clock.sleep))
    assert (outcomes[-1].source_id, outcomes[-1].clock) == ("spei", "04:20")
    record = day.read(inbox.state, DAY)
    assert record is not None
    assert datetime.fromisoformat(record.delivered["spei"]) == night.at("04:20")


def test_what_has_arrived_cannot_be_withheld_any_more(inbox: Inbox, content: Content) -> None:
    run(inbox, content, "complete")
    with pytest.raises(DayConflict, match="nucleo_credito already delivered for 2026-11-19.*forget"):
        run(inbox, content, "held")


def test_a_date_keeps_its_content_until_it_is_forgotten(inbox: Inbox, content: Content) -> None:
    run(inbox, content, "complete")
    other = replace(content, rows=10)
    with pytest.raises(DayConflict, match="2026-11-19 was delivered with other rows"):
        run(inbox, other, "complete")
    assert forget(inbox, systems(), DAY) > 28
    assert keys(inbox) == []
    assert {outcome.rows for outcome in run(inbox, other, "complete")} == {10}


def test_the_record_gives_the_content_back(inbox: Inbox, content: Content) -> None:
    run(inbox, content, "complete")
    record = day.read(inbox.state, DAY)
    assert record is not None
    assert record.content == content


def difference(inbox: Inbox, content: Content, source_id: str) -> list[tuple[str, int]]:
    """(file, actual cents - cents of its control file) of the files whose bytes are not those of the control file."""
    system = next(one for one in content.configured if one.id == source_id)
    prefix = f"regulatory/inbox/{source_id}/2026-11-19/"
    control = json.loads(body(inbox, prefix + "control.json"))
    honest = {file.name: file.data for file in generate(content, system).files}
    return [
        (file["name"], sum(cents_of(system, row) for row in rows_of(system, found)) - file["cents"])
        for file in control["files"]
        if (found := body(inbox, prefix + file["name"])) != honest[file["name"]]
    ]


def test_tampering_changes_one_cent_of_one_file_with_and_without_row_hashes(inbox: Inbox, content: Content) -> None:
    chosen = scenario("tampered", content)
    run(inbox, content, "tampered")
    shipped = set()
    for tamper in chosen.tampers:
        assert [cents for _, cents in difference(inbox, content, tamper.source_id)] == [1]
        control = json.loads(body(inbox, f"regulatory/inbox/{tamper.source_id}/2026-11-19/control.json"))
        shipped.add(control["row_hashes"])
    assert shipped == {None, "row_hashes.jsonl"}
    run(inbox, content, "complete")
    for tamper in chosen.tampers:
        assert difference(inbox, content, tamper.source_id) == []


@pytest.mark.parametrize("system", systems(), ids=IDS)
def test_a_cent_can_be_changed_in_any_row_of_any_source(inbox: Inbox, system: System) -> None:
    alone = Content(DAY, CLIENTS, rows=60, configured=(system,))
    run(inbox, alone, "complete", tampers=[Tamper(system.id, 60)])
    ((name, cents),) = difference(inbox, alone, system.id)
    assert cents == 1
    assert name == generate(alone, system).files[-1].name


def test_a_row_that_does_not_exist_cannot_be_changed(inbox: Inbox, content: Content) -> None:
    with pytest.raises(ValueError, match="has rows 1 to 60 on 2026-11-19; there is no row 61"):
        run(inbox, content, "complete", tampers=[Tamper("spei", 61)])


@pytest.mark.parametrize("text", ["source=tarjetas row=17", "source=tarjetas,row=17"])
def test_a_tamper_is_read_from_text(text: str) -> None:
    assert Tamper.parse(text) == Tamper("tarjetas", 17)


@pytest.mark.parametrize("text", ["tarjetas:17", "source=tarjetas", "source=tarjetas row=x"])
def test_an_unreadable_tamper_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not of the form"):
        Tamper.parse(text)


def test_an_unknown_scenario_or_source_is_refused_before_anything_is_delivered(inbox: Inbox, content: Content) -> None:
    with pytest.raises(ValueError, match="no scenario 'quiet'"):
        run(inbox, content, "quiet")
    with pytest.raises(ValueError, match="source 'banco' delivers no files here"):
        run(inbox, content, "complete", withheld=["banco"])
    assert keys(inbox) == []


def test_offline_branches_is_no_fault_of_a_source(content: Content) -> None:
    assert scenario("offline-branches", content) == Scenario("offline-branches")


def test_a_folder_without_a_record_has_none(tmp_path: Path) -> None:
    assert day.read(tmp_path, DAY) is None
