"""What a release goes to: an environment's names, its AWS clients, and how to wait and to tell."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from podemos.contracts.deployment import AwsEnvironment, Deployment, deployment
from podemos.contracts.platform import Platform
from podemos.core.clock import Clock, system_clock
from podemos.core.zones import BUSINESS_ZONE


class DeployFailed(RuntimeError):
    """The release did not get through; the message says where, why and what helps."""


class Refused(RuntimeError):
    """Nothing was begun."""


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@dataclass(frozen=True)
class Target:
    """One environment.

    Args:
        name: of deployment.yaml.
        clients: service -> boto3 client.
        say: takes a line for a person.
        sleep: waits for seconds.
        clock: tells the time.
    """

    name: str
    clients: Callable[[str], Any]
    say: Callable[[str], None] = _say
    sleep: Callable[[float], None] = time.sleep
    clock: Clock = system_clock
    deployment: Deployment = field(default_factory=deployment)

    @cached_property
    def settings(self) -> AwsEnvironment:
        """Sizes and switches."""
        return self.deployment.environment(self.name)

    @cached_property
    def names(self) -> Platform:
        """Names of buckets and the rest."""
        return self.deployment.platform(self.name)

    @property
    def mwaa(self) -> str:
        """The environment's own name."""
        return self.deployment.mwaa_name(self.name)

    def until(self, done: Callable[[], bool], what: str, *, seconds: int, every: int) -> None:
        """Polls.

        Raises:
            DeployFailed: it is not done in time.
        """
        for _ in range(seconds // every):
            if done():
                return
            self.say(f"    waits {every} s: {what}")
            self.sleep(every)
        raise DeployFailed(
            f"{what}: not within {seconds // 60} minutes; look at the console, then run the same command again"
        )


CLOSED = ("01:00", "06:30")
"""The last pull and the report's night, in Mexico City: code on MWAA is not versioned within a run."""


def refuse_by_night(now: datetime, reason: str | None) -> str | None:
    """The reason for which a release goes out by night, None by day.

    Raises:
        Refused: it is night and nobody gave a reason.
    """
    local = now.astimezone(ZoneInfo(BUSINESS_ZONE))
    if not CLOSED[0] <= f"{local:%H:%M}" < CLOSED[1]:
        return None
    if not reason:
        raise Refused(
            f"it is {local:%H:%M} in Mexico City: nothing is released between {CLOSED[0]} and {CLOSED[1]}, while the "
            "report is made. If it must be, say why: FORCE='the reason'"
        )
    return reason
