"""Names of everything outside: `include/config/platform.yaml`, overridable as a whole or in part by one JSON text.

The override is the Airflow Variable `podemos_platform` under Airflow and the environment variable `PODEMOS_PLATFORM`
on the command line: the same code runs in every account.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any, Literal

import yaml
from pydantic import Field

from podemos.contracts.loading import Strict, check, config_file
from podemos.core.errors import ContractViolation
from podemos.core.retention import Retention


class Warehouse(Strict):
    """The Redshift that the Data API talks to."""

    workgroup: str
    database: str
    copy_role_arn: str


class ReportLock(Strict):
    """S3 Object Lock of each published object, set as it is written; rehearsals are not locked."""

    mode: Literal["GOVERNANCE", "COMPLIANCE"]
    days: int = Field(ge=1, le=36_500, description="at least so long after the publication")


class Contingency(Strict):
    """The Fargate task that publishes when Airflow can not."""

    cluster: str
    task_definition: str
    container: str
    subnets: tuple[str, ...] = Field(min_length=1)
    security_groups: tuple[str, ...] = Field(min_length=1)


class MobileNames(Strict):
    """Tables, rule and queues of the phones' path."""

    heartbeats_table: str
    seen_table: str
    admission_table: str
    inbox_rule: str
    inbox_queue: str
    dead_letter_queue: str
    backlog_queue: str


class Platform(Strict):
    """Names of buckets, tables, topics, keys and jobs."""

    region: str
    lake_bucket: str
    reports_bucket: str
    artifacts_bucket: str
    branch_state_table: str
    alerts_topic_arn: str
    rehearsal_topic_arn: str
    signing_key: str
    glue_role: str
    curate_job: str
    compact_job: str
    catalog_database: str
    report_lock: ReportLock
    pilot_branches: int | None = None
    """A pilot environment works with the first so many branches of branches.yaml; None is all."""
    warehouse: Warehouse
    contingency: Contingency
    mobile: MobileNames
    go_live: date
    """The first business day that has a report."""
    production: bool = True
    """False: every alert goes to the rehearsals' topic, which wakes nobody."""

    def topic_arn(self, *, rehearsal: bool) -> str:
        """Where alerts go."""
        return self.alerts_topic_arn if self.production and not rehearsal else self.rehearsal_topic_arn

    @property
    def retention(self) -> Retention:
        """The rule of the reports' bucket."""
        return Retention(self.report_lock.mode, self.report_lock.days, "reports/", "reports/rehearsal/")


def platform(override: str | None = None) -> Platform:
    """The names in force.

    Args:
        override: a JSON object whose keys replace those of platform.yaml (one level deep in its sections).

    Raises:
        ContractViolation: the file or the override does not fit.
    """
    path = config_file("platform.yaml")
    data: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    try:
        given = json.loads(override) if override else {}
    except ValueError as error:
        raise ContractViolation(f"podemos_platform is not JSON: {error}") from error
    for nested in ("warehouse", "report_lock", "contingency", "mobile"):
        data[nested] |= given.pop(nested, {})
    return check(Platform, data | given, f"{path.name} with podemos_platform")
