"""The outbox loses nothing and deletes only what was acknowledged; a simulated fleet delivers everything once."""

import random
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from local.phones.client import Client, GaveUp
from local.phones.fleet import draw
from local.phones.links import Weather
from local.phones.outbox import Outbox
from local.phones.simulate import simulate
from local.phones.transport import LinkLost, Reply
from local.phones.truth import judge
from podemos.mobile.admission import Capacity, Gate, MemoryCounters
from podemos.mobile.heartbeat import MemoryHeartbeats
from podemos.mobile.receive import Door
from podemos.mobile.upload import MemoryUploads
from tests.unit.mobile.events import START, events

REGIONS = {1: "norte", 2: "sur", 3: "sur"}


def captured(outbox, count, phone=1):
    return [
        outbox.capture(one.event_id, one.event_type, {"a": str(one.secuencia)}, one.capturado_en, 1)
        for one in events(phone, count)
    ]


def test_an_event_and_what_the_app_stores_with_it_are_one_truth(tmp_path):
    outbox = Outbox(tmp_path / "o.sqlite", "p", "i")
    captured(outbox, 2)

    def fail(db):
        db.execute("CREATE TABLE recibo (id TEXT)")
        raise RuntimeError("the app died")

    with pytest.raises(RuntimeError):
        outbox.capture("x", "pago", {}, START, 1, also=fail)
    assert (outbox.head, outbox.pending) == (2, 2)
    assert outbox.capture("y", "pago", {}, START, 1).secuencia == 3


def test_after_a_crash_while_sending_everything_is_pending_again_with_its_numbers(tmp_path):
    outbox = Outbox(tmp_path / "o.sqlite", "p", "i")
    stored = captured(outbox, 5)
    batch = outbox.take(3, 10**6)
    again = Outbox(tmp_path / "o.sqlite", "p", "another")
    assert (again.install, again.head, again.pending) == ("i", 5, 5)
    retaken = again.take(10, 10**6)
    assert retaken == stored
    assert [event.line("p") for event in retaken if event in batch] == [event.line("p") for event in batch]


def test_only_what_an_acknowledgement_names_is_ever_deleted(tmp_path):
    outbox = Outbox(tmp_path / "o.sqlite", "p", "i")
    captured(outbox, 6)
    batch = outbox.take(4, 10**6)
    numbers = [event.secuencia for event in batch]
    assert outbox.acknowledge(batch, [[numbers[0], numbers[0]]], {3: "invalid_json"}) == 2
    assert outbox.pending == 4
    assert outbox.forget_acknowledged("9999") == 2
    assert outbox.pending == 4
    outbox.acknowledge(batch, [[1, 6]], {})  # late: none of them is being sent any more
    assert outbox.pending == 4


def test_money_is_taken_first_and_a_batch_keeps_to_its_size(tmp_path):
    outbox = Outbox(tmp_path / "o.sqlite", "p", "i")
    captured(outbox, 8)
    assert {event.event_type for event in outbox.take(4, 10**6)} == {"pago", "confirmacion"}
    assert len(outbox.take(8, 1)) == 1


class Script:
    """A link that answers as told, and notes what was sent."""

    def __init__(self, *replies):
        self.replies, self.sent = list(replies), []

    def send(self, method, path, headers, body=b""):
        self.sent.append((path, headers, body))
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply(headers) if callable(reply) else reply


def client(outbox, script, slept, attempts=6):
    ticks = iter(range(10**6))
    return Client(
        outbox, script, 1, lambda: START, slept.append, lambda: next(ticks), random.Random(1), attempts=attempts
    )  # fmt: skip


def named(*ranges):
    return lambda headers: Reply(201, {"sha256": headers["Podemos-Sha256"], "ranges": ranges, "refused": []})


def test_a_lost_answer_sends_the_same_bytes_again_and_the_servers_wait_is_kept(tmp_path):
    outbox, slept = Outbox(tmp_path / "o.sqlite", "p", "i"), []
    captured(outbox, 2)
    script = Script(LinkLost("x"), Reply(429, {}, {"retry-after": "40"}), Reply(503, {}), named([1, 2]))
    client(outbox, script, slept).sync()
    assert len({body for _, _, body in script.sent}) == 1
    assert [headers["Podemos-Attempt"] for _, headers, _ in script.sent] == ["1", "2", "3", "4"]
    assert slept[0] <= 2
    assert 40 <= slept[1] <= 44
    assert slept[2] <= 8
    assert outbox.pending == 0


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, {"sha256": "0" * 64, "ranges": [[1, 2]], "refused": []}),
        named([7, 9]),
        Reply(422, {"error": "count", "retry": False}),
        Reply(403, {"error": "device_blocked", "retry": False}),
    ],
)
def test_what_is_no_acknowledgement_of_these_bytes_deletes_nothing(tmp_path, reply):
    outbox = Outbox(tmp_path / "o.sqlite", "p", "i")
    captured(outbox, 2)
    with pytest.raises(GaveUp):
        client(outbox, Script(reply), []).sync()
    assert outbox.pending == 2
    statuses = sqlite3.connect(tmp_path / "o.sqlite").execute("SELECT DISTINCT sync_status FROM outbox").fetchall()
    assert statuses == [("pending",)]


def test_a_fleet_with_every_trouble_delivers_every_event_once_and_the_same_seed_is_the_same_fleet():
    start = datetime(2026, 11, 16, tzinfo=UTC)
    fleet = draw(1, 20, start, 3, REGIONS, visits=1)
    assert fleet == draw(1, 20, start, 3, REGIONS, visits=1)
    assert all(fleet.planted.values()), fleet.planted
    store, heartbeats = MemoryUploads(), MemoryHeartbeats()
    gate = Gate(Capacity(5, 3, 10), MemoryCounters())
    done = simulate(fleet, lambda clock: Door(store, heartbeats, gate, REGIONS, clock), Weather(0.1, 0.1, 0.1))
    verdict = judge(store, done.truth)
    assert verdict.good, verdict
    assert done.requests > 2 * verdict.objects  # many were lost, unheard, or told to wait
    assert verdict.captured == len(done.truth.captured) > 200
    skews = {life.device: life.skew for life in fleet.phones}
    for beat in heartbeats:
        assert abs(beat.skew - skews[beat.id_dispositivo]) < timedelta(seconds=1)


def test_a_wrong_judgement_would_be_seen():
    fleet = draw(11, 3, datetime(2026, 11, 16, tzinfo=UTC), 1, REGIONS, visits=1)
    store = MemoryUploads()
    done = simulate(fleet, lambda clock: Door(store, MemoryHeartbeats(), None, REGIONS, clock))
    event_id = next(iter(done.truth.captured))
    done.truth.captured["another"] = "x"
    done.truth.captured[event_id] = "another content"
    verdict = judge(store, done.truth)
    assert (verdict.good, verdict.missing, verdict.strange) == (False, 1, 1)
