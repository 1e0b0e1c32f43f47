"""Asks a real account whether what docs/fidelity.md relies on is so. Nothing is created, changed or deleted.

Each check is one call or one SELECT; a failing one does not stop the others. The account is the one that boto3's own
credentials open, names are those of platform.yaml with PODEMOS_PLATFORM.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from podemos.contracts.platform import Platform
from podemos.core.errors import PodemosError
from podemos.warehouse.port import DataApi
from podemos.warehouse.statements import Script

NEEDS = """no AWS credentials were found, and nothing was asked. Needed:
  credentials   AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or an instance's role
  permissions   sts:GetCallerIdentity, s3:ListBucket, s3:GetBucketVersioning, s3:GetBucketObjectLockConfiguration,
                dynamodb:DescribeTable, glue:GetJob, glue:GetDatabase, kms:DescribeKey, sns:GetTopicAttributes,
                secretsmanager:DescribeSecret, redshift-data:ExecuteStatement|DescribeStatement|GetStatementResult,
                redshift-serverless:GetCredentials
  names         PODEMOS_PLATFORM, a JSON object, where the account's names differ from include/config/platform.yaml"""
Clients = Callable[[str], Any]


@dataclass(frozen=True)
class Check:
    """One question and what answers it; `ask` returns what was seen, or raises."""

    name: str
    ask: Callable[[], str]


@dataclass(frozen=True)
class Result:
    """What came of a check."""

    name: str
    good: bool
    seen: str


# Expression -> what Redshift must answer, as text: the constructs that a cent depends on.
EXPRESSIONS = {
    "integer division truncates": ("CAST(7 / 2 AS VARCHAR)", "3"),
    "15 hexadecimal digits of MD5 fit into STRTOL": (
        "CAST(STRTOL('fffffffffffffff', 16) AS VARCHAR)",
        "1152921504606846975",
    ),
    "MD5 is of the UTF-8 bytes": ("MD5('ñ')", "94e9342ecbb1458b6043ecd3bfcbc192"),
    "a sum beyond 2^63 is exact": (
        "CAST(CAST(9223372036854775807 AS DECIMAL(38,0)) + CAST(9223372036854775807 AS DECIMAL(38,0)) AS VARCHAR)",
        "18446744073709551614",
    ),
    "OCTET_LENGTH counts bytes, LEN characters": ("OCTET_LENGTH('ñ') || '/' || LEN('ñ')", "2/1"),
    "money times 100 is exact": (
        "CAST(CAST(CAST('438642012.27' AS DECIMAL(18,2)) * 100 AS BIGINT) AS VARCHAR)",
        "43864201227",
    ),
    "DATEDIFF counts boundaries": ("CAST(DATEDIFF(day, DATE '2026-11-23', DATE '2026-12-01') AS VARCHAR)", "8"),
}


def checks(names: Platform, clients: Clients) -> Iterator[Check]:
    """All of them, in the order in which they help: who, where, then what."""
    yield Check("who asks", lambda: str(clients("sts").get_caller_identity()["Arn"]))
    s3 = clients("s3")
    for bucket in (names.lake_bucket, names.artifacts_bucket, names.reports_bucket):
        yield Check(f"s3: {bucket} keeps versions", lambda b=bucket: _versioned(s3, b))  # type: ignore[misc]
    yield Check(f"s3: {names.reports_bucket} has Object Lock", lambda: _locked(s3, names.reports_bucket))
    yield Check(
        "dynamodb: the state table has the key pk", lambda: _table(clients("dynamodb"), names.branch_state_table)
    )
    yield Check(f"glue: job {names.curate_job} is Glue 5.0", lambda: _job(clients("glue"), names.curate_job))
    yield Check(
        "glue: the catalog's database",
        lambda: str(clients("glue").get_database(Name=names.catalog_database)["Database"]["Name"]),
    )
    yield Check("kms: the key signs with ECDSA P-256", lambda: _key(clients("kms"), names.signing_key))
    for topic in (names.alerts_topic_arn, names.rehearsal_topic_arn):
        yield Check(
            f"sns: {topic}",
            lambda t=topic: str(clients("sns").get_topic_attributes(TopicArn=t)["Attributes"]["TopicArn"]),
        )  # type: ignore[misc]
    yield Check(
        "secretsmanager: a branch's connection",
        lambda: str(clients("secretsmanager").describe_secret(SecretId="airflow/connections/sucursal_001")["Name"]),
    )
    warehouse = DataApi(
        clients("redshift-data"), names.warehouse.workgroup, names.warehouse.database, timeout_seconds=120
    )
    for what, (expression, wanted) in EXPRESSIONS.items():
        yield Check(f"redshift: {what}", lambda e=expression, w=wanted: _expression(warehouse, e, w))  # type: ignore[misc]
    yield Check("redshift: a value is bound by name", lambda: _bound(warehouse))
    for view in ("svv_table_info", "sys_query_history", "sys_vacuum_history"):
        yield Check(f"redshift: {view} can be read", lambda v=view: _view(warehouse, v))  # type: ignore[misc]


def run(every: Iterator[Check], tell: Callable[[Result], None]) -> list[Result]:
    """Ask each, tell each result at once, and return them all."""
    found = []
    for check in every:
        try:
            result = Result(check.name, True, check.ask())
        except (BotoCoreError, ClientError, PodemosError, AssertionError, KeyError) as failure:
            result = Result(check.name, False, f"{type(failure).__name__}: {failure}")
        tell(result)
        found.append(result)
    return found


def _require(good: bool, seen: object) -> str:
    if not good:
        raise AssertionError(f"found {seen}")
    return str(seen)


def _versioned(s3: Any, bucket: str) -> str:
    status = s3.get_bucket_versioning(Bucket=bucket).get("Status")
    return _require(status == "Enabled", status)


def _locked(s3: Any, bucket: str) -> str:
    found = s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
    return _require(found.get("ObjectLockEnabled") == "Enabled", found)


def _table(dynamodb: Any, name: str) -> str:
    keys = dynamodb.describe_table(TableName=name)["Table"]["KeySchema"]
    return _require(keys == [{"AttributeName": "pk", "KeyType": "HASH"}], keys)


def _job(glue: Any, name: str) -> str:
    job = glue.get_job(JobName=name)["Job"]
    return _require(job.get("GlueVersion") == "5.0", job.get("GlueVersion"))


def _key(kms: Any, alias: str) -> str:
    about = kms.describe_key(KeyId=alias)["KeyMetadata"]
    seen = about.get("KeySpec"), about.get("KeyUsage")
    return _require(seen == ("ECC_NIST_P256", "SIGN_VERIFY"), seen)


def _one(warehouse: DataApi, sql: str, **values: str) -> str:
    row = next(warehouse.fetch(Script("fidelity-check", f"{sql};\n"), values))
    return str(next(iter(row.values())))


def _expression(warehouse: DataApi, expression: str, wanted: str) -> str:
    seen = _one(warehouse, f"SELECT {expression} AS seen")
    return _require(seen == wanted, seen)


def _bound(warehouse: DataApi) -> str:
    seen = _one(warehouse, "SELECT CAST(:value AS VARCHAR) AS seen", value="it's; -- text")
    return _require(seen == "it's; -- text", seen)


def _view(warehouse: DataApi, view: str) -> str:
    return f"{_one(warehouse, f'SELECT COUNT(*) AS seen FROM {view}')} rows"  # noqa: S608 - the names above
