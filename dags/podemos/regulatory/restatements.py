"""Published days that have to be restated, because what they rest on was corrected since. Records in the lake.

A record says what changed; it is settled by any later version of the day, or by a settlement: the day was sealed anew
and the report came out the same. `orders` and `restate` make such versions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from podemos.core.manifest import Ref, canonical, commit, commit_first, read, sha256
from podemos.core.store import ObjectStore
from podemos.regulatory import keys
from podemos.regulatory.versions import Version, newest


@dataclass(frozen=True, slots=True)
class Owed:
    """A published day to be restated: its newest version, and the records that say why."""

    business_date: date
    version: int
    records: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "business_date": self.business_date.isoformat(),
            "version": self.version,
            "records": list(self.records),
        }


def seal_in_force(lake: ObjectStore, day: date, version: Version) -> dict[str, Any]:
    """The newest seal that is known to give the version: its own, or a later one that changed nothing."""
    return read(lake, _seal_key(lake, day, version))[0]


def _seal_key(lake: ObjectStore, day: date, version: Version) -> str:
    settled = [read(lake, info.key)[0] for info in lake.list(keys.settlements(day, version.number))]
    if settled:
        return str(max(settled, key=lambda one: (one["sealed_at"], one["seal"]["key"]))["seal"]["key"])
    return f"{keys.folder_of(version.manifest['build']['key'])}seal.json"


def control(lake: ObjectStore, day: date, version: Version, source: str) -> dict[str, Any] | None:
    """The control file of a source that a published version rests on; None when the source was missing."""
    seal = seal_in_force(lake, day, version)
    entry = next((found for found in seal["sources"] if found["source"] == source), None)
    if entry is None or entry["control"] is None:
        return None
    return read(lake, entry["control"]["key"])[0]


def record(lake: ObjectStore, day: date, version: Version, content: dict[str, Any], *, found_by: Ref) -> str | None:
    """Records a correction; its key, or None when another certification had recorded the same one.

    Args:
        lake: where the records are.
        day: the business day.
        version: its newest published version.
        content: what is otherwise; `now` and `certified_since` tell one correction from the next.
        found_by: the certification.
    """
    told = {name: content[name] for name in ("now", "certified_since")}
    if any(lake.list(keys.settlements(day, version.number))):
        told["since"] = _seal_key(lake, day, version)  # what was settled may come again, and counts again
    key = keys.correction(day, version.number, sha256(canonical(told)))
    head = {"stage": "correction", "business_date": day.isoformat(), "version": version.number}
    document = head | {"report": version.ref.to_dict(), "found_by": found_by.to_dict()} | content
    _, standing, _ = commit_first(lake, key, document)
    return key if standing["found_by"] == document["found_by"] else None


def settle(lake: ObjectStore, day: date, version: Version, *, seal_key: str, records: Sequence[str], proof: Ref) -> str:
    """Records that a later seal gives the version as it is published; returns the settlement's key.

    Args:
        lake: where the records are.
        day: the business day.
        version: its newest published version.
        seal_key: of the later seal.
        records: the corrections that it answers.
        proof: the build whose content is the version's.
    """
    seal, ref = read(lake, seal_key)
    document = {
        "stage": "settlement",
        "business_date": day.isoformat(),
        "version": version.number,
        "report": version.ref.to_dict(),
        "seal": ref.to_dict(),
        "sealed_at": seal["sealed_at"],
        "records": list(records),
        "build": proof.to_dict(),
    }
    return commit(lake, f"{keys.settlements(day, version.number)}{ref.sha256[:16]}.json", document).key


def owed(lake: ObjectStore, reports: ObjectStore) -> list[Owed]:
    """Days whose newest version is one that a record speaks of, the oldest first."""
    by_day: dict[date, list[tuple[int, str]]] = {}
    for info in lake.list(keys.CORRECTIONS):
        day, number = keys.correction_of(info.key)
        by_day.setdefault(day, []).append((number, info.key))
    found = []
    for day, records in sorted(by_day.items()):
        version = newest(reports, day, rehearsal=False)
        settled = {
            key
            for info in (lake.list(keys.settlements(day, version.number)) if version else ())
            for key in read(lake, info.key)[0]["records"]
        }
        of_newest = tuple(key for number, key in records if version and number == version.number and key not in settled)
        if version and of_newest:
            found.append(Owed(day, version.number, of_newest))
    return found
