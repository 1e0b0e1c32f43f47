"""The published versions of a day: folders `v<N>/` whose create-once `manifest.json` is the commit point."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from podemos.core.manifest import Ref, read
from podemos.core.store import ObjectStore
from podemos.regulatory.keys import reports_folder

MANIFEST = "manifest.json"
_FOLDER = re.compile(r"v(\d{1,5})/")


@dataclass(frozen=True, slots=True)
class Version:
    """One published version."""

    number: int
    ref: Ref
    manifest: dict[str, Any]


def newest(reports: ObjectStore, day: date, *, rehearsal: bool) -> Version | None:
    """The newest version with a manifest; a folder without one was never published."""
    folder = reports_folder(day, rehearsal=rehearsal)
    committed = [
        int(found[1])
        for info in reports.list(folder)
        if (found := _FOLDER.match(info.key.removeprefix(folder))) and info.key.endswith(f"/{MANIFEST}")
    ]
    if not committed:
        return None
    manifest, ref = read(reports, f"{folder}v{max(committed)}/{MANIFEST}")
    return Version(max(committed), ref, manifest)
