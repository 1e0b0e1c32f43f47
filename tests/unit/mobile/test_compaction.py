"""Uploads become compacted tables: each event once, whatever was sent how often, and one manifest at a time."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from podemos.core.errors import DataFault
from podemos.mobile import conflicts, gather, places, plan, revisions, verify
from podemos.mobile.merge import bucket
from tests.unit.mobile import events
from tests.unit.mobile.compacting import World


@pytest.fixture
def world() -> World:
    return World()


def test_every_event_is_kept_with_its_fields_and_its_place(world):
    sent = list(events.events(count=8))
    key = world.put(sent)
    world.run()
    assert world.ids() == sorted(event.event_id for event in sent)
    row = next(row for row in world.rows("pago") if row["secuencia"] == 2)
    assert {name: row[name] for name in sent[1].event_data} == dict(sent[1].event_data)
    assert (row["capturado_en"], row["objeto"], row["linea"], row["otros"]) == (sent[1].capturado_en, key, 2, None)
    assert world.totals() | {"events": 8, "lines": 8, "repeated": 0, "quarantined": 0} == world.totals()


def test_what_a_phone_sends_beside_the_known_fields_is_kept(world):
    event = next(events.events())
    more = dataclasses.replace(event, event_data={**event.event_data, "bateria": 55})
    world.put([more])
    world.run()
    assert world.rows("geolocalizacion")[0]["otros"] == '{"bateria":55}'


def test_an_upload_that_comes_again_after_90_days_changes_nothing(world):
    sent = list(events.events(count=8))
    world.put(sent)
    world.run()
    world.now += timedelta(days=90)
    world.put(sent[3:], install="another", attempt=7)
    world.run()
    assert world.ids() == sorted(event.event_id for event in sent)
    assert (world.totals()["repeated"], world.totals()["events"]) == (5, 0)


def test_an_upload_behind_the_last_one_listed_is_found(world):
    first, second = list(events.events(9, 4)), list(events.events(1, 4))
    world.put(first)
    world.run()
    world.put(second)  # its key sorts before the other's
    world.run()
    assert len(world.ids()) == 8


def test_an_upload_in_an_old_folder_is_found_by_the_first_listing_of_a_day(world):
    world.put(events.events(1, 4))
    world.run()
    world.now -= timedelta(days=30)
    world.put(events.events(2, 4, start=events.START - timedelta(days=30)))
    world.now += timedelta(days=31)
    world.run()
    assert len(world.ids()) == 8


def test_the_index_alone_decides_and_its_bucket_is_a_function_of_the_id():
    seven = "019aa212-3456-7890-abcd-ef0123456789"
    assert bucket(seven) == "d-2025-11-20"
    assert bucket("ffffffff-ffff-7fff-bfff-ffffffffffff").startswith("h-")
    assert bucket("019aa212-3456-4890-abcd-ef0123456789").startswith("h-")


def test_one_id_with_two_contents_keeps_the_first_and_shows_both_with_their_senders(world):
    sent = next(events.events(1, 1))
    forged = dataclasses.replace(sent, id_dispositivo="phone-0002", id_sucursal=9)
    first = world.put([sent])
    world.run()
    second = world.put([forged])
    world.run()
    world.now += timedelta(days=1)
    world.put([forged, sent], attempt=2)
    world.run()
    assert [row["id_dispositivo"] for row in world.rows("geolocalizacion")] == ["phone-0001"]
    (row,) = world.rows(places.QUARANTINE)
    assert (row["motivo"], row["id_dispositivo"], row["objeto"]) == ("conflicting_content", "phone-0002", second)
    assert (row["vigente_dispositivo"], row["vigente_objeto"], row["vigente_linea"]) == ("phone-0001", first, 1)
    assert '"id_sucursal": 9' in row["contenido"] and '"id_sucursal": 2' in row["vigente_contenido"]
    found = conflicts.event(world.lake, revisions.latest(world.lake), sent.event_id)
    assert found is not None and found["id_dispositivo"] == "phone-0001"


def test_a_bad_line_is_quarantined_once_with_its_place_and_the_rest_goes_on(world):
    key = world.put(events.events(1, 3), lines=[b"{not json\n", b"\n", b'{"event_type":"pago"}\n'])
    world.run()
    world.now += timedelta(hours=1)
    world.put(events.events(1, 2), lines=[b"{not json\n"])
    world.run()
    found = sorted((row["motivo"], row["objeto"], row["linea"]) for row in world.rows(places.QUARANTINE))
    assert found == [("invalid_json", key, 4), ("missing_field", key, 6)]
    assert len(world.ids()) == 3


def test_of_two_compactors_one_wins_and_nothing_is_lost_or_doubled(world):
    world.put(events.events(1, 4))
    ours = world.compact(world.plan())
    world.put(events.events(2, 4))
    theirs = world.compact(world.plan())
    assert world.publish(theirs) == world.publish(ours) == places.revision(1)
    assert len(world.ids()) == 8
    world.run()
    assert len(world.ids()) == 8
    assert len(list(world.lake.list(places.MANIFESTS))) == 1


def test_the_loser_tells_of_the_uploads_that_wait(world):
    world.put(events.events(1, 4))
    ours = world.compact(world.plan())
    later = world.compact(world.plan())
    told = []
    world.publish(ours, told.append)
    assert told == []
    world.now += timedelta(minutes=1)
    world.put(events.events(2, 4))
    world.publish(later, told.append)
    assert told in ([], [{"manifest": places.revision(1), "objects": 1}])


def test_what_exceeds_a_revision_is_left_and_told(world, monkeypatch):
    monkeypatch.setattr(plan, "MOST_OBJECTS", 2)
    for phone in range(1, 6):
        world.put(events.events(phone, 1))
    told = []
    world.publish(world.compact(world.plan()), told.append)
    assert told == [{"manifest": places.revision(1), "objects": 3}]
    world.run()
    world.run()
    assert len(world.ids()) == 5


def test_many_uploads_are_fetched_ahead_and_read_alike(world, monkeypatch):
    monkeypatch.setattr(gather, "AHEAD", 2)
    monkeypatch.setattr(gather, "COMPRESSED_BYTES", 500)
    sent = [event for phone in range(1, 6) for event in events.events(phone, phone)]
    for phone in range(1, 6):
        world.put([event for event in sent if event.id_dispositivo == events.device(phone)])
    assert {info.size > 500 for info in world.lake.list("mobile/inbox/")} == {True, False}
    world.run()
    assert world.ids() == sorted(event.event_id for event in sent)


def test_a_sealed_day_gets_its_one_file_without_new_rows(world):
    for phone in range(1, 5):
        world.put(events.events(phone, 4))
        world.run()
    world.now += timedelta(days=4)
    world.run()
    for name, found in revisions.partitions(world.lake, revisions.latest(world.lake)).items():
        if name.startswith("pago/"):
            assert len(found.files) == 1, name
            assert found.written <= 2 * found.fresh
    assert len(world.ids()) == 16


def test_a_file_that_was_changed_stops_the_load_and_keeps_the_uploads(world):
    world.put(events.events(1, 4))
    key = world.publish(world.compact(world.plan()))
    (file,) = revisions.partitions(world.lake, revisions.read(world.lake, key))["pago/2026-11-20"].files
    world.lake.replace(file.key, b"PAR1")
    world.lake._objects[file.key].pop(0)
    with pytest.raises(DataFault, match="was changed"):
        verify.verify_revision(key, lake=world.lake)
    assert not list(world.lake.list(places.VERIFIED))


def test_a_clock_is_corrected_by_the_median_of_what_its_uploads_said(world):
    for minute in range(3):
        world.put(events.events(1, 2, first=1 + 2 * minute), skew=timedelta(hours=-5 if minute else -80))
        world.run()
        world.now += timedelta(minutes=1)
    known = revisions.packed(world.lake, revisions.latest(world.lake).document["skew"])
    assert known["phone-0001"] == {"muestras": [288_000, 18_000, 18_000], "n": 3, "desfase_s": 18_000}
