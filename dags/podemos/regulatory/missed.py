"""Business days that went by without a published version: found by the next night, told, and opened as late."""

from __future__ import annotations

from datetime import date, timedelta

from podemos.contracts.platform import Platform
from podemos.core.alert import Alert, Level, Send, tell
from podemos.core.clock import Clock, iso
from podemos.core.manifest import commit_first, read
from podemos.core.night import Night
from podemos.core.store import ObjectStore
from podemos.regulatory import keys, marks
from podemos.regulatory.versions import committed

LATE = "regulatory/late/"
MOST = 10
"""Late days that a night opens: each takes up to half an hour, and all must be over when the next night begins."""
HELD = "held: "
RUNBOOK = "docs/runbooks/regulatory_report.md#a-night-was-missed"


def missed(
    night: Night, *, lake: ObjectStore, reports: ObjectStore, clock: Clock, platform: Platform, send: Send
) -> list[str]:
    """Finds the business days since go-live that have no version, records each as late with the reason, and tells.

    A rehearsal looks at none: what it publishes is no report. Nor does a day that is late itself: the night did.

    Returns:
        The days to open as late publications, the oldest first, at most `MOST`. A held day is not among them: its data
        are at fault, and a person decides.
    """
    if night.rehearsal or clock() >= Night.scheduled(night.business_date + timedelta(days=1)).start:
        return []
    there = {day for day, _ in committed(reports)}
    days = [platform.go_live + timedelta(days=n) for n in range((night.business_date - platform.go_live).days)]
    found = [day for day in days if day not in there]
    reasons = {day: _reason(day, lake) for day in found}
    for day in found:
        document = {"stage": "late", "business_date": day.isoformat(), "reason": reasons[day], "found_at": iso(clock())}
        commit_first(lake, f"{LATE}{day}.json", document)
    opened = [day for day in found if not reasons[day].startswith(HELD)][:MOST]
    if found:
        lines = [f"{day}: {reasons[day]}" for day in found[-20:]]
        alert = Alert(
            condition="missed-nights",
            subject=f"{len(found)} business days have no published report, the last is {found[-1]}",
            text="\n".join([*lines, *_what_follows(opened, found)]),
            level=Level.CRITICAL,
            owner="regulatory-reporting",
            meaning="nothing for tonight's report; those days are late already.",
            runbook=RUNBOOK,
            facts={"business_date": found[-1].isoformat()},
        )
        tell(alert, keys.night_folder(night), lake=lake, send=send)
    return [day.isoformat() for day in opened]


def _what_follows(opened: list[date], found: list[date]) -> list[str]:
    """What happens by itself, and what a person does."""
    lines = []
    if opened:
        days = ", ".join(map(str, opened))
        lines.append(f"{len(opened)} are opened as late publications, after tonight's report: {days}")
    if len(opened) < len(found):
        lines.append("For the others, correct what holds them, then trigger regulatory_report with each business_date.")
    return lines


def _reason(day: date, lake: ObjectStore) -> str:
    """Why, as far as the evidence says."""
    heard = marks.of(lake, Night.scheduled(day))
    folder = f"regulatory/nights/{day}/"
    decisions = [read(lake, info.key)[0] for info in lake.list(folder) if "/decision-" in info.key]
    held = [one for one in decisions if one["outcome"] == "hold"]
    if held and len(held) == len(decisions):
        return f"{HELD}{max(held, key=lambda one: one['decided_at'])['reasons'][0]}"
    if heard:
        return f"the night ended after {heard[-1].stage}"
    return "no night ran" if next(iter(lake.list(folder)), None) is None else "the night ended without a version"
