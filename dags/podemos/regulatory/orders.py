"""Which published days are to be sealed anew, and why: one order per day, that its restatement is a function of.

A day is owed when the branches' certificates under it were corrected, when a source delivered after the seal, or when a
person asks for it.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from podemos.contracts.sources import Sources
from podemos.core.clock import Clock, from_iso, iso
from podemos.core.errors import ContractViolation
from podemos.core.manifest import commit_first, read
from podemos.core.night import Night
from podemos.core.states import State
from podemos.core.store import ObjectStore
from podemos.regulatory import keys, restatements
from podemos.regulatory.inbox import newest_control
from podemos.regulatory.versions import Version, newest

LOOK_BACK = timedelta(days=14)
"""How far back deliveries after the seal are looked for when nobody names days."""
MOST_DAYS = 62
"""Days of one run: a wider range is a mistake or a project of its own."""
_MICROSECONDS = 1_000_000
log = logging.getLogger(__name__)


class Code(StrEnum):
    """Why a day is restated."""

    CORRECTED_CERTIFICATES = "corrected_certificates"
    LATE_SOURCE = "late_source"
    CORRECTED_SOURCE = "corrected_source"
    REGULATOR_REQUEST = "regulator_request"
    INTERNAL_AUDIT = "internal_audit"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Request:
    """What a run was asked for.

    Attributes:
        first: of a range of days; None looks for the days that are owed.
        last: of that range, included.
        code: a person's reason; None for a run that nobody started by hand.
        text: in the person's words.
        dry_run: only show what would change.
    """

    first: date | None = None
    last: date | None = None
    code: Code | None = None
    text: str = ""
    dry_run: bool = True

    def __post_init__(self) -> None:
        if (self.first is None) != (self.last is None):
            raise ContractViolation("params first_day and last_day: give both, or none for the days that are owed")
        if self.first and self.last and not 0 <= (self.last - self.first).days < MOST_DAYS:
            raise ContractViolation(f"params first_day and last_day: 1 to {MOST_DAYS} days, the first one first")
        if self.first and self.code is None:
            raise ContractViolation("param reason: a range of days needs a reason code")
        if self.code is Code.OTHER and not self.text.strip():
            raise ContractViolation("param explanation: the reason `other` needs one")


def find(
    request: Request, *, lake: ObjectStore, reports: ObjectStore, sources: Sources, clock: Clock, owner: str
) -> list[str]:
    """Finds the published days to seal anew and returns the key of an order for each, the oldest day first.

    A second attempt of the same run finds its own orders; a day without a published version is the report's, not ours.

    Args:
        request: what was asked for.
        lake: seals, records and orders.
        reports: the published versions.
        sources: the configured sources.
        clock: where the days to look at end.
        owner: the run's own name, the same at every attempt.
    """
    found = dict(_owed(request, lake=lake, reports=reports, sources=sources, clock=clock))
    orders = []
    for day, (version, reasons, records) in sorted(found.items()):
        night = _night(lake, day, owner)
        document = {
            "stage": "order",
            "business_date": day.isoformat(),
            "version": version.number,
            "report": version.ref.to_dict(),
            "start": iso(night.start),
            "reasons": reasons,
            "records": records,
            "dry_run": request.dry_run,
            "ordered_by": owner,
        }
        orders.append(commit_first(lake, keys.order(night), document)[0].key)
        log.info("%s, version %d: %s", day, version.number, "; ".join(map(told, reasons)))
    return orders


def of(lake: ObjectStore, key: str) -> tuple[dict[str, Any], Night]:
    """The order that a manifest belongs to, and its night."""
    order, _ = keys.read_stage(lake, keys.order_of(key), "order")
    return order, Night(date.fromisoformat(order["business_date"]), from_iso(order["start"]))


def told(reason: Mapping[str, str]) -> str:
    """A reason for people."""
    return f"{reason['code']}: {reason['detail']}" if reason["detail"] else reason["code"]


def _owed(
    request: Request, *, lake: ObjectStore, reports: ObjectStore, sources: Sources, clock: Clock
) -> Iterator[tuple[date, tuple[Version, list[dict[str, str]], list[str]]]]:
    """Days, with their newest version, the reasons and the records they answer."""
    by_hand = [_reason(request.code, request.text.strip())] if request.code else []
    corrected = {one.business_date: one.records for one in restatements.owed(lake, reports)}
    for day in _days(request, clock, corrected):
        version = newest(reports, day, rehearsal=False)
        if version is None:
            log.warning("%s has no published version: trigger regulatory_report for it", day) if request.first else None
            continue
        records = list(corrected.get(day, ()))
        reasons = [_correction(read(lake, key)[0]) for key in records]
        reasons += _after_seal(lake, day, version, sources)
        if reasons or request.first:
            yield day, (version, by_hand + reasons, records)


def _days(request: Request, clock: Clock, corrected: Mapping[date, Any]) -> list[date]:
    if request.first and request.last:
        return [request.first + timedelta(days=at) for at in range((request.last - request.first).days + 1)]
    today = clock().date()
    recent = {today - timedelta(days=at) for at in range(LOOK_BACK.days + 1)}
    return sorted(recent | corrected.keys())[-MOST_DAYS:]


def _after_seal(lake: ObjectStore, day: date, version: Version, sources: Sources) -> Iterator[dict[str, str]]:
    """Sources whose control file in force is not the one the version rests on: they delivered after the seal."""
    sealed = {entry["source"]: entry for entry in restatements.seal_in_force(lake, day, version)["sources"]}
    for source in sources.sources:
        entry, key = sealed.get(source.id), newest_control(lake, source, day)
        if entry is None or key is None:
            continue
        rested = entry["control"]
        if rested is not None and rested["key"] == key:
            info = lake.head(key)
            if info is None or info.etag == rested.get("etag", info.etag):
                continue
        late = entry["state"] == State.MISSING and rested is None
        yield _reason(Code.LATE_SOURCE if late else Code.CORRECTED_SOURCE, f"{source.id} delivered {key}")


def _correction(record: Mapping[str, Any]) -> dict[str, str]:
    branches = sorted({b for change in record["certificates"] for b in change["branches"]})
    return _reason(Code.CORRECTED_CERTIFICATES, f"certificates of branches {', '.join(branches[:20])} changed")


def _reason(code: Code, detail: str) -> dict[str, str]:
    return {"code": code.value, "detail": detail}


def _night(lake: ObjectStore, day: date, owner: str) -> Night:
    """A night of the order's own: the real night's instants, moved by microseconds, so that it has its own seal."""
    scheduled = Night.scheduled(day)
    first = int.from_bytes(hashlib.sha256(f"{owner} {day}".encode()).digest()[:8])
    for step in range(_MICROSECONDS - 1):
        moved = 1 + (first + step) % (_MICROSECONDS - 1)
        night = replace(scheduled, start=scheduled.start + timedelta(microseconds=moved))
        if lake.head(keys.order(night)) is not None:
            if read(lake, keys.order(night))[0]["ordered_by"] == owner:
                return night
        elif not any(lake.list(keys.night_folder(night))):
            return night
    raise ContractViolation(f"{day}: every night of the day is taken")
