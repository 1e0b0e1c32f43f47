"""Buckets, the state table, topics with the operator's inbox, the signing key and the roles.

What they are is said in `podemos.contracts.resources`, which `infra/` declares, too; a test holds the two together.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from local.platform.clients import Clients
from podemos.contracts import resources
from podemos.contracts.platform import Platform

INBOX = "podemos-alerts-inbox"
_LOOK = 1
"""Seconds for which one look hides a message from the next."""


def provision(platform: Platform, clients: Clients) -> None:
    """Create what is missing; what exists stays as it is."""
    buckets(platform, clients("s3"))
    state_table(platform, clients("dynamodb"))
    topics(platform, clients)
    signing_key(platform, clients("kms"))
    roles(platform, clients("iam"))


def buckets(platform: Platform, s3: Any) -> None:
    """All versioned; the reports' one with Object Lock, which can only be asked for at creation."""
    for bucket in resources.buckets(platform):
        if _exists(lambda name=bucket.name: s3.head_bucket(Bucket=name)):  # type: ignore[misc]
            continue
        s3.create_bucket(Bucket=bucket.name, ObjectLockEnabledForBucket=bucket.locked)
        s3.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
        if bucket.locked:
            rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": resources.LOCK_DAYS}}
            lock = {"ObjectLockEnabled": "Enabled", "Rule": rule}
            s3.put_object_lock_configuration(Bucket=bucket.name, ObjectLockConfiguration=lock)


def state_table(platform: Platform, dynamodb: Any) -> None:
    """Watermarks and leases of the branches: one string key."""
    for wanted in resources.tables(platform):
        table(dynamodb, wanted)


def table(dynamodb: Any, wanted: resources.Table) -> None:
    """A table with one string key, unless it exists."""
    if _exists(lambda: dynamodb.describe_table(TableName=wanted.name)):
        return
    dynamodb.create_table(
        TableName=wanted.name,
        KeySchema=[{"AttributeName": wanted.key, "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": wanted.key, "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    if wanted.expires:
        ttl = {"Enabled": True, "AttributeName": wanted.expires}
        dynamodb.update_time_to_live(TableName=wanted.name, TimeToLiveSpecification=ttl)


def topics(platform: Platform, clients: Clients) -> None:
    """Both topics, and a queue that keeps their messages for `python -m local alerts`."""
    sns, sqs = clients("sns"), clients("sqs")
    queue = sqs.create_queue(QueueName=INBOX)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    for topic in (platform.alerts_topic_arn, platform.rehearsal_topic_arn):
        sns.create_topic(Name=topic.rsplit(":", 1)[1])
        subscribed = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        if arn not in {subscription["Endpoint"] for subscription in subscribed}:
            sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)


def signing_key(platform: Platform, kms: Any) -> None:
    """An elliptic-curve key under the alias that signs published manifests."""
    aliases = {alias["AliasName"] for alias in kms.list_aliases()["Aliases"]}
    for wanted in resources.signing_keys(platform):
        if wanted.alias not in aliases:
            key = kms.create_key(KeySpec=wanted.spec, KeyUsage=wanted.usage, Description="Signs published reports")
            kms.create_alias(AliasName=wanted.alias, TargetKeyId=key["KeyMetadata"]["KeyId"])


def roles(platform: Platform, iam: Any) -> None:
    """The roles that jobs and COPY assume; policies are not enforced locally, so none are attached."""
    for role in resources.roles(platform):
        if not _exists(lambda name=role.name: iam.get_role(RoleName=name)):  # type: ignore[misc]
            trust = {"Effect": "Allow", "Principal": {"Service": role.service}, "Action": "sts:AssumeRole"}
            policy = {"Version": "2012-10-17", "Statement": [trust]}
            iam.create_role(RoleName=role.name, AssumeRolePolicyDocument=json.dumps(policy))


def alerts(clients: Clients, *, keep: bool = False) -> list[dict[str, str]]:
    """Messages in the operator's inbox, oldest first: `topic`, `subject`, `message`, `at`.

    They are removed from it, unless `keep`: then they are hidden for a second and come back.
    """
    sqs = clients("sqs")
    found: dict[str, dict[str, str]] = {}
    queue = sqs.create_queue(QueueName=INBOX)["QueueUrl"]
    while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=_LOOK).get(
        "Messages"
    ):
        for message in messages:
            body = json.loads(message["Body"])
            topic, subject = body["TopicArn"].rsplit(":", 1)[1], body.get("Subject") or ""
            found[message["MessageId"]] = {
                "topic": topic, "subject": subject, "message": body["Message"], "at": body["Timestamp"]
            }  # fmt: skip
            if not keep:
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return sorted(found.values(), key=lambda alert: alert["at"])


def _exists(describe: Callable[[], Any]) -> bool:
    try:
        describe()
    except ClientError as error:
        if error.response["Error"]["Code"] in {"404", "NoSuchBucket", "NoSuchEntity", "ResourceNotFoundException"}:
            return False
        raise
    return True
