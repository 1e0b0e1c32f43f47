"""The shipped watchdog over a simulated night, the runner that it starts, and the delivery of what was published."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bench.chaos_report.faults import clock, minute_of
from bench.chaos_report.world import Ended, Killed, Outage, Sealed, Time, Writes
from bench.report.content import DAY
from bench.report.stages import judged_by
from podemos.contracts.delivery import delivery
from podemos.core.night import Night
from podemos.regulatory import contingency, keys, marks, watchdog
from podemos.regulatory.channels import Answer
from podemos.regulatory.deliver import deliver

WAKES = tuple(map(minute_of, watchdog.WAKES[:-1]))
"""A wake at 06:00 is too late for the report of 06:00; it is not simulated."""
INVOCATIONS = 4
"""How often a wake that is killed is repeated, as Lambda repeats an asynchronous invocation."""
CHANNELS = delivery().channels


def delivered(manifest: str, ended: Ended, time: Time) -> None:
    """Delivers by the shipped stage; the first receipt of every channel is when the report is out."""

    def carry(channel: Any, _parcel: Any) -> Answer:
        return Answer(channel.name, {})

    deliver(manifest, reports=ended.reports, delivery=delivery(), carrier=carry, clock=time)
    if ended.published is None:
        ended.published = time.minute


@dataclass
class _Machine:
    """Where runners run: each ends, or dies, in the minute in which it was started."""

    known: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)

    def start(self, token: str, arguments: Sequence[str]) -> str:
        """As the port."""
        if token not in self.known:
            self.known.append(token)
            self.waiting.append(token)
        return token

    def alive(self, handle: str) -> bool:
        """As the port."""
        return handle in self.waiting


@dataclass
class Watch:
    """Wakes the watchdog.

    Attributes:
        night: the scheduled one.
        ended: stores, and what is told.
        time: the simulated minute.
        writes: counts them; of the runners of a night one is killed at most.
        about: sources, policy, platform and signer of the runner.
    """

    night: Night
    ended: Ended
    time: Time
    writes: Writes
    about: dict[str, Any]
    machine: _Machine = field(default_factory=_Machine)

    def wake(self) -> None:
        """One look, then whatever runner it started."""
        for _ in range(INVOCATIONS):
            try:
                seen = watchdog.look(
                    self.night,
                    self.time(),
                    lake=self.ended.lake,
                    reports=self.ended.reports,
                    channels=[channel.name for channel in CHANNELS],
                    runner=self.machine,
                    send=self._send,
                )
            except (Killed, Outage) as fault:
                self._note(f"watchdog: {fault}")
                continue
            self._note(f"watchdog: {seen.state}: {seen.detail}")
            break
        while self.machine.waiting:
            self.machine.waiting.pop(0)
            try:
                self._run(self.time() + timedelta(microseconds=len(self.machine.known)))
            except (Killed, Outage) as fault:
                self._note(f"contingency: {fault}")
                self.writes.kills = {}

    def _run(self, now: datetime) -> None:
        """As `python -m podemos.regulatory run`. A real clock's microseconds differ from run to run: so do these."""
        sealed = Sealed("contingency", self.time.minute)
        self.ended.seals.append(sealed)

        def beat(own: Night, stage: str) -> None:
            sealed.night = keys.night_id(own)
            marks.leave(self.ended.lake, own, f"{marks.CONTINGENCY}.{stage}", now, now)

        with judged_by(great_expectations=False):
            found = contingency.run(
                DAY,
                lake=self.ended.lake,
                reports=self.ended.reports,
                clock=lambda: now,
                send=self._send,
                say=self._note,
                night=self.night,
                beat=beat,
                **self.about,
            )
        if found.outcome == "published":
            self.ended.seals.remove(sealed)
        else:
            sealed.outcome = found.outcome
        if found.manifest:
            delivered(found.manifest, self.ended, self.time)

    def _send(self, subject: str, _body: str, _attributes: Any) -> None:
        self.ended.alerts.append((self.time.minute, subject))

    def _note(self, text: str) -> None:
        self.ended.told.append(f"{clock(self.time.minute)} {text}")


def leave(ended: Ended, night: Night, stage: str, time: Time) -> None:
    """The mark of a sensor; one that is killed while it leaves it has said what it says."""
    with suppress(Killed):
        marks.leave(ended.lake, night, stage, time(), time())
