"""A night without Airflow and without the warehouse: the same stages in one process, by the second engine, by policy.

For the hour before 06:00 when Airflow does not answer. What has arrived by now is sealed; nothing is waited for. If
Airflow comes back and publishes too, both versions are create-once and the later one says what it supersedes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from podemos.contracts.platform import Platform
from podemos.contracts.sources import Policy, Sources
from podemos.core.clock import Clock
from podemos.core.errors import SourceUnavailable
from podemos.core.night import Night
from podemos.core.store import ObjectStore
from podemos.regulatory import decide, notify
from podemos.regulatory.build import build
from podemos.regulatory.gate import judge
from podemos.regulatory.normalise import normalise
from podemos.regulatory.plan import arrivals_now
from podemos.regulatory.publish import Signer, publish
from podemos.regulatory.reconcile import reconcile
from podemos.regulatory.seal import MISSING, seal
from podemos.regulatory.second import second
from podemos.regulatory.versions import newest


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended.

    Attributes:
        outcome: `complete`, `partial`, `hold`, or `published` when a version was there already.
        manifest: the version's manifest in the reports bucket; None when held.
        reasons: why it is held.
    """

    outcome: str
    manifest: str | None
    reasons: tuple[str, ...] = ()


class NoWarehouse:
    """In the place of the warehouse."""

    def execute(self, *_: Any, **__: Any) -> None:
        """Never.

        Raises:
            SourceUnavailable: always.
        """
        raise SourceUnavailable("the contingency runner does not ask the warehouse")

    fetch: Any = execute


def run(
    day: date,
    *,
    lake: ObjectStore,
    reports: ObjectStore,
    platform: Platform,
    sources: Sources,
    policy: Policy,
    clock: Clock,
    signer: Signer | None,
    send: Callable[[str, str, Mapping[str, str]], None],
    say: Callable[[str], None],
    night: Night | None = None,
    beat: Callable[[Night, str], None] = lambda night, stage: None,
) -> Ended:
    """Publishes the day's report from what has arrived, or holds it, and tells.

    Args:
        day: the business day.
        lake: inbox and evidence.
        reports: published versions.
        platform: names.
        sources: the configured sources.
        policy: what may be missing; it must allow the second engine to stand alone.
        clock: now.
        signer: signs the manifest.
        send: sends a notice.
        say: a line of progress.
        night: a rehearsal's; None is the day's real one.
        beat: what a stage leaves when it ends, or the outcome at the end.

    Raises:
        SourceUnavailable: the policy does not allow the second engine to stand alone.
        PodemosError: of a stage.
    """
    scheduled, now = night or Night.scheduled(day), clock()
    if (version := newest(reports, day, rehearsal=scheduled.rehearsal)) is not None:
        return Ended("published", version.ref.key)
    # A night of its own: its seal is not the one of a run that died half-way, and holds what is there now.
    night = replace(scheduled, start=scheduled.start + timedelta(microseconds=max(1, now.microsecond)))
    beat(night, "plan")
    arrivals = arrivals_now(night, lake=lake, reports=reports, clock=clock, sources=sources)
    missing = [arrival.partition(":")[0] for arrival in arrivals if arrival.endswith(MISSING)]
    say(f"{day}: {len(arrivals) - len(missing)} of {len(arrivals)} sources have arrived; missing: {missing or 'none'}")
    sealed = seal(night, arrivals, lake=lake, clock=clock, sources=sources)
    beat(night, "seal")
    say(f"sealed: {lake.uri(sealed)}")
    normalised = normalise(sealed, lake=lake, sources=sources)
    seconded = second(sealed, lake=lake, sources=sources)
    beat(night, "second")
    say("both readers have read the sealed files")
    reconciled = reconcile(
        normalised, seconded, None, lake=lake, warehouse=NoWarehouse(), sources=sources, policy=policy, clock=clock
    )
    judged = judge(reconciled, lake=lake)
    decision = decide.decide(judged, lake=lake, policy=policy, sources=sources, clock=clock, night=night)
    outcome = decide.outcome(decision, lake)
    beat(night, "decide")
    say(f"decided: {outcome}")
    if outcome == decide.Outcome.HOLD:
        told = notify.hold_message(decision, lake=lake)
        send(told.subject, told.body, told.attributes)
        beat(night, outcome)
        return Ended(outcome, None, tuple(told.body.splitlines()))
    built = build(decision, lake=lake, warehouse=NoWarehouse(), platform=platform, sources=sources)
    key = publish(built, lake=lake, reports=reports, clock=clock, night=night, signer=signer)
    told = notify.message(key, reports=reports)
    send(told.subject, f"{told.body}Published by the contingency runner, without Airflow.\n", told.attributes)
    beat(night, outcome)
    return Ended(outcome, key)
