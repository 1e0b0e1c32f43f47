"""The watch over moto's DynamoDB, S3, SQS, SNS and CloudWatch Logs: look, certify, measure, commands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from moto import mock_aws
from typer.testing import CliRunner

from podemos.contracts.platform import platform
from podemos.core.clock import system_clock
from podemos.mobile import gaps, measure, queues, watch
from podemos.mobile.__main__ import app
from podemos.mobile.heartbeat import DynamoHeartbeats
from podemos.mobile.metrics import LogGroup
from podemos.mobile.upload import S3Uploads, Upload
from podemos.outside import Outside
from tests.unit.mobile import events
from tests.unit.mobile.compacting import World

PHONE = events.device(1)


class Place(World):
    """The world over moto."""

    def __init__(self, outside: Outside) -> None:
        names = outside.platform
        super().__init__(system_clock())
        self.outside = outside
        s3 = outside.client("s3")
        s3.create_bucket(Bucket=names.lake_bucket)
        self.lake = S3Uploads(s3, names.lake_bucket)
        dynamodb = outside.client("dynamodb")
        dynamodb.create_table(
            TableName=names.mobile.heartbeats_table,
            KeySchema=[{"AttributeName": "id_dispositivo", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id_dispositivo", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        for name in (names.mobile.inbox_queue, names.mobile.dead_letter_queue):
            outside.client("sqs").create_queue(QueueName=name)
        outside.client("sns").create_topic(Name=names.alerts_topic_arn.rpartition(":")[2])
        self.phones = DynamoHeartbeats(dynamodb, names.mobile.heartbeats_table)


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)  # of the local AWS that other tests have started
    with mock_aws():
        yield Place(Outside())


def run(*words: str) -> str:
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == 0, result.output
    return result.output


def test_a_look_a_certificate_and_the_numbers_on_real_interfaces(place: Place) -> None:
    stream = list(events.events(1, 9, start=place.now - timedelta(hours=5)))
    place.put([*stream[:3], *stream[7:]])
    place.run()
    place.phones.heard(
        Upload(PHONE, "install-1", "norte", events.branch(1), place.now, place.now, head=9, pending=4), 9
    )
    outside, clock = place.outside, system_clock
    for _ in range(2):
        watch.look(lake=place.lake, heartbeats=place.phones, clock=clock, send=outside.send)
        gaps.certify(lake=place.lake, heartbeats=place.phones, clock=clock, send=outside.send)
        measure.measure(
            uploads=place.lake,
            heartbeats=place.phones,
            queues=queues.depths(outside.client("sqs"), platform().mobile),
            clock=clock,
            metrics=LogGroup(outside.client("logs"), clock),
        )
    board = json.loads(place.lake.get(watch.BOARD))
    assert (board["phones"], board["silent"]) == (1, [])
    assert f"phone {PHONE} owes 4 events" in run("gaps")
    assert "RecordsProcessed = 5 " in run("metrics")
    assert "EventsMissing{debt=owed} = 4 " in run("metrics")
    assert "uploads are refused" in run("silence", "--stolen", PHONE)
    assert place.phones.is_blocked(PHONE)
    assert f"phone {PHONE} is blocked and had 4 events" in run("gaps", "--look")
    assert run("silence", "--look").strip() == "[]"
    assert json.loads(place.lake.get(watch.BOARD))["phones"] == 0
