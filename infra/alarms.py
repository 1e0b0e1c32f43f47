"""Alarms as data: what is measured, when it is wrong, and what that means for 06:00."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from infra.site import Site
from podemos.contracts.sources import sources

_MIB = 1024 * 1024
FIVE_MINUTES, HOUR, DAY = 300, 3600, 86_400


@dataclass(frozen=True)
class Alarm:
    """One metric against one threshold.

    Attributes:
        name: after the environment's.
        meaning: what it says to whoever is woken, and the page of the runbook.
        namespace: of the metric.
        metric: its name.
        dimensions: its dimensions.
        threshold: with `worse`, what is wrong.
        worse: which side of the threshold.
        statistic: over each period.
        period: seconds.
        of: how many of the latest periods must be wrong, and of how many.
        silence: what no data means.
    """

    name: str
    meaning: str
    namespace: str
    metric: str
    dimensions: Mapping[str, str]
    threshold: float
    worse: Literal["GreaterThanThreshold", "LessThanThreshold"] = "GreaterThanThreshold"
    statistic: str = "Maximum"
    period: int = FIVE_MINUTES
    of: tuple[int, int] = (1, 1)
    silence: Literal["breaching", "notBreaching", "missing"] = "notBreaching"
    unit: str | None = field(default=None)


def recommended(site: Site) -> Iterator[Alarm]:
    """The ten that AWS recommends for an environment (September 2026), with the actions that its console leaves out."""
    here = {"Environment": site.mwaa}
    yield Alarm(
        "scheduler-heartbeat", "No scheduler: nothing starts. docs/runbooks/deployment.md#the-scheduler-is-dead",
        "AmazonMWAA", "SchedulerHeartbeat", here | {"Function": "Scheduler"}, 1, "LessThanThreshold", "Sum",
        of=(2, 2), silence="breaching",
    )  # fmt: skip
    yield Alarm(
        "oldest-task", "A task waits for half an hour: workers are too few or dead",
        "AWS/MWAA", "ApproximateAgeOfOldestTask", here, 1800, of=(3, 3),
    )  # fmt: skip
    for cluster, periods in (("Scheduler", 3), ("WebServer", 3), ("BaseWorker", 6)):
        for metric in ("CPUUtilization", "MemoryUtilization"):
            short = metric.removesuffix("Utilization").lower()
            yield Alarm(
                f"{cluster.lower()}-{short}", f"{cluster}: {short} above 95 %; a full worker dies with its tasks",
                "AWS/MWAA", metric, here | {"Cluster": cluster}, 95, statistic="Average", of=(periods, periods),
            )  # fmt: skip
    writer = here | {"DatabaseRole": "WRITER"}
    yield Alarm(
        "database-cpu", "Airflow's database is busy: fewer DAG files, longer parsing intervals, a larger class",
        "AWS/MWAA", "CPUUtilization", writer, 95, statistic="Average", of=(3, 3),
    )  # fmt: skip
    yield Alarm(
        "database-memory", "Airflow's database has less than 512 MiB left",
        "AWS/MWAA", "FreeableMemory", writer, 512 * _MIB, "LessThanThreshold", "Average", of=(3, 3),
    )  # fmt: skip


def airflow(site: Site) -> Iterator[Alarm]:
    """Import errors, and each tier-1 DAG's duration, delay and failures."""
    here = {"Environment": site.mwaa}
    yield Alarm(
        "import-errors", "A DAG file cannot be imported: its runs do not start. Roll back: `make rollback`",
        "AmazonMWAA", "ImportErrors", here | {"Function": "DAG Processing"}, 0, of=(2, 2),
    )  # fmt: skip
    for dag in site.deployment.tier_one:
        own, short = here | {"DAG": dag}, dag.replace("_", "-")
        limit = site.settings.mwaa.max_dag_minutes * 60_000
        yield Alarm(
            f"{short}-duration", f"{dag} took longer than {site.settings.mwaa.max_dag_minutes} minutes",
            "AmazonMWAA", "DAGDurationSuccess", own, limit,
        )  # fmt: skip
        yield Alarm(
            f"{short}-delay", f"{dag} started ten minutes after it was due",
            "AmazonMWAA", "DAGScheduleDelay", own, 600_000,
        )  # fmt: skip
        yield Alarm(
            f"{short}-failed", f"A run of {dag} failed. docs/runbooks/{dag}.md",
            "AmazonMWAA", "DAGDurationFailed", own, 0, statistic="SampleCount",
        )  # fmt: skip


def mobile(site: Site) -> Iterator[Alarm]:
    """Age of the queue, what was given up, errors of the functions and of the API."""
    names = site.names.mobile
    yield Alarm(
        "mobile-queue-age", "Events of the phones wait for 15 minutes",
        "AWS/SQS", "ApproximateAgeOfOldestMessage", {"QueueName": names.inbox_queue}, 900, of=(2, 3),
    )  # fmt: skip
    yield Alarm(
        "mobile-dead-letters", "Files of phones were given up; read their reasons, mend, and send them again",
        "AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": names.dead_letter_queue}, 0,
    )  # fmt: skip
    for function in ("ingest", "process-events"):
        yield Alarm(
            f"{function}-errors", f"The function {function} fails",
            "AWS/Lambda", "Errors", {"FunctionName": f"{site.mwaa}-{function}"}, 5, statistic="Sum", of=(2, 3),
        )  # fmt: skip


def warehouse(site: Site) -> Iterator[Alarm]:
    """Space and queue of Redshift Serverless."""
    names = site.names.warehouse
    yield Alarm(
        "warehouse-queue", "Queries queue in the warehouse: loads of the night may be late",
        "AWS/Redshift-Serverless", "QueriesQueued", {"Workgroup": names.workgroup, "DatabaseName": names.database}, 10,
        statistic="Average", of=(3, 3),
    )  # fmt: skip
    yield Alarm(
        "warehouse-storage", "The warehouse holds more than 4 TB: redesign, or archive months",
        "AWS/Redshift-Serverless", "DataStorage", {"Namespace": names.workgroup}, 4 * 1024 * 1024, period=HOUR,
    )  # fmt: skip
    yield Alarm(
        "warehouse-capacity", "The warehouse is at its limit of RPU for half an hour",
        "AWS/Redshift-Serverless", "ComputeCapacity", {"Workgroup": names.workgroup},
        site.settings.warehouse.max_rpu - 1,
        statistic="Average", of=(6, 6),
    )  # fmt: skip


def arrivals(site: Site) -> Iterator[Alarm]:
    """A source of the report that delivered nothing for a day, counted by the rule that sees its folder."""
    for source in sources().sources:
        yield Alarm(
            f"source-{source.id.replace('_', '-')}", f"{source.nombre}: nothing came for a day; call {source.contact}",
            "AWS/Events", "MatchedEvents", {"RuleName": arrival_rule(site, source.id)}, 1, "LessThanThreshold", "Sum",
            period=DAY, silence="breaching",
        )  # fmt: skip


def watchdog(site: Site) -> Iterator[Alarm]:
    """Who watches the watchdog: it must be woken at each of its clocks, and not fail."""
    own = {"FunctionName": site.deployment.watchdog.function}
    yield Alarm(
        "watchdog-silent", "The watchdog was not woken at each of its clocks: nobody acts if Airflow is dead",
        "AWS/Lambda", "Invocations", own, len(site.deployment.watchdog.clocks), "LessThanThreshold", "Sum",
        period=DAY, silence="breaching",
    )  # fmt: skip
    yield Alarm(
        "watchdog-errors", "The watchdog fails: look at the report yourself. docs/runbooks/regulatory_report.md",
        "AWS/Lambda", "Errors", own, 0, statistic="Sum",
    )  # fmt: skip


def arrival_rule(site: Site, source: str) -> str:
    """Name of the rule that sees a source's folder."""
    return f"{site.mwaa}-arrival-{source.replace('_', '-')}"


def every(site: Site) -> list[Alarm]:
    """All alarms of an environment."""
    kinds = (recommended, airflow, mobile, warehouse, arrivals, watchdog)
    return [alarm for kind in kinds for alarm in kind(site)]
