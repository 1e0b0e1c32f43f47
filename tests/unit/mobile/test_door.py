"""The door stores each upload once and acknowledges exactly what it stored; what it refuses it does not store."""

import gzip
import hashlib
import json
import random
from datetime import timedelta

import jsonschema
import pytest

from podemos.core.paths import include
from podemos.mobile.admission import Capacity, Gate, MemoryCounters
from podemos.mobile.answers import Request
from podemos.mobile.heartbeat import MemoryHeartbeats
from podemos.mobile.keys import INBOX, photo_key
from podemos.mobile.receive import Door
from podemos.mobile.upload import MemoryUploads, Upload
from tests.unit.mobile.events import START, device, events, line, packed

SCHEMAS = {
    name: jsonschema.Draft202012Validator(
        json.loads((include() / "schemas" / f"mobile_{name}.schema.json").read_text(encoding="utf-8"))
    )
    for name in ("batch", "ack")
}
NAME = device(1)


class World:
    def __init__(self, capacity=None):
        self.store, self.heartbeats, self.now = MemoryUploads(), MemoryHeartbeats(), START
        gate = Gate(capacity, MemoryCounters()) if capacity else None
        self.door = Door(self.store, self.heartbeats, gate, {2: "norte", 3: "sur"}, lambda: self.now)

    def objects(self):
        return [info.key for info in self.store.list(INBOX)]

    def send(self, body, count, **changes):
        header = {
            "protocol": 1, "device": NAME, "install": "i1", "branch": 2, "attempt": 1, "head": 9, "pending": 9,
            "sent_at": (START + timedelta(hours=2)).isoformat(), "count": count, "money": 0,
            "sha256": hashlib.sha256(body).hexdigest(),
        } | changes  # fmt: skip
        told = {name: str(value) for name, value in header.items() if value is not None}
        headers = {f"podemos-{name.replace('_', '-')}": value for name, value in told.items()}
        self.header = header
        return self.door.answer(Request("POST", "/v1/batches", headers, body))

    def batch(self, batch, extra=(), **changes):
        lines = [*map(line, batch), *extra]
        return self.send(packed(lines), **{"count": len(lines), **changes})


def test_an_upload_is_stored_once_and_acknowledged_by_its_ranges_however_often_it_comes():
    world, batch = World(), [event for event in events(count=8) if event.secuencia not in (4, 5)]
    answers = [world.batch(batch) for _ in range(3)]
    assert [answer.status for answer in answers] == [201, 200, 200]
    assert [answer.body["duplicate"] for answer in answers] == [False, True, True]
    for answer in answers:
        assert answer.body["ranges"] == [[1, 3], [6, 8]]
        assert not list(SCHEMAS["ack"].iter_errors(dict(answer.body)))
    assert not list(SCHEMAS["batch"].iter_errors(world.header))
    (key,) = world.objects()
    assert f"/norte/{NAME}/000000000001-000000000008-" in key
    upload = Upload.from_metadata(world.store.metadata(key))
    assert (upload.sent_at - upload.received_at, upload.head) == (timedelta(hours=2), 9)
    beat = world.heartbeats.get(NAME)
    assert (beat.head, beat.seen, beat.skew) == (9, 8, timedelta(hours=2))


def test_lines_that_are_no_events_are_stored_named_and_never_wanted_again():
    world = World()
    strange = [b'{"secuencia": 77}\n', b"\xff\n", b"x" * 70_000 + b"\n"]
    answer = world.batch(list(events(count=2)), strange, money=1)
    assert answer.status == 201
    assert answer.body["ranges"] == [[1, 2], [77, 77]]
    found = [(one["line"], one["reason"], one["secuencia"]) for one in answer.body["refused"]]
    assert found == [(3, "missing_field", 77), (4, "invalid_utf8", None), (5, "too_long", None)]
    assert not list(SCHEMAS["ack"].iter_errors(dict(answer.body)))
    assert gzip.decompress(world.store.get(world.objects()[0])).endswith(b"x\n")


def test_a_batch_of_money_whose_lines_are_all_refused_is_taken():
    assert World().batch([], [b"{}\n"], money=1).status == 201


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"device": "../x"}, 400, "invalid_header"),
        ({"device": None}, 400, "invalid_header"),
        ({"sent_at": "yesterday"}, 400, "invalid_header"),
        ({"sent_at": "2026-11-20T10:00:00"}, 400, "invalid_header"),
        ({"branch": "٣"}, 400, "invalid_header"),
        ({"protocol": 2}, 426, "protocol"),
        ({"sha256": "0" * 64}, 400, "corrupted"),
        ({"count": 7}, 422, "count"),
        ({"count": 9}, 422, "count"),
        ({"device": device(2)}, 422, "other_device"),
    ],
)
def test_a_wrong_header_is_refused_and_nothing_is_stored(change, status, error):
    world = World()
    answer = world.batch(list(events(count=8)), **change)
    assert (answer.status, answer.body["error"]) == (status, error)
    assert answer.body["retry"] is (error == "corrupted")
    assert world.objects() == []


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        (b"{}", 400, "not_gzip"),
        (gzip.compress(b"{}\n" * 9)[:-9], 400, "truncated"),
        (gzip.compress(random.Random(1).randbytes(50_000) * 200), 413, "too_large"),
        (gzip.compress(b'{"a":"' + b"x" * 10_000_000 + b'"}'), 413, "gzip_bomb"),
        (b"\x1f\x8b" + b"x" * 1_000_000, 413, "too_large"),
    ],
)
def test_a_body_beyond_the_bounds_is_refused_and_nothing_is_stored(body, status, error):
    world = World()
    answer = world.send(body, 1)
    assert (answer.status, answer.body["error"]) == (status, error)
    assert world.objects() == []


def test_a_blocked_phone_and_foreign_credentials_are_turned_away():
    world = World()
    world.heartbeats.block(NAME, True)
    assert (world.batch(list(events())).status, world.objects()) == (403, [])
    world.heartbeats.block(NAME, False)
    assert world.batch(list(events())).status == 201
    request = Request("GET", f"/v1/devices/{NAME}", {}, principal="phone-0002")
    assert world.door.answer(request).body["error"] == "other_device"


def test_a_new_installation_counts_on_from_what_the_phone_ever_said():
    world = World()
    ask = Request("GET", f"/v1/devices/{NAME}", {})
    assert world.door.answer(ask).body["head"] == 0
    world.batch(list(events(count=8)), head=31)
    assert world.door.answer(ask).body["head"] == 31


def test_without_the_tables_uploads_are_taken_all_the_same():
    world = World()
    world.door = Door(world.store, None, Gate(Capacity(5, 1, 0), None), {}, lambda: START)
    answer = world.batch(list(events(count=8)))
    assert answer.status == 201
    assert "/otras/" in world.objects()[0]


def test_beyond_the_capacity_a_phone_is_told_when_to_come_again():
    world = World(Capacity(5, 2, 0))
    answers = [world.batch(list(events(count=1, first=1 + number))) for number in range(4)]
    assert [answer.status for answer in answers] == [201, 201, 429, 429]
    assert all(int(answer.headers["retry-after"]) >= 5 for answer in answers[2:])
    world.now += timedelta(seconds=10)
    assert world.batch(list(events(count=1, first=3))).status == 201


def test_a_photo_is_whole_only_when_its_hash_agrees_and_parts_come_in_any_order():
    world, photo = World(), bytes(range(256)) * 300
    name, pieces = hashlib.sha256(photo).hexdigest(), [photo[:40_000], photo[40_000:]]

    def ask(method, path, body=b"", **more):
        headers = {"podemos-device": NAME, "podemos-parts": "2", **more}
        return world.door.answer(Request(method, f"/v1/photos/{name}{path}", headers, body))

    def put(number):
        digest = hashlib.sha256(pieces[number - 1]).hexdigest()
        return ask("PUT", f"/{number}", pieces[number - 1], **{"podemos-sha256": digest}).status

    assert put(2) == 201
    assert ask("GET", "").body == {"sha256": name, "complete": False, "parts": [2]}
    refused = ask("POST", "/complete")
    assert (refused.status, refused.body["missing"]) == (409, [1])
    assert ask("PUT", "/1", pieces[0], **{"podemos-sha256": "0" * 64}).body["error"] == "corrupted"
    assert (put(1), put(1)) == (201, 200)
    assert [ask("POST", "/complete").status for _ in range(2)] == [201, 200]
    assert world.store.get(photo_key(name)) == photo
    name = hashlib.sha256(b"another").hexdigest()
    assert (put(1), put(2), ask("POST", "/complete").body["error"]) == (201, 201, "other_photo")
    assert world.store.head(photo_key(name)) is None


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/v1/batches", 405), ("POST", "/", 404)])
def test_other_routes_are_told_as_such(method, path, status):
    assert World().door.answer(Request(method, path, {})).status == status
