"""What of a certification a person should act on: one line per branch and cause, each with its place in the runbook."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from podemos.branches import keys
from podemos.branches.link import Trouble
from podemos.core.clock import from_iso
from podemos.core.errors import AlreadyExists
from podemos.core.store import ObjectStore

RUNBOOK = "docs/runbooks/branch_ingestion.md"
NEEDS_A_PERSON = (Trouble.REFUSED, Trouble.DRIFT, Trouble.FAULTY)
"""The other states end by themselves; a branch that stays away is told of by its age."""
SILENT = timedelta(days=1)
NEW_COLUMN = "a-branch-has-a-new-column"
NOT_SEEN = "a-branch-has-not-been-seen-for-a-day"
HOLD_BACK = {
    "is open for": "a-transaction-is-open-too-long",
    "PROCESS privilege": "no-process-privilege",
    "a replica": "the-connection-leads-to-a-replica",
    "INNODB_TRX stays old": "innodb_trx-stays-old",
}
"""Words of an alert of `horizon` -> its section."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing to act on."""

    branch: str
    section: str
    text: str

    def line(self) -> str:
        """For a notice."""
        return f"sucursal {self.branch}: {self.text}. {RUNBOOK}#{self.section}"


def found(certification: Mapping[str, Any], outcomes: Mapping[str, Mapping[str, str]]) -> list[Alarm]:
    """Alarms of a certification and of the last pulls, by branch and section.

    Args:
        certification: its manifest.
        outcomes: of `outcomes.latest`.
    """
    alarms = [*_states(outcomes), *_held_back(certification), *_not_seen(certification), *_new_columns(certification)]
    first = {(alarm.branch, alarm.section): alarm for alarm in reversed(alarms)}
    return [first[name] for name in sorted(first)]


def untold(lake: ObjectStore, business_date: str, alarms: Iterable[Alarm]) -> list[Alarm]:
    """Those that no notice of the business day holds yet; see `remember`."""
    told = {info.key for info in lake.list(keys.told(business_date))}
    return [alarm for alarm in alarms if keys.told(business_date, alarm.branch, alarm.section) not in told]


def remember(lake: ObjectStore, business_date: str, alarms: Iterable[Alarm]) -> None:
    """Records that a notice was sent. Called after it: a crash in between tells twice, never not at all."""
    for alarm in alarms:
        key = keys.told(business_date, alarm.branch, alarm.section)
        with contextlib.suppress(AlreadyExists):
            lake.put_new(key, json.dumps({"text": alarm.text}).encode(), "application/json")


def section_of(alert: str) -> str:
    """The runbook's section of an alert of `horizon`."""
    return next((section for words, section in HOLD_BACK.items() if words in alert), "hold-back-alerts")


def _states(outcomes: Mapping[str, Mapping[str, str]]) -> Iterator[Alarm]:
    for branch, last in outcomes.items():
        if last["state"] in NEEDS_A_PERSON:
            yield Alarm(branch, last["state"], f"{last['state']}: {last['message']}; {last['remedy']}")


def _held_back(certification: Mapping[str, Any]) -> Iterator[Alarm]:
    for entry in certification.get("alerts", ()):
        yield Alarm(entry["branch"], section_of(entry["alert"]), entry["alert"])


def _new_columns(certification: Mapping[str, Any]) -> Iterator[Alarm]:
    """One line for all branches: a new release of the till brings a column to many at once."""
    found = [(entry["branch"], f"{entry['table']}.{column}")
             for entry in certification.get("new_columns", ()) for column in entry["columns"]]  # fmt: skip
    if found:
        columns, branches = sorted({column for _, column in found}), sorted({branch for branch, _ in found})
        yield Alarm(branches[0], NEW_COLUMN, f"{len(branches)} branches have new columns: {', '.join(columns)}")


def _not_seen(certification: Mapping[str, Any]) -> Iterator[Alarm]:
    now: datetime = from_iso(certification["certified"])
    for branch in certification["branches"]:
        seen = branch["as_of"] and from_iso(branch["as_of"])
        if branch["state"] == "missing" and (not seen or now - seen > SILENT):
            yield Alarm(branch["id"], NOT_SEEN, f"not seen since {branch['as_of'] or 'ever'}")
