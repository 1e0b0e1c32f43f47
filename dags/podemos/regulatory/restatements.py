"""Published days that have to be restated, because what they rest on was corrected since. Records in the lake.

A record says what changed; it is settled by any later version of the day. Making that version is another DAG's work.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from podemos.core.manifest import Ref, canonical, commit_first, read, sha256
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


def control(lake: ObjectStore, version: Version, source: str) -> dict[str, Any] | None:
    """The control file of a source that a published version rests on; None when the source was missing."""
    seal, _ = read(lake, f"{keys.folder_of(version.manifest['build']['key'])}seal.json")
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
    key = keys.correction(day, version.number, sha256(canonical(told)))
    head = {"stage": "correction", "business_date": day.isoformat(), "version": version.number}
    document = head | {"report": version.ref.to_dict(), "found_by": found_by.to_dict()} | content
    _, standing, _ = commit_first(lake, key, document)
    return key if standing["found_by"] == document["found_by"] else None


def owed(lake: ObjectStore, reports: ObjectStore) -> list[Owed]:
    """Days whose newest version is one that a record speaks of, the oldest first."""
    by_day: dict[date, list[tuple[int, str]]] = {}
    for info in lake.list(keys.CORRECTIONS):
        day, number = keys.correction_of(info.key)
        by_day.setdefault(day, []).append((number, info.key))
    found = []
    for day, records in sorted(by_day.items()):
        version = newest(reports, day, rehearsal=False)
        of_newest = tuple(key for number, key in records if version and number == version.number)
        if version and of_newest:
            found.append(Owed(day, version.number, of_newest))
    return found
