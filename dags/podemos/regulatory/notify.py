"""What people are told: one notice per outcome, with the one line that matters first."""

from __future__ import annotations

from datetime import date

from podemos.core.alert import Alert, Level
from podemos.core.manifest import read
from podemos.core.money import format_pesos
from podemos.core.night import ANSWER_BY, DEADLINE
from podemos.core.store import ObjectStore
from podemos.regulatory import keys

OWNER = "regulatory-reporting"
RUNBOOK = "docs/runbooks/regulatory_report.md"


def message(manifest_key: str, *, reports: ObjectStore) -> Alert:
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
    return Alert(
        condition=f"published-v{manifest['version']}",
        subject=f"Report {day} {outcome} v{manifest['version']}",
        text="\n".join(lines),
        level=Level.INFO if outcome == "complete" else Level.WARNING,
        owner=OWNER,
        meaning=f"the report is out; the receipts in {reports.uri(keys.receipts(manifest))} prove its delivery.",
        runbook=f"{RUNBOOK}#the-report-is-published-but-not-delivered",
        facts={"business_date": day, "outcome": outcome},
    )


def hold_message(decision_key: str, *, lake: ObjectStore) -> Alert:
    """The notice of a held report: the smallest unit, what it means for 06:00, and what helps."""
    decision, _ = read(lake, decision_key)
    day = decision["business_date"]
    first, *others = decision["reasons"]
    left = decision["minutes_before_deadline"]
    meaning = (
        f"nothing is published; {left} minutes of the night are left until {DEADLINE}."
        if left > 0
        else f"nothing is published and {DEADLINE} has passed."
    )
    certificate, _ = read(lake, decision["certificate"]["key"])
    lines = [
        first,
        *(f"Also: {other}" for other in others[:9]),
        *([f"And {len(others) - 9} more."] if len(others) > 9 else []),
        "What helps: correct it at the source, then start the night again; it seals what is there then.",
        f"Evidence: {lake.uri(certificate['docs']['page'])}",
    ]
    return Alert(
        condition="held",
        subject=f"HELD: report {day}: {first}",
        text="\n".join(lines),
        level=Level.CRITICAL,
        owner=OWNER,
        meaning=meaning,
        runbook=f"{RUNBOOK}#the-report-is-held",
        facts={"business_date": day, "outcome": "hold"},
    )


def ask_message(day: date, question: str, link: str) -> Alert:
    """The notice of a question: all of it, where it is answered, and until when.

    Args:
        day: the business day.
        question: in Spanish, Markdown.
        link: to the page where it is answered.
    """
    return Alert(
        condition="asked",
        subject=f"ASK: report {day}: incomplete; publish or hold? Answer by {ANSWER_BY}",
        text=f"{question}\n\nAnswer: {link}",
        level=Level.CRITICAL,
        owner=OWNER,
        meaning=f"without an answer the policy decides at {ANSWER_BY}.",
        runbook=f"{RUNBOOK}#the-report-is-held",
        facts={"business_date": day.isoformat(), "outcome": "ask"},
    )
