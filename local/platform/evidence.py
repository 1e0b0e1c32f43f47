"""What a night left behind, read from its manifests in the lake and in the reports bucket."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from local.platform.provision.storage import alerts
from local.platform.stack import Stack
from local.platform.watch import Run
from podemos.contracts.platform import Platform
from podemos.contracts.platform import platform as platform_names
from podemos.core.clock import iso

PULLED, OFFLINE = "pulled", "offline"


@dataclass(frozen=True)
class Report:
    """The version that the night published, or found published already."""

    uri: str
    version: int
    status: str
    movements: int
    cents: int
    published_at: str

    @property
    def folder(self) -> str:
        """Its URI with a final slash."""
        return f"{self.uri}/"


@dataclass
class Evidence:
    """All of it; what the night did not reach is empty.

    Attributes:
        branches: branch id -> state of its pull, see `podemos.branches.link.Trouble`.
        notes: branch id -> the branch's trouble and its remedy in words.
        rows: rows landed from the branches.
        certified: branches whose day is proven in the warehouse.
        quarantine: table -> rows that wait there, for a parent that is unknown so far.
        messages: what the certificates say of branches, one line each.
        source_states: source id -> sealed or missing, with the reason.
        differences: one line per difference that the reconciliation found, blocking ones first.
        reasons: why the report is held.
        docs: URI of the Data Docs page.
        alerts: subjects of the messages sent to people since the night began.
    """

    branches: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    certified: int = 0
    quarantine: dict[str, int] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    source_states: dict[str, tuple[str, str]] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)
    yellow: int = 0
    excepted: int = 0
    uncertified: list[str] = field(default_factory=list)
    outcome: str = ""
    reasons: list[str] = field(default_factory=list)
    docs: str = ""
    alerts: list[str] = field(default_factory=list)
    report: Report | None = None

    @property
    def held(self) -> bool:
        """Whether the policy, or a difference, holds the report."""
        return self.outcome == "hold"

    @property
    def sources(self) -> int:
        """Sources that were sealed."""
        return sum(state == "sealed" for state, _ in self.source_states.values())

    @property
    def branches_offline(self) -> list[str]:
        """Branches from which not everything could be read."""
        return sorted(branch for branch, state in self.branches.items() if state != PULLED)


class _Reader:
    """Reads the manifests whose keys the tasks of a run handed on."""

    def __init__(self, stack: Stack, names: Platform) -> None:
        self._airflow, self._s3, self._names = stack.airflow, stack.clients("s3"), names

    def lake(self, run: Run, task_id: str, map_index: int = -1) -> dict[str, Any]:
        """The manifest that a task returned; empty when it did not get so far."""
        key = self._airflow.xcom(run.dag_id, run.run_id, task_id, map_index)
        return self._read(self._names.lake_bucket, key) if key else {}

    def report(self, run: Run) -> Report | None:
        """The version that `publish` returned."""
        key = self._airflow.xcom(run.dag_id, run.run_id, "publish")
        if not key:
            return None
        manifest = self._read(self._names.reports_bucket, key)
        return Report(
            uri=f"s3://{self._names.reports_bucket}/{key.rpartition('/')[0]}",
            version=manifest["version"],
            status=manifest["outcome"],
            movements=manifest["movements"],
            cents=manifest["cents"],
            published_at=manifest["published_at"],
        )

    def _read(self, bucket: str, key: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        return found


def gather(stack: Stack, branches: Run, report: Run) -> Evidence:
    """Everything that both runs came to."""
    names = platform_names()
    reader, found = _Reader(stack, names), Evidence()
    for task in branches.tasks:
        if task["task_id"] == "pull" and task["state"] == "success":
            _add_batch(found, reader.lake(branches, "pull", task["map_index"]))
    for table, waiting in reader.lake(branches, "publish").get("quarantine", {}).items():
        found.quarantine[table] = waiting["rows"]
    certification = reader.lake(branches, "certify")
    found.certified = sum(branch["state"] == "certified" for branch in certification.get("branches", ()))
    found.messages = certification.get("messages", [])
    for entry in reader.lake(report, "seal").get("sources", ()):
        found.source_states[entry["source"]] = (entry["state"], entry["reason"])
    results = [row for row in reader.lake(report, "reconcile").get("results", ()) if _differs(row)]
    found.differences = [_line(row) for row in sorted(results, key=lambda row: row["severity"])]
    certificate = reader.lake(report, "gate")
    if certificate:
        found.yellow = certificate["yellow"]
        found.docs = f"s3://{names.lake_bucket}/{certificate['docs']['page']}"
    decision = reader.lake(report, "decide")
    if decision:
        found.outcome, found.reasons = decision["outcome"], decision["reasons"]
        found.excepted = decision["excepted_movements"]
        found.uncertified = sorted(branch["id"] for branch in decision["branches_not_certified"])
    found.report = reader.report(report)
    began = iso(branches.started) if branches.started else ""
    found.alerts = [alert["subject"] for alert in alerts(stack.clients, keep=True) if alert["at"] >= began]
    return found


def _add_batch(found: Evidence, batch: dict[str, Any]) -> None:
    for outcome in batch.get("branches", ()):
        found.branches[outcome["branch"]] = outcome["state"]
        found.rows += outcome["rows"]
        if outcome["message"]:
            found.notes[outcome["branch"]] = f"{outcome['message']}; {outcome['remedy']}"


def _differs(row: dict[str, Any]) -> bool:
    return any(row[f"expected_{name}"] != row[f"actual_{name}"] for name in ("rows", "cents", "digest"))


def _line(row: dict[str, Any]) -> str:
    return row["detail"] or f"{row['source']}: {row['rule']} {row['unit']}".strip()
