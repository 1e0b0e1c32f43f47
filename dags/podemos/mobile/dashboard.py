"""The dashboard's body, made of the metrics' own names: `infra/dashboards/mobile.json` is this, and a test holds it.

What AWS measures itself (a queue's depth and age, a function's duration and errors) is shown beside it.
"""

from __future__ import annotations

import json
from typing import Any

from podemos.contracts.platform import Platform
from podemos.mobile.metrics import NAMESPACE, Metric

FUNCTIONS = ("podemos-mobile-ingest", "podemos-mobile-process-events")
_WIDTH, _HEIGHT = 8, 6
ROWS: tuple[tuple[str, tuple[Metric, ...]], ...] = (
    ("Captured to queryable", (Metric.LATENCY, Metric.LATENCY_P50, Metric.LATENCY_P95, Metric.LATENCY_P99)),
    ("Uploads", (Metric.REQUESTS, Metric.ACCEPTED, Metric.TURNED_AWAY)),
    ("Events", (Metric.EVENTS_RECEIVED, Metric.MESSAGES, Metric.EVENTS_PROCESSED, Metric.RECORDS)),
    ("Success", (Metric.SUCCESS,)),
    ("Refused and repeated", (Metric.LINES_REFUSED, Metric.EVENTS_REPEATED, Metric.EVENTS_CONFLICTING)),
    ("Dead letters", (Metric.DEAD_LETTERS,)),
    ("Quarantined by reason", (Metric.QUARANTINED,)),
    ("Files per branch", (Metric.FILES,)),
    ("Waiting for compaction", (Metric.BACKLOG, Metric.BACKLOG_BYTES, Metric.QUEUE_AGE)),
    ("Queues", (Metric.QUEUE_DEPTH,)),
    ("Small files and bytes rewritten", (Metric.SMALL_FILES, Metric.REWRITTEN)),
    ("Phones, and who is silent", (Metric.PHONES, Metric.SILENT)),
    ("Events that phones owe", (Metric.OWED,)),
    ("Duration of the watch", (Metric.DURATION,)),
)


def body(platform: Platform) -> dict[str, Any]:
    """The JSON that CloudWatch takes.

    Args:
        platform: names the region and the queues.
    """
    queues = (platform.mobile.inbox_queue, platform.mobile.dead_letter_queue, platform.mobile.backlog_queue)
    native = [
        ("Queue depth", [["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", name] for name in queues]),
        ("Age of the oldest message", [["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", n] for n in queues]),
        ("Lambda duration", [["AWS/Lambda", "Duration", "FunctionName", name, {"stat": "p95"}] for name in FUNCTIONS]),
        ("Lambda errors and throttles", [["AWS/Lambda", what, "FunctionName", name] for name in FUNCTIONS
                                         for what in ("Errors", "Throttles")]),
    ]  # fmt: skip
    ours = [(title, [_series(metric, platform.region) for metric in metrics]) for title, metrics in ROWS]
    return {
        "widgets": [
            {
                "type": "metric",
                "x": _WIDTH * (at % 3),
                "y": _HEIGHT * (at // 3),
                "width": _WIDTH,
                "height": _HEIGHT,
                "properties": {"title": title, "region": platform.region, "view": "timeSeries", "metrics": series},
            }
            for at, (title, series) in enumerate([*ours, *native])
        ]
    }


def text(platform: Platform) -> str:
    """The body as the file holds it."""
    return json.dumps(body(platform), indent=1, ensure_ascii=False) + "\n"


def _series(metric: Metric, region: str) -> list[Any]:
    """One metric, or a search for all values of its dimension."""
    if not metric.dimension:
        return [NAMESPACE, metric.title]
    search = f"SEARCH('{{{NAMESPACE},{metric.dimension}}} MetricName=\"{metric.title}\"', 'Sum', 1800)"
    return [{"expression": search, "label": metric.title, "region": region}]
