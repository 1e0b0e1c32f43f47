"""What people are told: one notice per outcome, with the one line that matters first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from podemos.core.manifest import read
from podemos.core.money import format_pesos
from podemos.core.night import DEADLINE
from podemos.core.store import ObjectStore
from podemos.regulatory.ask import ANSWER_BY

SUBJECT_LIMIT = 100
"""SNS: ASCII, at most 100 characters."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A message for one topic; `attributes` let a subscription filter by severity and day."""

    subject: str
    body: str
    attributes: dict[str, str]


def message(manifest_key: str, *, reports: ObjectStore) -> Notice:
    """The notice of a published version."""
    manifest, ref = read(reports, manifest_key)
    day, outcome = manifest["business_date"], manifest["outcome"]
    folder = reports.uri(manifest_key.rpartition("/")[0])
    lines = [
        f"Report of {day}: {outcome}, version {manifest['version']}: {manifest['movements']:,} movements, "
        f"{format_pesos(manifest['cents'])} MXN.",
        f"Files: {folder}/ (to read: resumen.html)",
        f"Manifest SHA-256: {ref.sha256}",
    ]
    if manifest["supersedes"]:
        before = manifest["supersedes"]
        lines.append(
            f"Supersedes version {before['version']} ({before['movements_change']:+,} movements, "
            f"{format_pesos(before['cents_change'])}): {before['reason']}."
        )
    if any(file["name"] == "exceptions.json" for file in manifest["files"]):
        lines.append("What is not in it: exceptions.json.")
    severity = "info" if outcome == "complete" else "warning"
    return _notice(f"Report {day} {outcome} v{manifest['version']}", lines, severity, day, outcome)


def hold_message(decision_key: str, *, lake: ObjectStore) -> Notice:
    """The notice of a held report: the smallest unit, what it means for 06:00, and what helps."""
    decision, _ = read(lake, decision_key)
    day = decision["business_date"]
    first, *others = decision["reasons"]
    left = decision["minutes_before_deadline"]
    meaning = (
        f"Nothing is published; {left} minutes of the night are left until {DEADLINE}."
        if left > 0
        else f"Nothing is published and {DEADLINE} has passed."
    )
    certificate, _ = read(lake, decision["certificate"]["key"])
    lines = [
        first,
        *(f"Also: {other}" for other in others[:9]),
        *([f"And {len(others) - 9} more."] if len(others) > 9 else []),
        meaning,
        "What helps: correct it at the source, then start the night again; it seals what is there then.",
        f"Evidence: {lake.uri(certificate['docs']['page'])}",
    ]
    return _notice(f"HELD: report {day}: {first}", lines, "critical", day, "hold")


def ask_message(day: date, question: str, link: str) -> Notice:
    """The notice of a question: all of it, where it is answered, and until when.

    Args:
        day: the business day.
        question: in Spanish, Markdown.
        link: to the page where it is answered.
    """
    lines = [question, "", f"Answer: {link}"]
    return _notice(
        f"ASK: report {day}: incomplete; publish or hold? Answer by {ANSWER_BY}", lines, "critical", str(day), "ask"
    )


def _notice(subject: str, lines: list[str], severity: str, day: str, outcome: str) -> Notice:
    plain = subject.encode("ascii", "replace").decode().replace("\n", " ")
    attributes: dict[str, Any] = {"severity": severity, "business_date": day, "outcome": outcome}
    return Notice(plain[:SUBJECT_LIMIT], "\n".join(lines) + "\n", attributes)
