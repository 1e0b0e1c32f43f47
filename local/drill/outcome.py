"""What a drill came to, read from the buckets and the operator's inbox alone, and whether it is what was expected."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote

from local.drill.catalogue import DEADLINES, Drill, Expected
from local.drill.schedule import Happening
from local.judge.verdict import judge
from local.platform.dataset import Dataset
from local.platform.provision.storage import alerts
from local.platform.settings import ROOT
from local.platform.stack import Stack
from podemos.contracts.platform import platform
from podemos.core.clock import from_iso, iso
from podemos.core.manifest import read
from podemos.core.night import DEADLINE, Night
from podemos.core.store import S3Store
from podemos.regulatory.keys import reports_folder
from podemos.regulatory.versions import Version, newest

HELD, NOTHING = "held", "nothing"
_RUN = re.compile(r"(?:manual|scheduled)__\d{4}-\d\d-\d\dT[\d:.]+[+-]\d\d:\d\d")


@dataclass(frozen=True, slots=True)
class Message:
    """One message to a person."""

    at: datetime
    subject: str


@dataclass
class Outcome:
    """How the night ended.

    Attributes:
        status: complete, partial, held (a person was told so), or nothing.
        report: URI of the version's folder; empty when nothing was published.
        published, delivered: instants; None when it was not.
        verified: every cent is what sources and branches hold; where it is signed, the public verifier agrees.
        wrong: why it is not verified.
        answered: who decided an incomplete report, as the manifest or the decision says; None when nobody was asked.
        versions: how many were published: a rehearsal's, a real one, or both.
    """

    status: str
    messages: list[Message]
    report: str = ""
    engine: str = ""
    engine_reason: str = ""
    published: datetime | None = None
    delivered: datetime | None = None
    signed: bool = False
    verified: bool = False
    wrong: list[str] = field(default_factory=list)
    answered: dict[str, Any] | None = None
    versions: int = 0


def gather(stack: Stack, data: Dataset, since: datetime, runs: Collection[str]) -> Outcome:
    """Read what the night left, under Airflow or without it.

    Args:
        stack: the platform.
        data: what it holds.
        since: when the drill began.
        runs: ids of the drill's own runs.
    """
    names = platform()
    lake, reports = (S3Store(stack.clients("s3"), bucket) for bucket in (names.lake_bucket, names.reports_bucket))
    messages = [
        Message(from_iso(one["at"]), one["subject"])
        for one in alerts(stack.clients)
        if one["at"] >= iso(since) and not of_other_runs(one["message"], runs)
    ]
    found = [newest(reports, data.business_date, rehearsal=rehearsal) for rehearsal in (False, True)]
    versions = [_verified(one, reports, messages, stack, data) for one in found if one]
    if not versions:
        held = any(message.subject.startswith("HELD") for message in messages)
        return Outcome(HELD if held else NOTHING, messages, answered=_decision(lake, data))
    return _together(versions)


def of_other_runs(text: str, runs: Collection[str]) -> bool:
    """Whether a message names only runs of earlier commands: a killed Airflow that is back sends their alarms."""
    named = set(_RUN.findall(unquote(text)))
    return bool(named) and named.isdisjoint(runs)


def delivered(stack: Stack, data: Dataset) -> int:
    """How many versions have a receipt of their delivery, a rehearsal's and a real one."""
    reports = S3Store(stack.clients("s3"), platform().reports_bucket)
    folders = (reports_folder(data.business_date, rehearsal=rehearsal) for rehearsal in (False, True))
    return sum(any(reports.list(f"{folder}receipts/")) for folder in folders)


def differences(drill: Drill, outcome: Outcome, night: Night, failures: Sequence[Exception]) -> list[str]:
    """Every way in which the outcome is not the expected one; empty when it is."""
    expected = drill.fault.expected
    found = [f"the drill itself failed: {failure}" for failure in failures]
    pairs: list[tuple[str, object, object]] = [("status", expected.status.value, outcome.status)]
    pairs.append(("answered by", expected.answered, _answered_by(outcome)))
    if expected.status == HELD:
        told = any(
            message.subject.startswith("HELD") and message.at <= night.at(DEADLINE) for message in outcome.messages
        )
        pairs.append((f"told by {DEADLINE}", True, told))
    else:
        delivered = outcome.delivered is not None and outcome.delivered <= night.at(DEADLINE)
        pairs += [
            ("engine", expected.engine, outcome.engine),
            ("signed", expected.signed, outcome.signed),
            ("versions", expected.versions, outcome.versions),
            (f"delivered by {DEADLINE}", True, delivered),
            ("verified", True, outcome.verified),
        ]
    found += [f"{name}: {got!r} instead of {wanted!r}" for name, wanted, got in pairs if got != wanted]
    if (answer := drill.fault.answer) and outcome.answered:
        said = {"chosen": answer.chosen, "by": answer.who, "note": answer.note}
        if {name: outcome.answered[name] for name in said} != said:
            found.append(f"the record says {outcome.answered}, {said} was answered")
    missed = [text for clock, text in DEADLINES.items() if not outcome.delivered or outcome.delivered > night.at(clock)]
    return found + _messages(expected, missed, outcome.messages) + outcome.wrong


def line(drill: Drill, outcome: Outcome, night: Night, wrong: Sequence[str]) -> dict[str, object]:
    """The command's last line."""
    return {
        "drill": drill.fault.name,
        "at": drill.at,
        "status": outcome.status,
        "delivered_at": night.clock(outcome.delivered) if outcome.delivered else None,
        "verified": outcome.verified,
        "alerts": len(outcome.messages),
        "as_expected": not wrong,
    }


def happenings(outcome: Outcome) -> list[Happening]:
    """What can be told of the outcome, with its instants."""
    found = [Happening(message.at, f"message: {message.subject}") for message in outcome.messages]
    if outcome.published:
        found.append(Happening(outcome.published, f"published: {outcome.report}"))
    if outcome.delivered:
        found.append(Happening(outcome.delivered, "delivered: the receipt is written"))
    if said := outcome.answered:
        found.append(Happening(from_iso(said["at"]), f"decided: {said['chosen']}, by {said['by'] or 'the policy'}"))
    return found


def _published(version: Version, reports: S3Store, data: Dataset, messages: list[Message]) -> Outcome:
    manifest = version.manifest
    prefix = reports_folder(data.business_date, rehearsal=manifest["rehearsal"])
    receipts = [read(reports, info.key)[0] for info in reports.list(f"{prefix}receipts/v{version.number}-")]
    folder = version.ref.key.rpartition("/")[0]
    return Outcome(
        status=manifest["outcome"],
        messages=messages,
        report=reports.uri(folder),
        engine=manifest["engine"],
        engine_reason=manifest["engine_reason"],
        published=from_iso(manifest["published_at"]),
        delivered=max((from_iso(receipt["delivered_at"]) for receipt in receipts), default=None),
        signed=reports.head(f"{folder}/manifest.sig.json") is not None,
        answered=manifest["answered"],
    )


def _decision(lake: S3Store, data: Dataset) -> dict[str, Any] | None:
    """Who held it: the last answer among the night's decisions."""
    keys = (info.key for info in lake.list(f"regulatory/nights/{data.business_date.isoformat()}/"))
    answers = [read(lake, key)[0]["answered"] for key in keys if "/decision-" in key]
    return max(filter(None, answers), key=lambda answer: str(answer["at"]), default=None)


def _together(versions: Sequence[Outcome]) -> Outcome:
    """The real version before the rehearsal's; delivered when the last one was, verified when all are."""
    first, times = versions[0], [one.delivered for one in versions if one.delivered]
    return replace(
        first,
        delivered=max(times) if len(times) == len(versions) else None,
        verified=all(one.verified for one in versions),
        wrong=[line for one in versions for line in one.wrong],
        versions=len(versions),
    )


def _verified(version: Version, reports: S3Store, messages: list[Message], stack: Stack, data: Dataset) -> Outcome:
    """A version, compared with the truth; a signed one is also checked as a stranger would."""
    outcome = _published(version, reports, data, messages)
    verdict = judge(
        f"{outcome.report}/", data.business_date, client=stack.clients("s3"), state=stack.settings.state
    )  # fmt: skip
    outcome.wrong += verdict.differences
    outcome.verified = verdict.verified
    if outcome.signed and (said := _stranger(outcome, version, stack)):
        outcome.verified = False
        outcome.wrong.append(said)
    return outcome


def _stranger(outcome: Outcome, version: Version, stack: Stack) -> str:
    """What `tools/verify_report.py` says against the downloaded folder; empty when it accepts it."""
    bucket, _, prefix = outcome.report.removeprefix("s3://").partition("/")
    store = S3Store(stack.clients("s3"), bucket)
    with TemporaryDirectory(prefix="drill-") as scratch:
        folder = Path(scratch) / f"v{version.number}"
        folder.mkdir()
        for info in store.list(f"{prefix}/"):
            (folder / info.key.rpartition("/")[2]).write_bytes(store.get(info.key))
        key = Path(scratch) / "key.pem"
        der = stack.clients("kms").get_public_key(KeyId=version.manifest["signing_key"])["PublicKey"]
        made = ["openssl", "pkey", "-pubin", "-inform", "DER", "-out", str(key)]
        subprocess.run(made, input=der, check=True, capture_output=True)
        command = [sys.executable, str(ROOT / "tools" / "verify_report.py"), str(folder), "--public-key", str(key)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"verify_report.py: {done.stdout}{done.stderr}".strip()


def _answered_by(outcome: Outcome) -> str:
    return "" if outcome.answered is None else "person" if outcome.answered["by"] else "policy"


def _messages(expected: Expected, missed: Sequence[str], messages: Sequence[Message]) -> list[str]:
    """Messages that should have been sent, and those that nothing explains."""
    subjects = [message.subject for message in messages]
    described = (*expected.told, *expected.may_tell, *missed)
    found = [
        f"no message like {pattern!r}"
        for pattern in expected.told
        if not any(re.search(pattern, subject) for subject in subjects)
    ]
    return found + [
        f"a message that nothing explains: {subject}"
        for subject in subjects
        if not any(re.search(pattern, subject) for pattern in described)
    ]
