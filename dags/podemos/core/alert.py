"""What a person is told: one condition, what it means for 06:00, whose it is, and where to read on.

The first time is told at its level. The same condition again in the same night is a repeat: marked, and quiet unless it
is critical. What was told lies beside what it speaks of, so whoever tells next (a task, the watchdog) knows.
"""

from __future__ import annotations

import json
import logging
import unicodedata
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum

from podemos.core.errors import AlreadyExists
from podemos.core.store import ObjectStore

log = logging.getLogger(__name__)

SUBJECT_CHARACTERS = 100
"""SNS refuses a longer subject, a line break in it, and anything but ASCII."""
Send = Callable[[str, str, Mapping[str, str]], None]
"""Sends subject, body and attributes over the alerts' topic."""


class Level(StrEnum):
    """How loud it is."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing to tell.

    Attributes:
        condition: names it within its night, for example ``forecast`` or ``volume-spei``; also a part of a key.
        subject: one line.
        text: the smallest unit first, then what helps.
        level: how loud.
        owner: the team that answers.
        meaning: what it means for 06:00.
        runbook: file and section.
        facts: more attributes that subscriptions can filter by.
    """

    condition: str
    subject: str
    text: str
    level: Level
    owner: str
    meaning: str
    runbook: str
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> str:
        """The text with its meaning, owner and runbook."""
        return f"{self.text.rstrip()}\nFor 06:00: {self.meaning}\nOwner: {self.owner}\nRunbook: {self.runbook}\n"

    @property
    def attributes(self) -> dict[str, str]:
        """For filters of subscriptions. SNS takes ten at most, and the sender adds two."""
        return {"severity": self.level.value, "owner": self.owner, "condition": self.condition, **self.facts}


def tell(alert: Alert, folder: str, *, lake: ObjectStore, send: Send) -> bool:
    """Sends the alert unless it is a quiet repeat; returns whether it was sent.

    It is remembered after it was sent: a crash in between tells twice, never not at all. A store that does not answer
    silences nothing.

    Args:
        alert: what to tell.
        folder: of the night, or of whatever the condition belongs to, with a final slash.
        lake: remembers.
        send: sends.
    """
    key = f"{folder}alerts/{alert.condition}.json"
    repeat = _told(key, lake)
    if repeat and alert.level is not Level.CRITICAL:
        log.info("%s: told before", alert.subject)
        return False
    send(alert.subject, alert.body, {**alert.attributes, "repeat": str(repeat).lower()})
    if not repeat:
        try:
            with suppress(AlreadyExists):
                lake.put_new(key, json.dumps({"subject": alert.subject}).encode(), "application/json")
        except Exception:
            log.warning("%s could not be written; the alert may be told again", lake.uri(key), exc_info=True)
    return True


def plain_subject(text: str) -> str:
    """The text as SNS takes a subject: one line of at most a hundred ASCII characters."""
    one_line = " ".join(text.split())
    plain = unicodedata.normalize("NFKD", one_line).encode("ascii", "ignore").decode()
    return plain[:SUBJECT_CHARACTERS]


def _told(key: str, lake: ObjectStore) -> bool:
    try:
        return lake.head(key) is not None
    except Exception:
        log.warning("%s could not be read; the alert counts as the first", lake.uri(key), exc_info=True)
        return False
