"""Where the report's objects live. One module knows the keys, so a stage and the one before it cannot disagree.

Everything a night computes lies under `regulatory/nights/<D>/<night id>/`, named by its content's SHA-256: a stage that
runs again with the same inputs commits the same manifest. Only the seal has a fixed name, because it must be the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from podemos.core.errors import DataFault
from podemos.core.manifest import Ref, canonical, commit, read, sha256
from podemos.core.night import Night
from podemos.core.store import ObjectStore

INBOX = "regulatory/inbox"
CORRECTIONS = "regulatory/corrections/"
SETTLEMENTS = "regulatory/settlements/"


def inbox(source_id: str, day: date) -> str:
    """The folder a source delivers a day to, with a final slash."""
    return f"{INBOX}/{source_id}/{day.isoformat()}/"


def correction(day: date, version: int, content: str) -> str:
    """What was corrected under a published version of a day."""
    return f"{CORRECTIONS}{day.isoformat()}/v{version}-{content[:16]}.json"


def correction_of(key: str) -> tuple[date, int]:
    """Day and version of such a record."""
    day, name = key.removeprefix(CORRECTIONS).split("/")
    return date.fromisoformat(day), int(name.partition("-")[0].removeprefix("v"))


def settlements(day: date, version: int) -> str:
    """Prefix of what was found to change nothing in a published version."""
    return f"{SETTLEMENTS}{day.isoformat()}/v{version}-"


def night_id(night: Night) -> str:
    """One night's name: its start and its pace. A later run of the same day is another night with its own seal."""
    fraction = f".{night.start.microsecond:06d}" if night.start.microsecond else ""
    return f"{night.start:%Y%m%dT%H%M%S}{fraction}Zx{night.seconds_per_hour}"


def night_folder(night: Night) -> str:
    """Where a night keeps its manifests, with a final slash."""
    return f"regulatory/nights/{night.business_date.isoformat()}/{night_id(night)}/"


def seal(night: Night) -> str:
    """The night's one seal."""
    return f"{night_folder(night)}seal.json"


def order(night: Night) -> str:
    """Why a published day is sealed anew; it lies with the manifests of the night that does it."""
    return f"{night_folder(night)}order.json"


def order_of(key: str) -> str:
    """The order of a restatement, from any of its manifests."""
    return f"{folder_of(key)}order.json"


def report_day(manifest_key: str) -> date:
    """The business day of a published manifest's key."""
    return date.fromisoformat(manifest_key.split("/")[-3])


def report_version(manifest_key: str) -> int:
    """The version of a published manifest's key."""
    return int(manifest_key.split("/")[-2].removeprefix("v"))


def folder_of(key: str) -> str:
    """The night's folder of one of its manifests."""
    return key.rpartition("/")[0] + "/"


def commit_stage(lake: ObjectStore, folder: str, stage: str, document: Mapping[str, Any]) -> Ref:
    """Commits a stage's manifest under a name made of its content."""
    digest = sha256(canonical(document))
    return commit(lake, f"{folder}{stage}-{digest[:16]}.json", document)


def read_stage(lake: ObjectStore, key: str, stage: str) -> tuple[dict[str, Any], Ref]:
    """A stage's manifest.

    Raises:
        DataFault: it is not JSON, or belongs to another stage.
    """
    document, ref = read(lake, key)
    if document.get("stage") != stage:
        raise DataFault(f"{lake.uri(key)}: stage {document.get('stage')!r} found, {stage!r} needed; pass its own key")
    return document, ref


REPORTS = "reports/"


def receipt(manifest: Mapping[str, Any], channel: str) -> str:
    """Where the receipt of a version and channel is."""
    return f"{version_receipts(manifest)}{channel}.json"


def version_receipts(manifest: Mapping[str, Any]) -> str:
    """What the keys of a version's receipts begin with."""
    return f"{receipts(manifest)}v{manifest['version']}-"


def receipts(manifest: Mapping[str, Any]) -> str:
    """Where the receipts of a day are, with a final slash."""
    folder = reports_folder(date.fromisoformat(manifest["business_date"]), rehearsal=manifest["rehearsal"])
    return f"{folder}receipts/"


def reports_folder(day: date, *, rehearsal: bool) -> str:
    """All versions of a day's report, with a final slash."""
    return f"{REPORTS}{'rehearsal/' if rehearsal else ''}{day.isoformat()}/"
