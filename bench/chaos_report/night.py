"""One night: the order, the retries and the time limits of the DAG, over the shipped stages, on the simulated clock.

Beside it the shipped watchdog looks at what the night leaves, and starts the shipped contingency runner (`watch`).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.chaos_report.faults import Faults, clock, minute_of
from bench.chaos_report.watch import WAKES, Watch, delivered, leave
from bench.chaos_report.world import Deliveries, Ended, Killed, Outage, Sealed, Store, Time, Warehouse, Writes
from bench.report.content import CLIENTS, DAY, Night, curated
from bench.report.redshift import Redshift
from bench.report.stages import Key, judged_by
from podemos.contracts.platform import Platform
from podemos.contracts.sources import Policy, Sources
from podemos.core.alert import tell
from podemos.core.errors import DataFault, NotCertified, SourceUnavailable
from podemos.core.night import Night as Clockwork
from podemos.regulatory import (
    build,
    decide,
    gate,
    keys,
    load,
    marks,
    normalise,
    notify,
    plan,
    publish,
    reconcile,
    second,
)
from podemos.regulatory import seal as sealing
from podemos.regulatory.inbox import newest_control

RETRIES, DELAY_MINUTES = 3, 1 / 6
LOAD_RETRIES, LOAD_MINUTES = 2, 10


class Dead(Exception):
    """No task of Airflow runs any more."""


class Failed(Exception):
    """A task failed for good: the run is over."""


class Simulation:
    """One night.

    Args:
        faults: what goes wrong.
        content: what the sources hold.
        redshift: runs the SQL; the caller holds its transaction.
        sources: the configured sources.
        policy: of the suite.
        platform: names.
        key: signs.
        great_expectations: whether it judges itself.
    """

    def __init__(
        self,
        faults: Faults,
        content: Night,
        redshift: Redshift,
        sources: Sources,
        policy: Policy,
        platform: Platform,
        key: Key,
        *,
        great_expectations: bool,
    ) -> None:
        self._faults, self.time = faults, Time()
        writes = Writes(faults.kills)
        lake, reports = (Store(f"podemos-{name}", faults, self.time, writes) for name in ("lake", "reports"))
        self.ended = Ended(lake, reports, Warehouse(redshift, faults, self.time))
        self._deliveries = Deliveries(content, faults, lake)
        self._sources, self._policy, self._platform, self._key = sources, policy, platform, key
        self._great, self._pace, self._night = great_expectations, iter(faults.pace), Clockwork.scheduled(DAY)
        about = {"sources": sources, "policy": policy, "platform": platform, "signer": key.signer}
        self._watch, self._wakes = Watch(self._night, self.ended, self.time, writes, about), list(WAKES)

    def run(self) -> Ended:
        """From 02:00 to 06:00."""
        try:
            self._dag()
        except (Dead, Failed) as end:
            self.ended.alerts.append((self.time.minute, f"Airflow: {end}"))
        self._until(240)
        return self.ended

    def _dag(self) -> None:
        lake, about = self.ended.lake, {"lake": self.ended.lake, "sources": self._sources}
        self._task("plan", lambda: plan.open_night(self._night, reports=self.ended.reports, clock=self.time, **about))
        arrivals = self._wait()
        sealed = self._task("seal", lambda: sealing.seal(self._night, arrivals, clock=self.time, **about))
        seal = Sealed("airflow", self.time.minute, keys.night_id(self._night))
        self.ended.seals.append(seal)
        normalised = self._task("normalise", lambda: normalise.normalise(sealed, **about))
        seconded = self._task("second", lambda: second.second(sealed, **about))
        loaded = self._load(normalised)
        reconciled = self._task(
            "reconcile",
            lambda: reconcile.reconcile(
                normalised,
                seconded,
                loaded,
                warehouse=self.ended.warehouse,
                policy=self._policy,
                clock=self.time,
                **about,
            ),
        )
        with judged_by(great_expectations=self._great):
            judged = self._task("gate", lambda: gate.judge(reconciled, lake=lake))
        settled: dict[str, Any] = {"policy": self._policy, "clock": self.time, "night": self._night} | about
        decision = self._task("decide", lambda: decide.decide(judged, **settled))
        seal.outcome = self._task("choose", lambda: decide.outcome(decision, lake))
        if seal.outcome == decide.Outcome.HOLD:
            self._task("hold", lambda: self._tell(notify.hold_message(decision, lake=lake), decision))
            return
        ports = {"warehouse": self.ended.warehouse, "platform": self._platform} | about
        built = self._task("build", lambda: build.build(decision, **ports))
        published = self._task(
            "publish",
            lambda: publish.publish(
                built,
                lake=lake,
                reports=self.ended.reports,
                clock=self.time,
                night=self._night,
                signer=self._key.signer,
            ),
        )
        self._task("deliver", lambda: delivered(published, self.ended, self.time))

    def _task(self, name: str, work: Callable[[], Any]) -> Any:
        """A task with its retries, and the mark at its end; a fault of data is not retried."""
        for attempt in range(RETRIES + 1):
            self._pass(next(self._pace, 1))
            began = self.time()
            try:
                result = work()
                marks.leave(self.ended.lake, self._night, name, began, self.time())
                return result
            except (Killed, Outage, SourceUnavailable) as fault:
                self.ended.told.append(f"{clock(self.time.minute)} {name}: {type(fault).__name__}: {fault}")
                self._pass(min(5, DELAY_MINUTES * 2**attempt))
            except (DataFault, NotCertified) as fault:
                raise Failed(f"{name}: {fault}") from None
        raise Failed(f"{name} failed after {RETRIES} retries")

    def _wait(self) -> list[str]:
        """The sensors: each source until its control file is there, or its cut-off, whatever happens to the others."""
        waiting = {source.id: minute_of(source.cutoff) for source in self._sources.sources}
        said: dict[str, str] = {}
        while waiting:
            for source_id, cutoff in list(waiting.items()):
                over = self.time.minute >= cutoff
                try:
                    found = newest_control(self.ended.lake, self._sources.source(source_id), DAY) is not None
                except Outage:  # the sensor's retries end a minute after the cut-off; it then says nothing
                    found, over = False, self.time.minute > cutoff + 1
                if found or over:
                    said[source_id] = sealing.ARRIVED if found else sealing.MISSING
                    leave(self.ended, self._night, f"wait.{source_id}.{said[source_id]}", self.time)
                    del waiting[source_id]
            if waiting:
                self._pass(1)
        return [f"{source_id}:{state}" for source_id, state in said.items()]

    def _load(self, normalised: str) -> str | None:
        """As `LoadBatch`: it gives up, and reconcile goes on without it."""
        for attempt in range(LOAD_RETRIES + 1):
            try:
                self._pass(next(self._pace, 1))
                batch = load.load_batch(normalised, lake=self.ended.lake, platform=self._platform)
                self.ended.warehouse.send(batch)
                leave(self.ended, self._night, "load_batch", self.time)
                return normalised
            except SourceUnavailable:
                self._pass(LOAD_MINUTES)
            except (Killed, Outage):
                self._pass(min(5, DELAY_MINUTES * 2**attempt))
            except DataFault as fault:
                self.ended.told.append(f"{clock(self.time.minute)} load: {fault}")
        self._say("load failed; reconcile goes on by the second engine")
        return None

    def _pass(self, minutes: float) -> None:
        """Airflow's time passes, unless it dies."""
        self._until(min(self.time.minute + minutes, self._faults.airflow_dies))
        if self.time.minute >= self._faults.airflow_dies:
            raise Dead("no heartbeat")

    def _until(self, minute: float) -> None:
        """The clock goes on: sources deliver, and the watchdog looks when it is its time."""
        while self._wakes and self._wakes[0] <= minute:
            self.time.minute = max(self.time.minute, self._wakes.pop(0))
            self._deliveries.until(self.time.minute)
            self._watch.wake()
        self.time.minute = max(self.time.minute, minute)
        self._deliveries.until(self.time.minute)

    def _tell(self, alert: Any, decision: str) -> None:
        tell(alert, keys.folder_of(decision), lake=self.ended.lake, send=lambda subject, *_: self._say(subject))

    def _say(self, text: str) -> None:
        self.ended.alerts.append((self.time.minute, text))


def history(content: Night, folder: Path, redshift: Redshift) -> None:
    """What branch ingestion loaded before the night."""
    path = folder / "pagos.parquet"
    path.write_bytes(curated(content.payments))
    redshift.load_history(path, CLIENTS)
