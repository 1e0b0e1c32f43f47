"""What the local platform creates is what the templates declare: names and settings, one by one.

The local side is asked over the API after it was provisioned, and the other read from the recorded templates, which
`make infra-check` holds to the code. Neither side is compared with the configuration that both read.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from local.platform.provision import jobs, storage
from podemos.contracts.platform import platform

SNAPSHOTS = Path(__file__).parents[2] / "infra" / "snapshots" / "prod"
RELEASE = {"Ref": "GlueRelease"}
PHONES = importlib.util.find_spec("local.platform.provision.mobile") is not None


@pytest.fixture(scope="module")
def local():
    """Clients of an account in memory that the local platform has provisioned."""
    names = platform()
    with mock_aws():
        clients: dict[str, Any] = {}

        def client(service: str) -> Any:
            return clients.setdefault(service, boto3.client(service, region_name=names.region))

        storage.provision(names, client)
        jobs.provision(names, client)
        if PHONES:
            importlib.import_module("local.platform.provision.mobile").provision(names, client)
        yield client


def declared(kind: str) -> list[dict[str, Any]]:
    """Properties of all resources of a type in the templates of prod, and the logical id as `_id`."""
    return [
        resource["Properties"] | {"_id": name}
        for path in sorted(SNAPSHOTS.glob("*.json"))
        for name, resource in json.loads(path.read_text())["Resources"].items()
        if resource["Type"] == kind
    ]


def absent(name: str) -> bool:
    """The phones' path is declared; it is compared from the day the local platform provisions it."""
    return name.startswith("podemos-mobile") and not PHONES


def test_buckets(local):
    s3 = local("s3")
    made = {}
    for bucket in s3.list_buckets()["Buckets"]:
        name = bucket["Name"]
        lock = None
        if name == platform().reports_bucket:
            lock = s3.get_object_lock_configuration(Bucket=name)["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
            lock = {key: value for key, value in lock.items() if value}  # the stand-in adds zero years
        made[name] = (s3.get_bucket_versioning(Bucket=name)["Status"], lock)
    wanted = {
        b["BucketName"]: (
            b["VersioningConfiguration"]["Status"],
            b["ObjectLockConfiguration"]["Rule"]["DefaultRetention"] if b.get("ObjectLockEnabled") else None,
        )
        for b in declared("AWS::S3::Bucket")
        if not b["_id"].startswith("AccessLogs")  # of AWS's own, for what happens to the others
    }
    assert made == wanted
    assert len(made) == 3


def test_tables(local):
    dynamodb = local("dynamodb")
    made = {}
    for name in dynamodb.list_tables()["TableNames"]:
        table = dynamodb.describe_table(TableName=name)["Table"]
        ttl = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"].get("AttributeName")
        mode = table["BillingModeSummary"]["BillingMode"]
        made[name] = (table["KeySchema"], table["AttributeDefinitions"], mode, ttl)
    wanted = {
        t["TableName"]: (
            t["KeySchema"], t["AttributeDefinitions"], t["BillingMode"],
            t.get("TimeToLiveSpecification", {}).get("AttributeName"),
        )
        for t in declared("AWS::DynamoDB::Table")
        if not absent(t["TableName"])
    }  # fmt: skip
    assert made == wanted != {}


def test_topics(local):
    made = {topic["TopicArn"].rpartition(":")[2] for topic in local("sns").list_topics()["Topics"]}
    assert made == {topic["TopicName"] for topic in declared("AWS::SNS::Topic")}


def test_queues(local):
    """The operator's inbox stands for the mail of the alarms. Visibility follows each function's own time limit."""
    sqs, made = local("sqs"), {}
    for url in sqs.list_queues().get("QueueUrls", []):
        about = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        made[url.rpartition("/")[2]] = json.loads(about.get("RedrivePolicy", "{}")).get("maxReceiveCount")
    assert made.pop(storage.INBOX, "missing") is None
    wanted = {
        queue["QueueName"]: queue.get("RedrivePolicy", {}).get("maxReceiveCount")
        for queue in declared("AWS::SQS::Queue")
        if not absent(queue["QueueName"])
    }
    assert {name: receives and int(receives) for name, receives in made.items()} == wanted


def test_rules(local):
    """Of the others, one alarms and one per source counts arrivals: no data goes by them."""
    events = local("events")
    made = {rule["Name"]: json.loads(rule["EventPattern"]) for rule in events.list_rules()["Rules"]}
    wanted = {
        rule["Name"]: rule["EventPattern"]
        for rule in declared("AWS::Events::Rule")
        if not rule["Name"].startswith("podemos-prod-") and not absent(rule["Name"])
    }
    assert made == wanted


def test_the_signing_key(local):
    kms = local("kms")
    ours = [a for a in kms.list_aliases()["Aliases"] if not a["AliasName"].startswith("alias/aws/")]
    aliases = {alias["AliasName"]: alias["TargetKeyId"] for alias in ours}
    made = {}
    for alias, key in aliases.items():
        about = kms.describe_key(KeyId=key)["KeyMetadata"]
        made[alias] = (about["KeySpec"], about["KeyUsage"], about["Description"])
    keys = {key["_id"]: key for key in declared("AWS::KMS::Key")}
    wanted = {
        alias["AliasName"]: (key["KeySpec"], key["KeyUsage"], key["Description"])
        for alias in declared("AWS::KMS::Alias")
        if "KeySpec" in (key := keys[alias["TargetKeyId"]["Fn::GetAtt"][0]])
    }
    assert made == wanted != {}


def test_roles_of_jobs_and_copy(local):
    made = {
        role["RoleName"]: role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Service"]
        for role in local("iam").list_roles()["Roles"]
    }
    wanted = {role["RoleName"]: role["AssumeRolePolicyDocument"]["Statement"] for role in declared("AWS::IAM::Role")
              if role.get("RoleName") in made}  # fmt: skip
    assert made.keys() == wanted.keys() != set()
    for name, service in made.items():
        assert service in [s["Principal"]["Service"] for s in wanted[name]]


def test_glue_jobs(local):
    glue, names = local("glue"), platform()
    made = {name: glue.get_job(JobName=name)["Job"] for name in glue.list_jobs()["JobNames"]}
    wanted = {job["Name"]: job for job in declared("AWS::Glue::Job")}
    assert made.keys() == wanted.keys() != set()
    for name, job in made.items():
        template = wanted[name]
        for key in ("GlueVersion", "WorkerType", "NumberOfWorkers", "Timeout", "MaxRetries", "ExecutionProperty"):
            assert job[key] == template[key], key
        assert job["Role"] == names.glue_role
        assert {k: job["Command"][k] for k in ("Name", "PythonVersion")} == {
            k: template["Command"][k] for k in ("Name", "PythonVersion")
        }
        release = job["Command"]["ScriptLocation"].split("/")[4]
        assert job["Command"]["ScriptLocation"] == plain(template["Command"]["ScriptLocation"], release)
        assert job["DefaultArguments"] == {k: plain(v, release) for k, v in template["DefaultArguments"].items()}


def test_the_catalog(local):
    made = {d["Name"]: d["Description"] for d in local("glue").get_databases()["DatabaseList"]}
    wanted = [d["DatabaseInput"] for d in declared("AWS::Glue::Database")]
    assert made == {d["Name"]: d["Description"] for d in wanted}


def plain(value: Any, release: str) -> str:
    """A template's text with the release filled in."""
    if isinstance(value, str):
        return value
    between, parts = value["Fn::Join"]
    return between.join(release if part == RELEASE else part for part in parts)
