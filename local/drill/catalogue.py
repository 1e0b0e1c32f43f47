"""Which faults there are, what each does, when, and how a night with it must end. One place states what is expected.

An outage is not compressed with the night's clock: retries wait real seconds, so a minute of S3 is a real minute.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from podemos.core.night import DEADLINE, OPENS

LAST_PULL = "01:30"
"""The branches' last pull before the night. A fault of theirs happens then."""


BRANCHES_NEED = r"branches need somebody$"


class Status(StrEnum):
    """How a night ends."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    HELD = "held"


class Kind(StrEnum):
    """What is broken, see `local.drill.breaking`."""

    SERVICE_REFUSES = "service refuses"
    SERVICE_SLOW = "service slow"
    SOURCE_MISSING = "source missing"
    SOURCE_LATE = "source late"
    SOURCE_CHANGED = "source changed"
    BRANCH_OFFLINE = "branch offline"
    WORKER_KILLED = "worker killed"
    SCHEDULER_KILLED = "scheduler killed"
    AIRFLOW_KILLED = "airflow killed"


@dataclass(frozen=True, slots=True)
class Expected:
    """How the night must end. Anything else fails the drill.

    Attributes:
        status: of the report.
        told: patterns of the messages' subjects: each is sent, and nothing that none of them describes.
        may_tell: patterns of messages that can be sent besides; an alarm of a deadline can, when it was missed.
        engine: who computed what is published.
        answered: by whom an incomplete report was decided, `person` or `policy`; empty when nobody was asked.
        signed: a real version with a signature, made outside Airflow; else an unsigned rehearsal.
        versions: how many are published.
    """

    status: Status
    told: tuple[str, ...]
    may_tell: tuple[str, ...] = (BRANCHES_NEED,)
    engine: str = "redshift"
    answered: str = ""
    signed: bool = False
    versions: int = 1


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person answers to the question, as soon as it is asked."""

    chosen: str
    who: str
    note: str


@dataclass(frozen=True, slots=True)
class Fault:
    """One drill.

    Attributes:
        name: as in `make drill FAULT=`.
        says: what happens, in one line.
        kind: what is broken.
        at: the usual minute of the night's clock.
        expected: how the night must end.
        target: the usual source, branch or service; the command line may name another one if `names` says so.
        names: what `FAULT=name=…` names: source, branch, or nothing.
        lasts: real seconds until it is mended; 0 is until the drill is over.
        opens: minute at which the rehearsal begins; what lies before is over then.
        pace: real seconds per hour of the night.
        answer: what a person answers; None is nobody.
    """

    name: str
    says: str
    kind: Kind
    at: str
    expected: Expected
    target: str = ""
    names: str = ""
    lasts: int = 0
    opens: str = "03:20"
    pace: int = 120
    answer: Answer | None = None


COMPLETE = r"Report .* complete v1$"
PARTIAL = r"Report .* partial v1$"
HELD = r"^HELD: report "
ASKED = r"^ASK: report "
UNFINISHED = r"^regulatory_report is not finished at 05:30"
SILENT = r"^05:00: report .* is not published: no heartbeat for \d+ minutes"
NO_TRACE = r"^05:00: report .* is not published: the night has left no trace"
STILL = r"^05:30: report .* is not published"
LAST = r"^regulatory_report is not finished at 05:55"

DEADLINES = {"05:30": UNFINISHED, "05:55": LAST}
"""Alarms of the deadlines: explained when nothing was delivered by then."""

PROVEN = Expected(Status.COMPLETE, told=(COMPLETE,))
BY_POLICY = Expected(Status.PARTIAL, told=(ASKED, UNFINISHED, PARTIAL), answered="policy")

ALL = (
    Fault(
        "warehouse_down", "the warehouse refuses every call, for good", Kind.SERVICE_REFUSES, "03:40",
        replace(PROVEN, told=(r"^regulatory_report\.load failed", COMPLETE), engine="duckdb"),
        target="redshift-data",
    ),
    Fault(
        "warehouse_slow", "the warehouse answers each call three seconds late, for two minutes", Kind.SERVICE_SLOW,
        "03:40", PROVEN, target="redshift-data", lasts=120,
    ),
    Fault(
        "glue_down", "Glue refuses every call during the last pull, for a minute", Kind.SERVICE_REFUSES, LAST_PULL,
        PROVEN, target="glue", lasts=60,
    ),
    Fault(
        "s3_slow", "S3 answers each request half a second late, for a minute", Kind.SERVICE_SLOW, "03:50",
        PROVEN, target="s3", lasts=60,
    ),
    Fault(
        "s3_down", "S3 refuses every request, for a minute", Kind.SERVICE_REFUSES, "03:50",
        PROVEN, target="s3", lasts=60,
    ),
    Fault(
        "source_missing", "an important source never delivers; nobody answers, the policy publishes a partial at 05:45",
        Kind.SOURCE_MISSING, OPENS, BY_POLICY, target="spei", names="source", opens="03:40", pace=240,
    ),
    Fault(
        "source_late", "an important source delivers twenty minutes after its cut-off; nobody answers",
        Kind.SOURCE_LATE, OPENS, BY_POLICY, target="spei", names="source", opens="03:40", pace=240,
    ),
    Fault(
        "source_changed", "one cent of a source's file changes after its control file", Kind.SOURCE_CHANGED, "03:58",
        Expected(Status.HELD, told=(HELD,)), target="tarjetas", names="source",
    ),
    Fault(
        "branch_offline", "a branch can not be reached at the last pull", Kind.BRANCH_OFFLINE, LAST_PULL,
        PROVEN, target="007", names="branch",
    ),
    Fault(
        "worker_killed", "the process of a running task is killed (-9)", Kind.WORKER_KILLED, "04:00", PROVEN,
    ),
    Fault(
        "scheduler_killed", "the scheduler is killed (-9) with its tasks, and comes back after twenty seconds",
        Kind.SCHEDULER_KILLED, "04:00", PROVEN, lasts=20,
    ),
    Fault(
        "airflow_killed", "all of Airflow is killed (-9), for good; the watchdog has the contingency runner publish",
        Kind.AIRFLOW_KILLED, "03:50",
        Expected(Status.COMPLETE, told=(SILENT, NO_TRACE, COMPLETE), may_tell=(BRANCHES_NEED, STILL), engine="duckdb",
                 signed=True, versions=2),
        opens="03:40", pace=180,
    ),
    Fault(
        "person_publishes", "a critical source is missing; a person publishes without it", Kind.SOURCE_MISSING, OPENS,
        Expected(Status.PARTIAL, told=(ASKED, PARTIAL), answered="person"),
        target="nucleo_credito", opens="03:40",
        answer=Answer("publicar", "oficial.cumplimiento", "Autorizado por la CNBV; se completa antes de las 12:00"),
    ),
    Fault(
        "person_holds", "an important source is missing; a person holds what the policy would publish",
        Kind.SOURCE_MISSING, OPENS,
        Expected(Status.HELD, told=(ASKED, HELD), answered="person"),
        target="spei", opens="03:40", answer=Answer("retener", "oficial.cumplimiento", "SPEI llega a las 05:00"),
    ),
    Fault(
        "nobody_answers", "a critical source is missing and nobody answers: held at 05:45 by the policy",
        Kind.SOURCE_MISSING, OPENS,
        Expected(Status.HELD, told=(ASKED, UNFINISHED, HELD), answered="policy"),
        target="nucleo_credito", opens="03:40", pace=240,
    ),
)  # fmt: skip


class UnknownFault(ValueError):
    """No fault has that name; the message lists those there are."""


@dataclass(frozen=True, slots=True)
class Drill:
    """A fault, what it hits, and its minute."""

    fault: Fault
    target: str
    at: str


def drill(text: str, at: str | None = None) -> Drill:
    """From `warehouse_down` or `source_missing=movil`, and `HH:MM` or nothing for the usual minute.

    Raises:
        UnknownFault: there is no such fault, it takes no name, or the minute lies outside the night.
    """
    name, _, target = text.partition("=")
    found = {fault.name: fault for fault in ALL}.get(name)
    if found is None:
        raise UnknownFault(f"there is no fault {name!r}; choose one of {', '.join(fault.name for fault in ALL)}")
    if target and not found.names:
        raise UnknownFault(f"{name} names nothing: leave out {target!r}")
    minute = at or found.at
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", minute):
        raise UnknownFault(f"AT={minute}: write a minute of the night, HH:MM")
    if found.at == LAST_PULL and minute != LAST_PULL:
        raise UnknownFault(f"AT={minute}: {name} happens at the branches' last pull, {LAST_PULL}")
    if found.at not in (LAST_PULL, OPENS) and not found.opens <= minute < DEADLINE:
        raise UnknownFault(f"AT={minute}: the rehearsal of {name} runs from {found.opens} to {DEADLINE}")
    return Drill(found, target or found.target, minute)
