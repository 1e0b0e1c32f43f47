"""The phones' path on the stand-in: S3 → EventBridge → SQS → the shipped handlers, and the door over HTTP."""

import gzip
import json
import os
import threading
from datetime import UTC, datetime, timedelta

import pytest

from local.functions.gateway import Gateway
from local.functions.instances import Function
from local.functions.poller import Poller
from local.phones import crowd
from local.phones.fleet import draw
from local.phones.truth import judge
from local.platform.provision import mobile, storage
from podemos.contracts.mobile import ingest_environment, process_environment, region_table
from podemos.contracts.platform import platform
from podemos.core.manifest import read
from podemos.mobile.heartbeat import DynamoHeartbeats
from podemos.mobile.keys import INBOX, RECEIPTS, receipt_key
from podemos.mobile.upload import S3Uploads
from tests.unit.mobile.events import START, device, events, line, packed, put


class Path:
    """The whole path of one bucket, emptied between tests."""

    def __init__(self, clients, names):
        self.clients, self.names = clients, names
        self.store = S3Uploads(clients("s3"), names.lake_bucket)
        self.heartbeats = DynamoHeartbeats(clients("dynamodb"), names.mobile.heartbeats_table)
        self.function = Function("process_events", 2, 60.0)
        self.poller = Poller(clients("sqs"), names.mobile.inbox_queue, self.function)

    def drain(self):
        for _ in range(50):
            if not self.poller.once():
                return

    def receipt(self, key):
        return read(self.store, receipt_key(key, self.store.head(key).version))[0]

    def queued(self, queue):
        sqs = self.clients("sqs")
        url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        found = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]).get(
            "Messages"
        ):
            for message in messages:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            found += messages
        return found

    def tell(self, *bodies, queue=None):
        sqs = self.clients("sqs")
        url = sqs.get_queue_url(QueueName=queue or self.names.mobile.inbox_queue)["QueueUrl"]
        for body in bodies:
            sqs.send_message(QueueUrl=url, MessageBody=body)


@pytest.fixture(scope="module")
def names():
    return platform(json.dumps({"mobile": {"inbox_queue": "path-inbox", "dead_letter_queue": "path-dead"}}))


@pytest.fixture(scope="module")
def path(clients, names):
    for _ in range(2):
        storage.provision(names, clients)
        mobile.provision(names, clients)
    variables = clients.environment() | ingest_environment(names) | process_environment(names)
    before = dict(os.environ)
    os.environ.update(variables, LINES_PER_MESSAGE="60", BACKLOG_OBJECTS="1")
    yield Path(clients, names)
    os.environ.clear()
    os.environ.update(before)


def created(key, names, version="null"):
    thing = {"key": key, "size": 1, "version-id": version, "sequencer": "617f08299329d189"}
    return json.dumps({
        "source": "aws.s3", "detail-type": "Object Created",
        "detail": {"bucket": {"name": names.lake_bucket}, "object": thing},
    })  # fmt: skip


def test_an_upload_is_told_of_by_itself_and_counted_once_though_its_message_comes_five_times(path, names, capfd):
    batch = list(events(phone=101, count=8))
    key = put(path.store, batch, START, lines=[b"{}\n", b"\xff\n"])
    version = path.store.head(key).version
    path.tell(*[created(key, names, version)] * 5)
    workers = [threading.Thread(target=path.drain) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    receipt = path.receipt(key)
    assert receipt["types"] == {"confirmacion": 2, "foto": 2, "geolocalizacion": 2, "pago": 2}
    assert receipt["reasons"] == {"invalid_utf8": 1, "missing_field": 1}
    assert [one["line"] for one in receipt["refused"]] == [9, 10]
    assert receipt["ranges"] == {device(101): [[1, 8]]}
    assert receipt["cents"] == sum(event.event_data.get("monto_centavos", 0) for event in batch)
    told = [json.loads(text) for text in capfd.readouterr().out.splitlines() if text.startswith('{"_aws"')]
    assert sum(one.get("EventsProcessed", [0])[0] for one in told) == 8
    assert sum(one.get("LinesRefused", [0])[0] for one in told) == 2
    assert [json.loads(one["Body"])["podemos"] for one in path.queued(names.mobile.backlog_queue)] == [
        "mobile/backlog/1"
    ]
    assert path.queued(names.mobile.inbox_queue) == []


def test_events_sent_again_in_other_batches_are_known_and_another_content_is_told(path):
    batch = list(events(phone=102, count=130))
    put(path.store, batch[:100], START)
    path.drain()
    forged = line(batch[1]).replace(b'"lon":', b'"nota":"x","lon":')
    key = put(path.store, batch[50:], START + timedelta(days=1), lines=[forged])
    path.drain()
    assert path.receipt(key)["known"] == {"new": 30, "repeated": 50, "conflicting": 1}


def test_an_object_beyond_the_budget_is_read_in_parts_by_several_messages(path):
    batch = list(events(phone=103, count=80))
    key = f"{INBOX}2026-11-20/other/big.jsonl"
    padding = b"".join(b'{"x": "%020000d"}\n' % number for number in range(55))
    path.store.put_new(key, b"".join(map(line, batch)) + b"\n" + padding)
    path.drain()
    receipt = path.receipt(key)
    assert (receipt["first"], receipt["last"], receipt["lines"]) == (1, 136, 135)
    assert receipt["ranges"] == {device(103): [[1, 80]]}
    assert receipt["reasons"] == {"missing_field": 55}
    parts = [info.key for info in path.store.list(f"{RECEIPTS}2026-11-20/other/big.jsonl.") if "/0000" in info.key]
    assert len(parts) == 3


def test_when_time_runs_out_the_rest_is_another_message(path):
    key = put(path.store, list(events(phone=104, count=210)), START)
    path.function = Function("process_events", 1, 9.0)  # below the reserve: 200 lines, then the clock is looked at
    path.poller = Poller(path.clients("sqs"), path.names.mobile.inbox_queue, path.function)
    path.drain()
    assert path.receipt(key)["ranges"] == {device(104): [[1, 210]]}
    path.function = Function("process_events", 2, 60.0)
    path.poller = Poller(path.clients("sqs"), path.names.mobile.inbox_queue, path.function)


def test_what_can_not_be_read_is_receipted_and_poison_is_buried_with_its_reason(path, names):
    path.queued(names.mobile.dead_letter_queue)
    bomb = f"{INBOX}2026-11-20/other/bomb.jsonl.gz"
    path.store.put_new(bomb, line(next(events(phone=105))) + gzip.compress(b"\0" * 10_000_000))
    torn = put(path.store, list(events(phone=105, count=3)), START)
    path.tell(
        "no json", "[]", '{"detail-type": "Scheduled Event", "source": "aws.events"}', created(f"{INBOX}gone", names)
    )
    path.tell(created("mobile/events/x", names), json.dumps({"source": "aws.s3", "detail-type": "Object Tags Added"}))
    good = packed([line(event) for event in events(phone=106, count=100)])
    path.store.put_new(f"{INBOX}2026-11-20/other/torn.gz", good[:-30])
    path.drain()
    assert path.receipt(torn)["lines"] == 3
    unreadable = path.receipt(f"{INBOX}2026-11-20/other/torn.gz")["unreadable"]
    assert unreadable["reason"] == "truncated"
    dead = path.queued(names.mobile.dead_letter_queue)
    reasons = sorted(one["MessageAttributes"]["reason"]["StringValue"] for one in dead)
    assert reasons == ["no_such_object", "not_an_event", "not_an_event", "not_json"]
    assert path.queued(names.mobile.inbox_queue) == []


def test_what_fails_again_and_again_is_buried_with_its_reason_the_rest_of_its_batch_is_done(path, names):
    key = put(path.store, list(events(phone=107, count=3)), START)
    bad, good = created(f"{INBOX}bad", names), created(key, names, path.store.head(key).version)
    records = [
        {"messageId": str(number), "body": body, "eventSource": "aws:sqs",
         "attributes": {"ApproximateReceiveCount": count}}
        for number, (body, count) in enumerate([(bad, "1"), (good, "1"), (bad, "5")])
    ]  # fmt: skip
    os.environ["LINES_PER_MESSAGE"] = "none"
    answer = path.function.invoke({"Records": [records[0], records[2]]})
    os.environ["LINES_PER_MESSAGE"] = "60"
    assert [one["itemIdentifier"] for one in answer["batchItemFailures"]] == ["0"]
    (dead,) = path.queued(names.mobile.dead_letter_queue)
    assert dead["MessageAttributes"]["reason"]["StringValue"] == "failed_5_times"
    assert "ValueError" in dead["MessageAttributes"]["detail"]["StringValue"]
    assert path.function.invoke({"Records": [records[1]]}) == {"batchItemFailures": []}
    path.queued(names.mobile.inbox_queue)
    assert path.receipt(key)["lines"] == 3


def test_phones_that_come_back_at_once_over_http_lose_nothing(path, tmp_path):
    gateway = Gateway(0, Function("ingest", 4, 30.0))
    thread = threading.Thread(target=gateway.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    start = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=2)
    fleet = draw(5, 4, start, 1, region_table(), visits=1)
    done = crowd.reconnect(fleet, f"http://127.0.0.1:{gateway.server_port}", tmp_path, threads=4)
    gateway.shutdown()
    thread.join()
    gateway.server_close()
    verdict = judge(path.store, done.truth)
    assert verdict.captured == sum(len(life.captures) for life in fleet.phones)
    assert (done.gave_up, verdict.missing, verdict.photos_missing) == ([], 0, 0)
    path.drain()
    seen = {beat.id_dispositivo: beat for beat in path.heartbeats}
    for life in fleet.phones:
        assert seen[life.device].head == len(life.captures)
