"""Who starts the contingency runner of a night: one create-once claim at a time, so two watchdogs start one runner.

`claim-<n>.json` says why and when; `claim-<n>-started.json` which runner came of it. The next number is claimed only
when that runner is dead, or has run longer than a runner may. A claim without a runner is carried on with its own
token: starting is idempotent by token, so a watchdog that died in between is repeated, not doubled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from podemos.core.clock import from_iso, iso
from podemos.core.manifest import commit_first, read
from podemos.core.night import Night
from podemos.core.store import ObjectStore
from podemos.regulatory import keys
from podemos.regulatory.runner import Runner

LIMIT_MINUTES = 20
"""On the night's clock: a runner that has not ended by then is hung. Both may publish: create-once decides."""


@dataclass(frozen=True, slots=True)
class Started:
    """The runner that is responsible now.

    Attributes:
        number: of the claim.
        runner: how to ask about it.
        fresh: whether this call claimed it.
    """

    number: int
    runner: str
    fresh: bool


def start(
    night: Night, why: str, at: datetime, *, lake: ObjectStore, runner: Runner, arguments: Sequence[str]
) -> Started:
    """Makes sure that one runner of the night runs, and returns it.

    Args:
        night: the night.
        why: for the claim.
        at: now.
        lake: holds the claims.
        runner: starts and asks.
        arguments: of `python -m podemos.regulatory`.

    Raises:
        SourceUnavailable: it could not be started; the claim stands, and the next call carries it on.
    """
    number = max(_numbers(night, lake), default=1)
    while True:
        document = {"stage": "claim", "claimed_at": iso(at), "why": why, "arguments": list(arguments)}
        _, claim, fresh = commit_first(lake, _key(night, number), document)
        handle = _handle(night, number, lake)
        if handle is None:
            handle = runner.start(_token(night, number), claim["arguments"])
            commit_first(lake, _key(night, number, "-started"), {"stage": "started", "runner": handle})
            return Started(number, handle, fresh)
        if runner.alive(handle) and not _hung(night, claim, at):
            return Started(number, handle, False)
        number += 1


def _hung(night: Night, claim: dict[str, Any], at: datetime) -> bool:
    seconds = (at - from_iso(claim["claimed_at"])).total_seconds()
    return seconds * 60 >= LIMIT_MINUTES * night.seconds_per_hour


def _numbers(night: Night, lake: ObjectStore) -> list[int]:
    names = (info.key.rpartition("/")[2] for info in lake.list(f"{keys.night_folder(night)}watchdog/claim-"))
    return [int(name.removeprefix("claim-").removesuffix(".json")) for name in names if "-started" not in name]


def _handle(night: Night, number: int, lake: ObjectStore) -> str | None:
    key = _key(night, number, "-started")
    return None if lake.head(key) is None else str(read(lake, key)[0]["runner"])


def _key(night: Night, number: int, suffix: str = "") -> str:
    return f"{keys.night_folder(night)}watchdog/claim-{number}{suffix}.json"


def _token(night: Night, number: int) -> str:
    """At most 64 letters, digits and hyphens: what ECS takes."""
    return f"podemos-{night.business_date}-{night.start:%Y%m%dT%H%M%S}x{night.seconds_per_hour}-{number}"
