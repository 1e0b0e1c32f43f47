"""Whether published versions can still be made again, byte for byte: a sample of them, another one every day."""

from __future__ import annotations

import hashlib
import logging
import random
from datetime import timedelta

from podemos.contracts.platform import Platform
from podemos.core.clock import Clock
from podemos.core.errors import DataFault
from podemos.core.manifest import read
from podemos.core.store import ObjectStore
from podemos.core.zones import zone_table
from podemos.regulatory import keys, rebuild
from podemos.regulatory.locks import unlocked
from podemos.regulatory.render import RENDERERS
from podemos.regulatory.versions import committed

SAMPLE = 5
WINDOW = timedelta(days=365)
log = logging.getLogger(__name__)


def sample(*, reports: ObjectStore, clock: Clock) -> list[str]:
    """The manifests of a few versions of the last year, drawn by the date: a retry draws the same.

    Those of a renderer that is not in `RENDERERS` are left out: only the revision that wrote them can make them again.
    """
    today = zone_table().accounting_day(clock())
    found = [key for day, key in committed(reports) if today - WINDOW <= day < today]
    draw = random.Random(hashlib.sha256(today.isoformat().encode()).digest())  # noqa: S311 - no secret
    chosen: list[str] = []
    for key in draw.sample(found, len(found)):
        if len(chosen) == SAMPLE:
            break
        if read(reports, key)[0]["renderer"] in RENDERERS:
            chosen.append(key)
    log.info("%d of %d published versions", len(chosen), len(found))
    return sorted(chosen)


def prove(report_key: str, *, lake: ObjectStore, reports: ObjectStore, platform: Platform) -> str:
    """Makes a version again from its sealed inputs, compares every byte, and returns its manifest's key.

    Raises:
        DataFault: a byte differs, or an object can be deleted; the message names the files.
    """
    day, version = keys.report_day(report_key), keys.report_version(report_key)
    found = rebuild.rebuild(day, version, lake=lake, reports=reports)
    if not found.identical:
        differ = [
            f"{one.name} (published {one.published[:16]}, rebuilt {one.rebuilt[:16]})"
            for one in found.files
            if not one.identical
        ]
        raise DataFault(
            f"{reports.uri(report_key)} cannot be made again: {', '.join(differ)}; "
            "see docs/runbooks/regulatory_rebuild.md before anything else is published"
        )
    if open_ := unlocked(report_key, reports=reports, retention=platform.retention):
        raise DataFault(f"{'; '.join(open_)}: lock it (s3api put-object-retention), and find who wrote it without")
    log.info("%s: %d files identical", report_key, len(found.files))
    return report_key
