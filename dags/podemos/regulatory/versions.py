"""The published versions of a day: folders `v<N>/` whose create-once `manifest.json` is the commit point."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from podemos.core.manifest import Ref, read
from podemos.core.store import ObjectStore
from podemos.regulatory.keys import REPORTS, report_day, reports_folder

MANIFEST = "manifest.json"
_FOLDER = re.compile(r"v(\d{1,5})/")
_COMMITTED = re.compile(rf"{REPORTS}\d{{4}}-\d\d-\d\d/v\d{{1,5}}/{MANIFEST}")


@dataclass(frozen=True, slots=True)
class Version:
    """One published version."""

    number: int
    ref: Ref
    manifest: dict[str, Any]


def newest(reports: ObjectStore, day: date, *, rehearsal: bool) -> Version | None:
    """The newest version with a manifest; a folder without one was never published."""
    folder = reports_folder(day, rehearsal=rehearsal)
    numbers = [
        int(found[1])
        for info in reports.list(folder)
        if (found := _FOLDER.match(info.key.removeprefix(folder))) and info.key.endswith(f"/{MANIFEST}")
    ]
    if not numbers:
        return None
    manifest, ref = read(reports, f"{folder}v{max(numbers)}/{MANIFEST}")
    return Version(max(numbers), ref, manifest)


def committed(reports: ObjectStore) -> Iterator[tuple[date, str]]:
    """Day and manifest of every published version, without rehearsals."""
    for info in reports.list(REPORTS):
        if _COMMITTED.fullmatch(info.key):
            yield report_day(info.key), info.key
