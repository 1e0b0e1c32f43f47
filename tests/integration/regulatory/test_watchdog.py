"""The watchdog: the shipped handler on a real S3 and SNS, with ECS tasks, and with the shipped runner as a process."""

from __future__ import annotations

import itertools
import json
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.platform.processes import Processes
from local.platform.watchdog import LocalRunner, handler
from podemos.contracts.delivery import delivery
from podemos.contracts.function import watchdog_environment
from podemos.contracts.platform import platform
from podemos.contracts.sources import policy
from podemos.core.clock import iso
from podemos.core.manifest import canonical
from podemos.core.night import Night
from podemos.regulatory import keys, marks
from podemos.regulatory.ask import HOLD, answer
from podemos.regulatory.decide import decide
from podemos.regulatory.gate import judge
from podemos.regulatory.results import Pair, Rule
from tests.integration.regulatory.nights import COUNT
from tests.integration.regulatory.world import AWS, World
from tests.unit.regulatory.deliveries import ALL, DAY, NIGHT, clock, deliver_all
from tests.unit.regulatory.evidence import clean, entry, good, missing, reconciliation

_days = itertools.count(1)
CHANNELS = [channel.name for channel in delivery().channels]


@dataclass
class Runners:
    """In the place of ECS: knows what it started, and which of them are dead."""

    started: list[list[str]] = field(default_factory=list)
    dead: set[str] = field(default_factory=set)

    def start(self, token: str, arguments: Any) -> str:
        if [token] not in self.started:
            self.started.append([token])
        return token

    def alive(self, handle: str) -> bool:
        return handle not in self.dead


@dataclass
class Dog:
    """The handler against one test's buckets, and what was told."""

    world: World
    environment: dict[str, str]
    inbox: Callable[[], list[dict[str, Any]]]
    runners: Runners = field(default_factory=Runners)
    night: Night = NIGHT

    def wake(self, at: str, runner: Any = None) -> dict[str, Any]:
        event: dict[str, Any] = {"time": iso(self.night.at(at))}
        if self.night.rehearsal:
            event["night"] = {
                "business_date": str(DAY),
                "start": iso(self.night.start),
                "seconds_per_hour": self.night.seconds_per_hour,
            }
        return handler().wake(event, self.environment, runner or self.runners)

    def beat(self, stage: str, at: str, night: Night | None = None, **evidence: Any) -> None:
        ended = self.night.at(at)
        marks.leave(self.world.lake, night or self.night, stage, ended, ended, evidence)

    def publish(self) -> dict[str, Any]:
        manifest = {"business_date": str(DAY), "version": 1, "rehearsal": self.night.rehearsal}
        folder = keys.reports_folder(DAY, rehearsal=self.night.rehearsal)
        self.world.reports.put_new(f"{folder}v1/manifest.json", canonical(manifest))
        return manifest

    def deliver(self, manifest: dict[str, Any]) -> None:
        for channel in ["rehearsal"] if self.night.rehearsal else CHANNELS:
            self.world.reports.put_new(keys.receipt(manifest, channel), b"{}")


@pytest.fixture
def dog(aws: str, world: World, monkeypatch: pytest.MonkeyPatch) -> Dog:
    for name, value in (("AWS_ENDPOINT_URL", aws), ("AWS_ACCESS_KEY_ID", "local"), ("AWS_SECRET_ACCESS_KEY", "local"),
                        ("AWS_DEFAULT_REGION", "us-east-1")):  # fmt: skip
        monkeypatch.setenv(name, value)
    sns, sqs = (boto3.client(service, endpoint_url=aws, **AWS) for service in ("sns", "sqs"))
    topics, number = {}, next(_days)
    queue = sqs.create_queue(QueueName=f"dog-{number}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    for name in ("alerts", "rehearsal"):
        topics[f"{name}_topic_arn"] = sns.create_topic(Name=f"dog-{name}-{number}")["TopicArn"]
        sns.subscribe(TopicArn=topics[f"{name}_topic_arn"], Protocol="sqs", Endpoint=arn)
    buckets = {"lake_bucket": world.lake.bucket, "reports_bucket": world.reports.bucket}

    def inbox() -> list[dict[str, Any]]:
        found = []
        while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return found

    return Dog(world, watchdog_environment(platform(json.dumps(buckets | topics)), delivery()), inbox)


def test_a_night_that_goes_on_is_left_alone_until_half_past_five(dog: Dog) -> None:
    dog.beat("seal", "04:41")
    assert dog.wake("05:00")["state"] == "alive"
    dog.beat("reconcile", "05:29")
    assert (dog.runners.started, dog.inbox()) == ([], [])
    assert dog.wake("05:30")["state"] == "started", "whatever goes on, half an hour is left"


@pytest.mark.parametrize("last", ["04:40", "03:50", None])
def test_a_night_without_a_heartbeat_for_twenty_minutes_is_run_outside_airflow_once(dog: Dog, last: str | None) -> None:
    if last:
        dog.beat("wait.spei.arrived", last)
    with ThreadPoolExecutor(2) as pool:
        states = sorted(seen["state"] for seen in pool.map(dog.wake, ["05:00", "05:00"]))
    assert dog.runners.started == [[f"podemos-{DAY}-{NIGHT.start:%Y%m%dT%H%M%S}x3600-1"]]
    assert states[1] == "started"
    told = dog.inbox()
    assert "no heartbeat for" in told[0]["Message"] if last else "left no trace" in told[0]["Message"]
    assert "contingency" not in told[0]["Subject"], "no room for it: a subject is cut at a hundred characters"
    for word in ("For 06:00: 60 minutes are left. The contingency runner 1", "Owner: regulatory-reporting",
                 "#airflow-is-down"):  # fmt: skip
        assert word in told[0]["Message"]
    attributes = {name: one["Value"] for name, one in told[0]["MessageAttributes"].items()}
    assert (attributes["severity"], attributes["repeat"]) == ("critical", "false")


def test_a_runner_that_lives_is_not_doubled_and_one_that_died_is_replaced(dog: Dog) -> None:
    assert dog.wake("05:00")["state"] == "started"
    assert dog.wake("05:10")["state"] == "running"
    assert len(dog.runners.started) == 1
    dog.runners.dead.add(dog.runners.started[0][0])
    assert dog.wake("05:30")["state"] == "started"
    assert [one[0][-1] for one in dog.runners.started] == ["1", "2"]
    assert dog.wake("05:50")["state"] == "started", "after twenty minutes it is taken for hung"
    assert len(dog.runners.started) == 3


def test_a_watchdog_that_died_before_it_started_the_runner_is_carried_on(dog: Dog) -> None:
    class Dies(Runners):
        def start(self, token: str, arguments: Any) -> str:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dog.wake("05:00", Dies())
    assert dog.wake("05:00")["state"] == "running"
    assert len(dog.runners.started) == 1


def test_while_a_person_is_asked_nothing_is_started_and_afterwards_it_is(dog: Dog) -> None:
    dog.beat(marks.PENDING, "04:20", until=iso(NIGHT.at("05:45")))
    assert [dog.wake(at)["state"] for at in ("05:00", "05:30")] == ["alive", "alive"]
    assert dog.wake("05:50")["state"] == "started"


def decided(dog: Dog, entries: list[dict[str, Any]], results: Any = None) -> str:
    lake: Any = dog.world.lake
    found = results or [r for e in entries if e["state"] != "missing" for r in good(e["source"])]
    judged = judge(reconciliation(lake, found, entries), lake=lake)
    return decide(judged, lake=lake, policy=policy(), sources=ALL, clock=clock, night=NIGHT)


def test_what_a_person_or_the_evidence_holds_is_told_and_never_published_over(dog: Dog) -> None:
    held = decided(dog, [entry("nomina"), missing("cajeros")])
    night = keys.folder_of(held).split("/")[-2]
    assert night == keys.night_id(NIGHT)
    dog.beat("decide", "04:20")
    assert dog.wake("05:00")["state"] == "started", "Airflow died before it could ask"
    answer(held, HOLD, "ana", "llega a las 5", NIGHT.at("05:40"), lake=dog.world.lake)
    dog.beat("hold", "05:41")
    assert dog.wake("05:50")["state"] == "held"
    assert "held by ana: llega a las 5" in dog.inbox()[-1]["Message"]
    assert len(dog.runners.started) == 1


def test_evidence_that_does_not_hold_is_nobodys_to_publish(dog: Dog) -> None:
    results = [replace(r, actual=Pair(3, 1), detail="x") if r.rule is Rule.WAREHOUSE else r for r in clean()]
    decided(dog, [entry(s) for s in ("sucursales", "nucleo_credito", "cajeros", "nomina")], results)
    dog.beat("decide", "04:20")
    assert dog.wake("05:30")["state"] == "held"
    assert dog.runners.started == []


def test_the_deadline_is_the_delivery(dog: Dog) -> None:
    dog.beat("publish", "05:25")
    manifest = dog.publish()
    assert dog.wake("05:30")["state"] == "published"
    assert dog.inbox() == []
    assert dog.wake("05:50")["state"] == "started", "nobody delivers what is published: the runner does"
    assert any("version 1 has no receipt of" in told["Message"] for told in dog.inbox())
    dog.deliver(manifest)
    assert dog.wake("06:00")["state"] == "delivered"
    assert dog.inbox() == []


def test_a_rehearsal_is_watched_on_its_own_clock_and_told_on_its_own_topic(dog: Dog) -> None:
    dog.night = Night(DAY, NIGHT.start + timedelta(hours=9), 30)
    dog.beat("seal", "04:41")
    assert dog.wake("05:00")["state"] == "alive"
    dog.night = replace(dog.night, start=dog.night.start + timedelta(seconds=1))
    assert dog.wake("05:00")["state"] == "started"
    assert {told["TopicArn"] for told in dog.inbox()} == {dog.environment["REHEARSAL_TOPIC_ARN"]}


@pytest.fixture
def ecs(dog: Dog, aws: str) -> Any:
    client = boto3.client("ecs", endpoint_url=aws, **AWS)
    lives_on = {"model_name": "ecs::task", "transition": {"progression": "manual", "times": 100}}
    patience = urllib.request.Request(  # noqa: S310 - moto's own; a task else ends when it is looked at
        f"{aws}/moto-api/state-manager/set-transition", json.dumps(lives_on).encode()
    )
    urllib.request.urlopen(patience).close()  # noqa: S310
    dog.environment["CLUSTER"] = cluster = f"cluster-{next(_days)}"
    client.create_cluster(clusterName=cluster)
    client.register_task_definition(
        family="podemos-contingency",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="1024",
        memory="2048",
        containerDefinitions=[{"name": "podemos", "image": "podemos", "cpu": 1024, "memory": 2048}],
    )
    ec2 = boto3.client("ec2", endpoint_url=aws, **AWS)
    dog.environment["SUBNETS"] = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    dog.environment["SECURITY_GROUPS"] = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
    return client


def test_on_aws_the_runner_is_one_fargate_task_with_the_shipped_command(dog: Dog, ecs: Any) -> None:
    event = {"time": iso(NIGHT.at("05:00"))}
    first = handler().wake(event, dog.environment)
    assert first["state"] == "started"
    assert handler().wake(event, dog.environment)["state"] == "running"
    (arn,) = ecs.list_tasks(cluster=dog.environment["CLUSTER"], desiredStatus="RUNNING")["taskArns"]
    assert arn == first["runner"]
    (task,) = ecs.describe_tasks(cluster=dog.environment["CLUSTER"], tasks=[arn])["tasks"]
    command = ["python", "-m", "podemos.regulatory", "run", "--date", str(DAY)]
    assert task["overrides"]["containerOverrides"] == [{"name": "podemos", "command": command}]
    ecs.stop_task(cluster=dog.environment["CLUSTER"], task=arn)
    assert handler().wake({"time": iso(NIGHT.at("05:30"))}, dog.environment)["state"] == "started"


def test_a_cluster_that_refuses_is_told_and_tried_again(dog: Dog, ecs: Any) -> None:
    cluster, dog.environment["CLUSTER"] = dog.environment["CLUSTER"], "gone"
    assert handler().wake({"time": iso(NIGHT.at("05:00"))}, dog.environment)["state"] == "failed"
    assert "start it by hand now" in dog.inbox()[0]["Message"]
    dog.environment["CLUSTER"] = cluster
    assert handler().wake({"time": iso(NIGHT.at("05:30"))}, dog.environment)["state"] == "running"
    assert len(ecs.list_tasks(cluster=cluster)["taskArns"]) == 1


def test_a_dead_airflow_ends_with_a_signed_and_delivered_report(
    dog: Dog, aws: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The shipped runner, a real process."""
    world = dog.world
    deliver_all(world.lake, COUNT, ALL)
    dog.beat("wait.spei.arrived", "03:50")
    key = world.kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")["KeyMetadata"]["KeyId"]
    names = {"lake_bucket": world.lake.bucket, "reports_bucket": world.reports.bucket, "signing_key": key}
    names |= {"alerts_topic_arn": dog.environment["ALERTS_TOPIC_ARN"]}
    monkeypatch.setenv("PODEMOS_PLATFORM", json.dumps(names))
    there = {"AWS_ENDPOINT_URL": aws, "AWS_DEFAULT_REGION": "us-east-1"}
    there |= {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
    runner = LocalRunner(Processes(tmp_path), there)
    started = dog.wake("05:00", runner)
    assert started["state"] == "started"
    assert runner.wait(started["runner"], 120)
    folder = f"reports/{DAY}/"
    assert world.reports.head(f"{folder}v1/manifest.sig.json"), (tmp_path / f"log/{started['runner']}.log").read_text()
    assert dog.wake("05:30", runner)["state"] == "delivered"
    assert [mark.stage for mark in marks.of(world.lake, NIGHT)][-1] == "contingency.complete"
