"""Looks at a night from outside Airflow, and starts the contingency runner when nobody else will be on time.

Woken at 05:00, 05:30, 05:50 and 06:00. It reads four things, all of them objects: the newest mark of the night (its
heartbeat), the published version, the receipts of its delivery, and the newest decision. Time is the instant it was
woken for. Standard library and boto3 only: it runs where Airflow, pydantic and DuckDB are not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from podemos.core.alert import Alert, Level, Send, tell
from podemos.core.clock import from_iso, iso
from podemos.core.errors import SourceUnavailable
from podemos.core.manifest import read
from podemos.core.night import DEADLINE, Night
from podemos.core.store import ObjectStore
from podemos.regulatory import claims, keys, marks
from podemos.regulatory.claims import Started
from podemos.regulatory.marks import Mark
from podemos.regulatory.runner import Runner
from podemos.regulatory.versions import Version, newest

WAKES = ("05:00", "05:30", "05:50", "06:00")
"""On the night's clock; EventBridge Scheduler's, in America/Mexico_City."""
SILENT_MINUTES = 20
VERSION_BY, RECEIPT_BY = "05:30", "05:50"
OWNER = "regulatory-reporting"
RUNBOOK = "docs/runbooks/regulatory_report.md"
HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look came to.

    Attributes:
        state: `early`, `delivered`, `published` (not delivered everywhere), `held`, `alive`, `running` (a runner that
            was started before), `started` or `failed` (to start).
        detail: in words.
        runner: of a runner that was started, now or before.
    """

    business_date: str
    clock: str
    state: str
    detail: str
    runner: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return asdict(self)


def look(
    night: Night,
    at: datetime,
    *,
    lake: ObjectStore,
    reports: ObjectStore,
    channels: Iterable[str],
    runner: Runner,
    send: Send,
) -> Seen:
    """One look: acts if it must, and tells what a person should know.

    Args:
        night: the night; of a rehearsal, the compressed one.
        at: the instant it was woken for.
        lake: marks, decisions and claims.
        reports: versions and receipts.
        channels: of delivery; each has its own receipt.
        runner: starts the contingency runner.
        send: sends a notice.
    """
    watch = _Watch(night, at, lake, reports, tuple(channels), runner, send)
    return watch.look()


@dataclass(frozen=True)
class _Watch:
    night: Night
    at: datetime
    lake: ObjectStore
    reports: ObjectStore
    channels: tuple[str, ...]
    runner: Runner
    send: Send

    def look(self) -> Seen:
        if self.at < self.night.at(WAKES[0]):
            return self._seen("early", f"nothing is looked at before {WAKES[0]}")
        heard = marks.of(self.lake, self.night)
        version = newest(self.reports, self.night.business_date, rehearsal=self.night.rehearsal)
        if version is not None:
            return self._published(version, heard)
        if reason := self._held(heard):
            self._tell("held", f"is held: {reason}", "It waits for a person; nothing is published by itself.", "held")
            return self._seen("held", reason)
        why = self._why(heard)
        return self._start(why) if why else self._seen("alive", _last(heard, self.night))

    def _published(self, version: Version, heard: list[Mark]) -> Seen:
        """A version is there; what counts is its delivery."""
        absent = [
            channel
            for channel in (("rehearsal",) if self.night.rehearsal else self.channels)
            if self.reports.head(keys.receipt(version.manifest, channel)) is None
        ]
        if not absent:
            return self._seen("delivered", version.ref.key)
        detail = f"version {version.number} has no receipt of {', '.join(absent)}"
        found = self._seen("published", detail)
        if self._silence(heard) is not None:
            found = self._start(f"{detail}, and nobody is delivering")  # the runner delivers what is published already
        if self._reached(RECEIPT_BY):
            self._tell("undelivered", detail, "The deadline is the delivery: what has no receipt is late.",
                       "the-report-is-published-but-not-delivered")  # fmt: skip
        return found

    def _why(self, heard: list[Mark]) -> str | None:
        """Why the runner must start; None while somebody can be expected to publish in time."""
        if (silence := self._silence(heard)) is not None:
            return silence
        if self._reached(VERSION_BY) and self._asked_until(heard) is None:
            held = heard[-1].stage == f"{marks.CONTINGENCY}.{HOLD}"
            why = "the runner held it, and something may have come since" if held else "although the night goes on"
            return f"nothing is published at {self.night.clock(self.at)}: {why}"
        return None

    def _silence(self, heard: list[Mark]) -> str | None:
        """What was heard last, if that is too long ago; None while a person is being asked."""
        if not heard:
            return "the night has left no trace"
        if self._asked_until(heard) is not None:
            return None
        minutes = _minutes(self.at - heard[-1].ended, self.night)
        return f"no heartbeat for {minutes} minutes ({_last(heard, self.night)})" if minutes >= SILENT_MINUTES else None

    def _asked_until(self, heard: list[Mark]) -> datetime | None:
        if not heard or heard[-1].stage != marks.PENDING:
            return None
        until = from_iso(marks.evidence(self.lake, heard[-1])["until"])
        return until if self.at < until else None

    def _held(self, heard: list[Mark]) -> str | None:
        """Why the night's run holds the report, if it does. The contingency runner's own hold is tried again."""
        if not heard or heard[-1].stage.startswith(marks.CONTINGENCY):
            return None
        folder = f"regulatory/nights/{self.night.business_date}/{heard[-1].night}/"
        found = [read(self.lake, info.key)[0] for info in self.lake.list(f"{folder}decision-")]
        answered = [one for one in found if one["answered"]]
        asked = [one for one in found if one["outcome"] != HOLD or one["proven"]]
        if not answered and asked:
            return None  # nobody has answered yet, or nothing has to be asked
        last = max(answered or found, key=_decided, default=None)
        return str(last["reasons"][0]) if last and last["outcome"] == HOLD else None

    def _start(self, why: str) -> Seen:
        arguments = ["run", "--date", self.night.business_date.isoformat()]
        if self.night.rehearsal:
            pace = str(self.night.seconds_per_hour)
            arguments += ["--night-start", iso(self.night.start), "--rehearsal-seconds-per-hour", pace]
        try:
            started: Started = claims.start(
                self.night, why, self.at, lake=self.lake, runner=self.runner, arguments=arguments
            )
        except SourceUnavailable as error:
            self._tell(
                "runner-failed",
                f"has no runner: {why}; {error}",
                "Nothing is published by itself: start it by hand now, on any machine.",
                "airflow-is-down",
            )
            return self._seen("failed", f"{why}; {error}")
        ended = "was started" if started.fresh else "runs already"
        self._tell(
            f"runner-{started.number}" if started.fresh else "runner-runs",
            f"is not published: {why}",
            f"The contingency runner {started.number} {ended}: it publishes what has arrived by the second engine, or "
            "holds it; see its own notice.",
            "airflow-is-down",
        )
        return self._seen("started" if started.fresh else "running", why, started.runner)

    def _reached(self, clock: str) -> bool:
        return self.at >= self.night.at(clock)

    def _seen(self, state: str, detail: str, runner: str | None = None) -> Seen:
        return Seen(self.night.business_date.isoformat(), self.night.clock(self.at), state, detail, runner)

    def _tell(self, condition: str, what: str, meaning: str, section: str) -> None:
        day, clock = self.night.business_date.isoformat(), self.night.clock(self.at)
        left = _minutes(self.night.at(DEADLINE) - self.at, self.night)
        alert = Alert(
            condition=f"watchdog-{condition}",
            subject=f"{clock}: report {day} {what}",
            text=f"{clock}: the report of {day} {what}.",
            level=Level.CRITICAL,
            owner=OWNER,
            meaning=f"{left} minutes are left. {meaning}" if left > 0 else f"{DEADLINE} has come. {meaning}",
            runbook=f"{RUNBOOK}#{section}",
            facts={"business_date": day},
        )
        tell(alert, keys.night_folder(self.night), lake=self.lake, send=self.send)


def _decided(decision: dict[str, Any]) -> str:
    return str((decision["answered"] or {}).get("at", decision["decided_at"]))


def _last(heard: list[Mark], night: Night) -> str:
    return f"last: {heard[-1].stage} at {night.clock(heard[-1].ended)}"


def _minutes(span: timedelta, night: Night) -> int:
    """Whole minutes of the night's clock."""
    return 60 * span // timedelta(seconds=night.seconds_per_hour)
