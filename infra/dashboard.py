"""One page: the night, the mobile path's seven numbers, the warehouse."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from infra.site import Site

NAMESPACE = "Podemos/Mobile"
"""Where the phones' functions and the compaction put their own numbers (CloudWatch EMF)."""
OWN_METRICS = {
    "Files per branch": "FilesPerBranch",
    "Ingest latency, captured to queryable": "IngestLatencySeconds",
    "Success rate": "SuccessRate",
    "Records processed": "RecordsProcessed",
    "Records in quarantine": "RecordsQuarantined",
}
Metric = list[Any]
_WIDTH, _HEIGHT, _PER_ROW = 8, 6, 3


def body(site: Site) -> dict[str, Any]:
    """The dashboard's document."""
    widgets = [_widget(title, metrics, statistic) for title, metrics, statistic in _charts(site)]
    for number, widget in enumerate(widgets):
        widget |= {"x": number % _PER_ROW * _WIDTH, "y": number // _PER_ROW * _HEIGHT}
    return {"start": "-PT24H", "periodOverride": "inherit", "widgets": widgets}


def _charts(site: Site) -> Iterable[tuple[str, list[Metric], str]]:
    here, mobile = site.mwaa, site.names.mobile
    dags = [["AmazonMWAA", "DAGDurationSuccess", "DAG", dag, "Environment", here] for dag in site.deployment.tier_one]
    delays = [["AmazonMWAA", "DAGScheduleDelay", "DAG", dag, "Environment", here] for dag in site.deployment.tier_one]
    yield "Duration of tier-1 DAGs", dags, "Maximum"
    yield "Delay of their start", delays, "Maximum"
    yield "Scheduler heartbeat, import errors", [
        ["AmazonMWAA", "SchedulerHeartbeat", "Function", "Scheduler", "Environment", here],
        ["AmazonMWAA", "ImportErrors", "Function", "DAG Processing", "Environment", here],
    ], "Maximum"  # fmt: skip
    for title, metric in OWN_METRICS.items():
        yield title, [[NAMESPACE, metric]], "p95" if metric == "IngestLatencySeconds" else "Sum"
    yield "Queue depth and age", [
        ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", mobile.inbox_queue],
        ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", mobile.inbox_queue],
        ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", mobile.dead_letter_queue],
    ], "Maximum"  # fmt: skip
    functions = [f"{here}-ingest", f"{here}-process-events", site.deployment.watchdog.function]
    yield "Lambda duration", [["AWS/Lambda", "Duration", "FunctionName", name] for name in functions], "p95"
    yield "Lambda errors", [["AWS/Lambda", "Errors", "FunctionName", name] for name in functions], "Sum"
    workgroup = site.names.warehouse.workgroup
    yield "Warehouse: queue and capacity", [
        ["AWS/Redshift-Serverless", "QueriesQueued", "Workgroup", workgroup],
        ["AWS/Redshift-Serverless", "ComputeCapacity", "Workgroup", workgroup],
    ], "Average"  # fmt: skip


def _widget(title: str, metrics: list[Metric], statistic: str) -> dict[str, Any]:
    properties = {"title": title, "metrics": metrics, "stat": statistic, "period": 300, "view": "timeSeries"}
    return {"type": "metric", "width": _WIDTH, "height": _HEIGHT, "properties": properties}
