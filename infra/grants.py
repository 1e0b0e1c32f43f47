"""What a task may do, concern by concern. MWAA gives all tasks one role, so the concerns are its managed policies.

A resource `*` stands only where the service knows no other, and the line says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import aws_iam as iam

from infra.site import HouseStack, bucket_arn, objects
from podemos.contracts import resources
from podemos.contracts.delivery import Delivery, Mail, Sftp

BRANCHES_WRITES = (
    "raw/",
    "config/zones/",
    "decisions/branches/",
    "manifests/branches/",
    "certificates/branches/",
    "index/branches/",
    "alerts/branch_ingestion/",
    "regulatory/inbox/sucursales/",
)
USE_OF_A_KEY = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:Encrypt",
)
FILES = ("plugins.zip", "requirements.txt", "startup.sh")
REGULATORY_WRITES = ("regulatory/", "alerts/")
REDSHIFT_WRITES = ("warehouse/", "alerts/redshift_maintenance/")


def allow(
    sid: str, actions: Sequence[str], where: Sequence[str], conditions: Mapping[str, Any] | None = None
) -> iam.PolicyStatement:
    """One statement."""
    return iam.PolicyStatement(
        sid=sid, actions=list(actions), resources=list(where), conditions=dict(conditions) if conditions else None
    )


def mwaa(stack: HouseStack, data_key: str) -> list[iam.PolicyStatement]:
    """What the service itself needs of the role (its user guide, "execution role"), narrowed to this environment."""
    site = stack.site
    bucket = site.names.artifacts_bucket
    groups = [stack.arn("logs", f"log-group:airflow-{site.mwaa}-*")]
    # The queue lives in the service's own account and is encrypted with a key there: only its name is known.
    celery = [f"arn:aws:sqs:{stack.region}:*:airflow-celery-*"]
    queue_actions = [
        "ChangeMessageVisibility",
        "DeleteMessage",
        "GetQueueAttributes",
        "GetQueueUrl",
        "ReceiveMessage",
        "SendMessage",
    ]
    log_actions = [
        "CreateLogStream",
        "CreateLogGroup",
        "PutLogEvents",
        "GetLogEvents",
        "GetLogRecord",
        "GetQueryResults",
    ]
    bucket_actions = [
        "ListBucket", "GetBucketLocation", "GetBucketPublicAccessBlock", "GetEncryptionConfiguration"
    ]  # fmt: skip
    via = {
        "StringEquals": {"kms:ViaService": [f"sqs.{stack.region}.amazonaws.com", f"s3.{stack.region}.amazonaws.com"]}
    }
    return [
        allow("Metrics", ["airflow:PublishMetrics"], [stack.arn("airflow", f"environment/{site.mwaa}")]),
        allow("ReadTheBundle", ["s3:GetObject", "s3:GetObjectVersion"],
              [*objects(bucket, "dags/"), *(f"{bucket_arn(bucket)}/{file}" for file in FILES)]),
        allow("ListTheBundle", [f"s3:{action}" for action in bucket_actions], [bucket_arn(bucket)]),
        # No resource can be named for these three; MWAA refuses to start without the first.
        allow("AccountSettings", ["s3:GetAccountPublicAccessBlock", "logs:DescribeLogGroups"], ["*"]),
        allow("OwnMetrics", ["cloudwatch:PutMetricData"], ["*"],
              {"StringLike": {"cloudwatch:namespace": ["AmazonMWAA", "AWS/MWAA", "Podemos/*"]}}),
        allow("Logs", [f"logs:{action}" for action in (*log_actions, "GetLogGroupFields")], groups),
        allow("Queue", [f"sqs:{action}" for action in queue_actions], celery),
        allow("DataKey", USE_OF_A_KEY, [data_key], via),
        iam.PolicyStatement(
            sid="NoListOfBuckets", effect=iam.Effect.DENY, actions=["s3:ListAllMyBuckets"], resources=["*"]
        ),
    ]  # fmt: skip


def everybody(stack: HouseStack) -> list[iam.PolicyStatement]:
    """What the tasks of all concerns share: read the lake, tell a person, read their connections and the Variable."""
    names = stack.site.names
    secrets = [stack.arn("secretsmanager", f"secret:airflow/{kind}/*") for kind in ("connections", "variables")]
    topics = [stack.arn("sns", name) for name in resources.topics(names)]
    read = [*objects(names.lake_bucket, ""), *objects(names.reports_bucket, "reports/")]
    lists = [bucket_arn(names.lake_bucket), bucket_arn(names.reports_bucket)]
    return [
        allow("ReadLakeAndReports", ["s3:GetObject", "s3:GetObjectVersion"], read),
        allow("ListLakeAndReports", ["s3:ListBucket", "s3:GetBucketLocation"], lists),
        allow("TellAPerson", ["sns:Publish"], topics),
        allow("ConnectionsAndVariables", ["secretsmanager:GetSecretValue"], secrets),
    ]


def branches(stack: HouseStack) -> list[iam.PolicyStatement]:
    """Land, certify, start curation, keep watermarks, register what was curated."""
    names = stack.site.names
    tables = [stack.arn("dynamodb", f"table/{table.name}") for table in resources.tables(names)]
    jobs = [stack.arn("glue", f"job/{job.name}") for job in resources.jobs(names)]
    items = ["GetItem", "PutItem", "UpdateItem", "DeleteItem", "Scan", "Query"]
    runs = ["GetJob", "StartJobRun", "GetJobRun", "GetJobRuns", "BatchStopJobRun"]
    tables_of_catalog = ["GetDatabase", "CreateDatabase", "GetTable", "GetTables", "CreateTable", "UpdateTable"]
    partitions = ["GetPartition", "GetPartitions", "BatchCreatePartition", "BatchUpdatePartition", "DeletePartition"]
    kinds = ("catalog", f"database/{names.catalog_database}", f"table/{names.catalog_database}/*")
    return [
        allow("Land", ["s3:PutObject"], objects(names.lake_bucket, *BRANCHES_WRITES)),
        allow("LeasesAndWatermarks", [f"dynamodb:{action}" for action in items], tables),
        allow("Curate", [f"glue:{action}" for action in runs], jobs),
        allow("Catalog", [f"glue:{action}" for action in (*tables_of_catalog, *partitions)],
              [stack.arn("glue", kind) for kind in kinds]),
    ]  # fmt: skip


def warehouse(stack: HouseStack, workgroup_arn: str) -> list[iam.PolicyStatement]:
    """Statements over the Data API, and what maintenance keeps of them."""
    own = {"StringEquals": {"redshift-data:statement-owner-iam-userid": "${aws:userid}"}}
    read = ["DescribeStatement", "GetStatementResult", "CancelStatement"]
    return [
        allow("Send", ["redshift-data:ExecuteStatement", "redshift-data:BatchExecuteStatement"], [workgroup_arn]),
        # A statement has no ARN; the condition leaves the role its own.
        allow("FollowOwnStatements", [f"redshift-data:{action}" for action in read], ["*"], own),
        allow("Login", ["redshift-serverless:GetCredentials"], [workgroup_arn]),
        allow("KeepHistory", ["s3:PutObject"], objects(stack.site.names.lake_bucket, *REDSHIFT_WRITES)),
    ]


def regulatory(stack: HouseStack, signing_key: str, delivery: Delivery) -> list[iam.PolicyStatement]:
    """Seal, prove, publish, sign, deliver. The contingency task has this policy, too."""
    names = stack.site.names
    found = [
        allow("Evidence", ["s3:PutObject"], objects(names.lake_bucket, *REGULATORY_WRITES)),
        allow("Publish", ["s3:PutObject", "s3:PutObjectRetention"], objects(names.reports_bucket, "reports/")),
        allow("ReadTheLocks", ["s3:GetObjectRetention", "s3:GetBucketObjectLockConfiguration"],
              [*objects(names.reports_bucket, "reports/"), bucket_arn(names.reports_bucket)]),
        allow("Sign", ["kms:Sign", "kms:GetPublicKey"], [signing_key],
              {"StringEqualsIfExists": {"kms:SigningAlgorithm": "ECDSA_SHA_256"}}),
    ]  # fmt: skip
    senders = sorted({channel.sender for channel in delivery.channels if isinstance(channel, Mail)})
    if senders:
        identities = [stack.arn("ses", f"identity/{part}") for s in senders for part in (s, s.rpartition("@")[2])]
        found.append(allow("Mail", ["ses:SendRawEmail"], identities, {"StringEquals": {"ses:FromAddress": senders}}))
    secrets = sorted({channel.secret for channel in delivery.channels if isinstance(channel, Sftp)})
    if secrets:
        arns = [stack.arn("secretsmanager", f"secret:{secret}-??????") for secret in secrets]
        found.append(allow("SftpKeys", ["secretsmanager:GetSecretValue"], arns))
    return found


def mobile(stack: HouseStack) -> list[iam.PolicyStatement]:
    """Compact the inbox, and see who is silent."""
    names, settings = stack.site.names, stack.site.names.mobile
    tables = [stack.arn("dynamodb", f"table/{table.name}") for table in resources.mobile_tables(settings)]
    queues = [stack.arn("sqs", queue.name) for queue in resources.mobile_queues(settings)]
    return [
        allow(
            "Compact",
            ["s3:PutObject"],
            objects(names.lake_bucket, "mobile/"),
        ),
        allow("Heartbeats", ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:UpdateItem"], tables),
        allow("SeeTheBacklog", ["sqs:GetQueueAttributes", "sqs:GetQueueUrl"], queues),
    ]
