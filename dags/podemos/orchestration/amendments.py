"""A certificate that changed for a day whose report is published: what the regulatory concern has to restate.

The two concerns do not know each other; here both are known. What a published version rests on is read from its own
seal, so only a difference from what was really published counts, whoever certified in between.

Certificates are per branch-local day, the report is per business day: the last half hour of Tijuana's day is landed
after the night's last pull, changes that certificate every morning, and belongs to the next report. So a change counts
when the business day's own totals changed, too, or a branch that was not certified then now is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from podemos.branches import movements
from podemos.branches.day_totals import NAMES, day_totals
from podemos.contracts.branches import Branches
from podemos.contracts.tables import contract
from podemos.core import manifest
from podemos.core.manifest import Ref
from podemos.core.store import ObjectStore
from podemos.regulatory import restatements
from podemos.regulatory.versions import newest

SOURCE = "sucursales"
_TERMS = ("source", "winners", "curated", "quarantined", "warehouse", "state")


def announce_amendments(
    certification_key: str,
    *,
    lake: ObjectStore,
    reports: ObjectStore,
    config: Branches,
    announce: Callable[[dict[str, Any]], None],
) -> list[str]:
    """Records and announces each published day whose certificates say something else than when it was published.

    One event per day and content, also when the task is repeated: the record names the certification that found it.

    Args:
        certification_key: of the branches.
        lake: certificates and records.
        reports: the published versions.
        config: the branches' zones.
        announce: emits an asset event with this extra.

    Returns:
        Keys of the records that were announced.
    """
    certification, ref = manifest.read(lake, certification_key)
    found = {_day(one["key"]): Ref(**one) for one in certification["certificates"]}
    current = {day: certificate for day, certificate in found.items() if day}
    announced = []
    for day in sorted({near for text in current for near in _business_dates(text)}):
        version = newest(reports, day, rehearsal=False)
        control = restatements.control(lake, day, version, SOURCE) if version else None
        if version is None or control is None:
            continue
        changes = list(_changes(lake, control, current))
        content = _content(lake, certification, control, day, config) if changes else None
        if content is None:
            continue
        record = restatements.record(lake, day, version, content | {"certificates": changes}, found_by=ref)
        if record is not None:
            announce({"business_date": day.isoformat(), "manifest": record, "version": version.number,
                      "certificates": changes})  # fmt: skip
            announced.append(record)
    return announced


def _changes(lake: ObjectStore, control: Mapping[str, Any], current: Mapping[str, Ref]) -> Iterator[dict[str, Any]]:
    """Local days whose certificate differs from the sealed one: old and new hash, and the branches."""
    for old in (Ref(**sealed) for sealed in control.get("certificates", ())):
        local_day = _day(old.key)
        new = current.get(local_day)
        if new is None or new == old:
            continue
        before, after = (_terms(lake, certificate) for certificate in (old, new))
        branches = sorted(b for b in before.keys() | after.keys() if before.get(b) != after.get(b))
        if branches:
            yield {"day": local_day, "old": old.to_dict(), "new": new.to_dict(), "branches": branches}


def _content(
    lake: ObjectStore, certification: Mapping[str, Any], control: Mapping[str, Any], day: date, config: Branches
) -> dict[str, Any] | None:
    """The business day's totals then and now, and branches certified since; None when the day is the same."""
    revision = manifest.read_ref(lake, certification["revision"])
    zones = {branch.id: branch.zone for branch in config.branches}
    now = day_totals(lake, revision, contract(movements.TABLE).compiled(), day, zones)
    then = {name: control[name] for name in NAMES}
    waiting = {branch["id"] for branch in control["branches"] if branch["state"] != "certified"}
    same_day = certification["business_date"] == day.isoformat()
    since = [b["id"] for b in certification["branches"] if b["state"] == "certified" and b["id"] in waiting]
    arrived = since if same_day else []
    return {"then": then, "now": now, "certified_since": arrived} if then != now or arrived else None


def _terms(lake: ObjectStore, certificate: Ref) -> dict[str, Any]:
    """What a certificate says of the data: its revision and its alerts are no content."""
    document = manifest.read_ref(lake, certificate.to_dict())
    return {branch: {name: said[name] for name in _TERMS} for branch, said in document["branches"].items()}


def _day(certificate_key: str) -> str:
    """The local day of a certificate of movements; empty for one of another table."""
    *_, table, day, _ = certificate_key.split("/")
    return day.removeprefix("fecha=") if table == movements.TABLE else ""


def _business_dates(local_day: str) -> Iterator[date]:
    try:
        day = date.fromisoformat(local_day)
    except ValueError:  # a day that is none, as `nulo`
        return
    yield from (day + timedelta(days=ahead) for ahead in (-1, 0, 1))
