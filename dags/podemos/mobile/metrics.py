"""The numbers of the phones' path: a closed set of names, written as CloudWatch EMF lines.

The functions write theirs to their own log, from which CloudWatch takes them. A task's log lines have a prefix there,
so the watch writes to a log group of its own. The lines are plain JSON: `python -m podemos.mobile metrics` reads them,
locally, too. `infra/dashboards/mobile.json` is made of the same names.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, StrEnum
from typing import Any

NAMESPACE = "Podemos/Mobile"
LOG_GROUP = "/podemos/mobile/watch"
Sink = Callable[[str], None]
"""Takes one line."""


class Unit(StrEnum):
    """CloudWatch's words."""

    COUNT = "Count"
    SECONDS = "Seconds"
    BYTES = "Bytes"
    PERCENT = "Percent"


class Metric(Enum):
    """Every metric: its name, its unit, and the dimension by which it is split (beside none)."""

    # of the functions, dimension `service`
    REQUESTS = ("Requests", Unit.COUNT, "service")
    ACCEPTED = ("Accepted", Unit.COUNT, "service")
    TURNED_AWAY = ("TurnedAway", Unit.COUNT, "service")
    EVENTS_RECEIVED = ("EventsReceived", Unit.COUNT, "service")
    MESSAGES = ("Messages", Unit.COUNT, "service")
    EVENTS_PROCESSED = ("EventsProcessed", Unit.COUNT, "service")
    LINES_REFUSED = ("LinesRefused", Unit.COUNT, "service")
    EVENTS_REPEATED = ("EventsRepeated", Unit.COUNT, "service")
    EVENTS_CONFLICTING = ("EventsConflicting", Unit.COUNT, "service")
    DEAD_LETTERS = ("DeadLetters", Unit.COUNT, "service")
    # of the compaction, as the watch finds its revisions
    FILES = ("FilesPerBranch", Unit.COUNT, "branch")
    LATENCY = ("IngestLatencySeconds", Unit.SECONDS, "")
    """Its values are the percentiles from 1 to 99, so that CloudWatch can take any of them over any time."""
    LATENCY_P50 = ("IngestLatencyP50", Unit.SECONDS, "")
    LATENCY_P95 = ("IngestLatencyP95", Unit.SECONDS, "")
    LATENCY_P99 = ("IngestLatencyP99", Unit.SECONDS, "")
    RECORDS = ("RecordsProcessed", Unit.COUNT, "")
    SUCCESS = ("SuccessRate", Unit.PERCENT, "")
    QUARANTINED = ("RecordsQuarantined", Unit.COUNT, "reason")
    SMALL_FILES = ("SmallFiles", Unit.COUNT, "")
    REWRITTEN = ("BytesRewritten", Unit.BYTES, "")
    BACKLOG = ("BacklogObjects", Unit.COUNT, "")
    BACKLOG_BYTES = ("BacklogBytes", Unit.BYTES, "")
    QUEUE_DEPTH = ("QueueDepth", Unit.COUNT, "queue")
    QUEUE_AGE = ("OldestUpload", Unit.SECONDS, "")
    # of the watch
    PHONES = ("Phones", Unit.COUNT, "")
    SILENT = ("Silent", Unit.COUNT, "kind")
    OWED = ("EventsMissing", Unit.COUNT, "debt")
    DURATION = ("Duration", Unit.SECONDS, "step")

    @property
    def title(self) -> str:
        """The name in CloudWatch."""
        return str(self.value[0])

    @property
    def unit(self) -> Unit:
        """Its unit."""
        return Unit(self.value[1])

    @property
    def dimension(self) -> str:
        """By what it is split; empty when it is not."""
        return str(self.value[2])


@dataclass(frozen=True, slots=True)
class Measured:
    """One value, or many. `of`: the value of the metric's dimension."""

    metric: Metric
    value: float | Sequence[float]
    of: str = ""

    def __post_init__(self) -> None:
        """A metric with a dimension needs its value, one without has none.

        Raises:
            ValueError: it is otherwise.
        """
        if bool(self.metric.dimension) != bool(self.of):
            raise ValueError(f"{self.metric.title} is split by {self.metric.dimension or 'nothing'}, not {self.of!r}")


def emf(values: Iterable[Measured], at: datetime) -> Iterator[str]:
    """One line for each dimension's value, in the embedded metric format.

    Args:
        values: any order; of the same metric and dimension value the last one counts.
        at: when they were true.
    """
    groups: dict[tuple[str, str], dict[Metric, float | Sequence[float]]] = {}
    for each in values:
        groups.setdefault((each.metric.dimension, each.of), {})[each.metric] = each.value
    for (dimension, of), found in groups.items():
        about = {
            "Timestamp": int(at.timestamp() * 1000),
            "CloudWatchMetrics": [
                {
                    "Namespace": NAMESPACE,
                    "Dimensions": [[dimension], []] if dimension else [[]],  # and their sum
                    "Metrics": [{"Name": metric.title, "Unit": metric.unit.value} for metric in found],
                }
            ],
        }
        line: dict[str, Any] = {"_aws": about} | ({dimension: of} if dimension else {})
        yield json.dumps(line | {metric.title: value for metric, value in found.items()}, ensure_ascii=False)


class LogGroup:
    """A sink: CloudWatch Logs, one stream a day.

    Args:
        client: a boto3 `logs` client.
        clock: names the stream and stamps the line.
        group: its name; created when it is missing.
    """

    def __init__(self, client: Any, clock: Callable[[], datetime], group: str = LOG_GROUP) -> None:
        self._client, self._clock, self._group = client, clock, group
        self._streams: set[str] = set()

    def __call__(self, line: str) -> None:
        """One event."""
        now = self._clock()
        stream = now.date().isoformat()
        if stream not in self._streams:
            self._create(stream)
        self._client.put_log_events(
            logGroupName=self._group,
            logStreamName=stream,
            logEvents=[{"timestamp": int(now.timestamp() * 1000), "message": line}],
        )

    def read(self, since: timedelta) -> Iterator[dict[str, Any]]:
        """The lines of the last time, oldest first."""
        start = int((self._clock() - since).timestamp() * 1000)
        pages = self._client.get_paginator("filter_log_events").paginate(logGroupName=self._group, startTime=start)
        for page in pages:
            yield from (json.loads(event["message"]) for event in page["events"])

    def _create(self, stream: str) -> None:
        exists = self._client.exceptions.ResourceAlreadyExistsException
        for create, names in (
            (self._client.create_log_group, {"logGroupName": self._group}),
            (self._client.create_log_stream, {"logGroupName": self._group, "logStreamName": stream}),
        ):
            try:
                create(**names)
            except exists:
                continue
        self._streams.add(stream)


def latest(lines: Iterable[Mapping[str, Any]]) -> dict[str, tuple[float, datetime]]:
    """The newest value of each metric that is one number: ``RecordsQuarantined{reason=invalid_json}``."""
    found: dict[str, tuple[float, datetime]] = {}
    for line in lines:
        at = datetime.fromtimestamp(line["_aws"]["Timestamp"] / 1000, UTC)
        for about in line["_aws"]["CloudWatchMetrics"]:
            names = ",".join(f"{name}={line[name]}" for name in about["Dimensions"][0])
            for metric in about["Metrics"]:
                if isinstance(line[metric["Name"]], int | float):
                    found[metric["Name"] + (f"{{{names}}}" if names else "")] = (line[metric["Name"]], at)
    return found
