"""Whether every object of a published version is locked, long enough: nobody can change or delete what was reported."""

from __future__ import annotations

from datetime import timedelta

from podemos.core.clock import from_iso, iso
from podemos.core.manifest import read
from podemos.core.retention import Retention
from podemos.core.store import ObjectStore
from podemos.regulatory import keys


def unlocked(report_key: str, *, reports: ObjectStore, retention: Retention) -> list[str]:
    """What is not locked as the rule wants, one line per object: the version's files, manifest, signature, receipts.

    A rehearsal has nothing to be locked.

    Args:
        report_key: of the version's manifest.
        reports: the published versions.
        retention: the rule.

    Raises:
        NotFound: there is no such version.
    """
    manifest, _ = read(reports, report_key)
    wanted = from_iso(manifest["published_at"]) + timedelta(days=retention.days)
    folder = report_key.rpartition("/")[0] + "/"
    prefixes = (folder, keys.version_receipts(manifest))
    found = []
    for key in (info.key for prefix in prefixes for info in reports.list(prefix)):
        if retention.lock(key, wanted) is None:
            continue
        info = reports.head(key)
        lock = info.lock if info else None
        if lock is None:
            found.append(f"{reports.uri(key)}: not locked")
        elif lock.mode != retention.mode or lock.until < wanted:
            found.append(
                f"{reports.uri(key)}: {lock.mode} until {iso(lock.until)}, wanted {retention.mode} until {iso(wanted)}"
            )
    return found
