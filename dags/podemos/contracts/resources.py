"""Buckets, tables, topics, queues, rules, keys, roles and jobs: what is created, with its settings, by name.

The local platform creates them with boto3 and `infra/` declares them for CloudFormation; both read them here, and a
test compares what the one made with what the other says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from podemos.contracts.platform import MobileNames, Platform

LOCK_DAYS = 30
"""A reports bucket's default, beneath what each published object asks for itself (`report_lock` of platform.yaml)."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """A versioned bucket. `locked`: with Object Lock, GOVERNANCE for `LOCK_DAYS` by default."""

    name: str
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A DynamoDB table with one string key, paid by request. `expires` names its attribute of time to live."""

    name: str
    key: str = "pk"
    expires: str | None = None


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An asymmetric KMS key under an alias."""

    alias: str
    spec: str = "ECC_NIST_P256"
    usage: str = "SIGN_VERIFY"


@dataclass(frozen=True, slots=True)
class ServiceRole:
    """A role that one service assumes."""

    name: str
    service: str


@dataclass(frozen=True, slots=True)
class Queue:
    """An SQS queue; after `receives` a message goes to the dead-letter queue."""

    name: str
    visibility_seconds: int
    retention_days: int
    dead_letter: str | None = None
    receives: int = 5


@dataclass(frozen=True, slots=True)
class Rule:
    """An EventBridge rule on new objects of a bucket below a prefix, to a queue."""

    name: str
    bucket: str
    prefix: str
    queue: str

    @property
    def pattern(self) -> Mapping[str, Any]:
        """The event pattern."""
        return created_below(self.bucket, self.prefix)


@dataclass(frozen=True, slots=True)
class GlueJob:
    """A Glue job; script and library lie in the folder of their release."""

    name: str
    role: str
    version: str = "5.0"
    worker_type: str = "G.1X"
    workers: int = 2
    timeout_minutes: int = 60
    retries: int = 0
    concurrent_runs: int = 3

    def script(self, bucket: str, release: str) -> str:
        """Where the script of a release is."""
        return f"s3://{bucket}/glue/{release}/{self.name}.py"

    def arguments(self, bucket: str, release: str) -> dict[str, str]:
        """What every run of a release is given."""
        return {"--extra-py-files": f"s3://{bucket}/glue/{release}/podemos.zip", "--job-language": "python"}


def buckets(names: Platform) -> tuple[Bucket, ...]:
    """Lake, artifacts and reports."""
    return Bucket(names.lake_bucket), Bucket(names.artifacts_bucket), Bucket(names.reports_bucket, locked=True)


def tables(names: Platform) -> tuple[Table, ...]:
    """Watermarks and leases of the branches."""
    return (Table(names.branch_state_table),)


def topics(names: Platform) -> tuple[str, ...]:
    """Names of the alerts' topic and of the rehearsals' quiet one."""
    return tuple(arn.rpartition(":")[2] for arn in (names.alerts_topic_arn, names.rehearsal_topic_arn))


def signing_keys(names: Platform) -> tuple[SigningKey, ...]:
    """The key that signs published manifests."""
    return (SigningKey(names.signing_key),)


def roles(names: Platform) -> tuple[ServiceRole, ...]:
    """Of Glue jobs, and of COPY and UNLOAD."""
    copy = names.warehouse.copy_role_arn.rpartition("/")[2]
    return ServiceRole(names.glue_role, "glue.amazonaws.com"), ServiceRole(copy, "redshift.amazonaws.com")


def jobs(names: Platform) -> tuple[GlueJob, ...]:
    """All Glue jobs."""
    return GlueJob(names.curate_job, names.glue_role), GlueJob(names.compact_job, names.glue_role)


def mobile_tables(mobile: MobileNames) -> tuple[Table, ...]:
    """The phones' heartbeats, the work and events seen lately, and the counts of admission."""
    return (
        Table(mobile.heartbeats_table, "id_dispositivo"),
        Table(mobile.seen_table, expires="expires_at"),
        Table(mobile.admission_table, expires="expires_at"),
    )


def mobile_queues(mobile: MobileNames) -> tuple[Queue, ...]:
    """The dead-letter queue first: the other names it."""
    return (
        Queue(mobile.dead_letter_queue, 60, 14),
        Queue(mobile.inbox_queue, 360, 4, dead_letter=mobile.dead_letter_queue, receives=6),
        Queue(mobile.backlog_queue, 60, 1),
    )


def mobile_rule(names: Platform, inbox: str) -> Rule:
    """New files below the prefix of the phones' inbox, to the queue."""
    return Rule(names.mobile.inbox_rule, names.lake_bucket, inbox, names.mobile.inbox_queue)


def created_below(bucket: str, prefix: str) -> dict[str, Any]:
    """The pattern of a new object's event; a change of tags has another detail type."""
    return {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [bucket]}, "object": {"key": [{"prefix": prefix}]}},
    }
