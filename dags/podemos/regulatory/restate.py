"""A published day sealed anew: the report's own stages, then what differs from the newest version, then version n+1.

Every function is given a manifest of its night and finds the order beside it. Content that is the newest version's
publishes nothing and settles the records; a dry run only shows the difference.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from podemos.contracts.sources import Policy, Sources
from podemos.core.clock import Clock
from podemos.core.errors import NotFound
from podemos.core.manifest import Ref, canonical, read_ref
from podemos.core.night import Night
from podemos.core.store import ObjectStore
from podemos.regulatory import changes, decide, keys, orders, plan, publish, restatements
from podemos.regulatory.build import FOLDER, MOVEMENTS, SUMMARY
from podemos.regulatory.frozen import fetch, store
from podemos.regulatory.publish import CHANGES, Signer
from podemos.regulatory.seal import seal
from podemos.regulatory.versions import MANIFEST, newest

log = logging.getLogger(__name__)


class Conclusion(StrEnum):
    """What follows from a comparison."""

    PUBLISH = "publish"
    SAME = "same"
    SHOWN = "shown"


def seal_again(order_key: str, *, lake: ObjectStore, reports: ObjectStore, clock: Clock, sources: Sources) -> str:
    """Seals what is there now, in a night of the order's own, and returns the seal's key."""
    _, night = orders.of(lake, order_key)
    arrivals = plan.arrivals_now(night, lake=lake, reports=reports, clock=clock, sources=sources)
    return seal(night, arrivals, lake=lake, clock=clock, sources=sources)


def loads(normalised_key: str, *, lake: ObjectStore) -> str:
    """Whether the warehouse is loaded, `load`; a dry run leaves it alone, `skip`, and rests on the second engine."""
    order, _ = orders.of(lake, normalised_key)
    return "skip" if order["dry_run"] else "load"


def decide_again(certificate_key: str, *, lake: ObjectStore, policy: Policy, sources: Sources, clock: Clock) -> str:
    """Applies the policy, as in the night, and returns the key of the decision."""
    _, night = orders.of(lake, certificate_key)
    return decide.decide(certificate_key, lake=lake, policy=policy, sources=sources, clock=clock, night=night)


def compare(build_key: str, *, lake: ObjectStore, reports: ObjectStore) -> str:
    """Adds `cambios.json` to a build, the difference from the newest version, and returns the key of the new build.

    Raises:
        NotFound: the day has no published version.
        DataFault: a published or staged file was changed.
    """
    build, _ = keys.read_stage(lake, build_key, "build")
    order, night = orders.of(lake, build_key)
    version = newest(reports, night.business_date, rehearsal=False)
    if version is None:
        raise NotFound(f"{reports.uri(keys.reports_folder(night.business_date, rehearsal=False))}: no published version")
    restatement = {
        "order": keys.order_of(build_key),
        "dry_run": order["dry_run"],
        "same": version.manifest["content_sha256"] == publish.content_hash(build["files"]),
        "version": version.number,
        "supersedes": version.ref.to_dict(),
        "reasons": order["reasons"],
    }
    with TemporaryDirectory(prefix="compare-") as name:
        scratch = Path(name)
        after = {}
        for file in build["files"]:
            if file["name"] in (MOVEMENTS, SUMMARY):
                fetch(lake, file, path := scratch / f"after-{file['name']}")
                after[file["name"]] = path
        found = changed(restatement, after, reports=reports, scratch=scratch)
        (scratch / CHANGES).write_bytes(canonical(found))
        staged = store(lake, f"{FOLDER}/{build['business_date']}/", scratch / CHANGES, "cambios.json")
    for line in changes.lines(found):
        log.info("%s", line)
    files = [*build["files"], {"name": CHANGES} | staged]
    document = build | {"files": files, "restatement": restatement}
    return keys.commit_stage(lake, keys.folder_of(build_key), "compared", document).key


def changed(
    restatement: Mapping[str, Any], after: Mapping[str, Path], *, reports: ObjectStore, scratch: Path
) -> dict[str, Any]:
    """`cambios.json` of a restatement: a function of the superseded version, of the new files and of the reasons.

    Args:
        restatement: of the build.
        after: local `movimientos.csv` and `resumen.json` of the new version.
        reports: holds the superseded version.
        scratch: where its files go.
    """
    import json

    superseded = restatement["supersedes"]
    manifest = read_ref(reports, superseded)
    before = {}
    for file in manifest["files"]:
        if file["name"] in after:
            frozen = {"key": superseded["key"].removesuffix(MANIFEST) + file["name"], "sha256": file["sha256"]}
            fetch(reports, frozen, path := scratch / f"before-{file['name']}")
            before[file["name"]] = path
    summaries = [json.loads(files[SUMMARY].read_bytes()) for files in (before, after)]
    found = changes.differences(before[MOVEMENTS], after[MOVEMENTS])
    return changes.document(found, summaries[0], summaries[1], restatement)


def conclusion(compared_key: str, *, lake: ObjectStore) -> str:
    """What follows: `publish`, `same` as the newest version, or only `shown`, for a dry run."""
    restatement = keys.read_stage(lake, compared_key, "build")[0]["restatement"]
    if restatement["dry_run"]:
        return Conclusion.SHOWN.value
    return (Conclusion.SAME if restatement["same"] else Conclusion.PUBLISH).value


def publish_again(
    compared_key: str, *, lake: ObjectStore, reports: ObjectStore, clock: Clock, signer: Signer | None = None
) -> str:
    """Publishes the build as the next version, with its reasons and `cambios.json`; returns its manifest's key.

    Raises:
        DataFault: another version was published since the comparison.
    """
    return publish.publish(
        compared_key, lake=lake, reports=reports, clock=clock, night=_night(lake, compared_key), signer=signer
    )


def settle(compared_key: str, *, lake: ObjectStore, reports: ObjectStore) -> str:
    """Records that what is there now gives the newest version; returns the settlement's key. Nothing is published.

    Raises:
        NotFound: the version is not the newest any more.
    """
    build, ref = keys.read_stage(lake, compared_key, "build")
    order, night = orders.of(lake, compared_key)
    version = newest(reports, night.business_date, rehearsal=False)
    if version is None or version.ref.to_dict() != build["restatement"]["supersedes"]:
        raise NotFound(f"{night.business_date}: another version was published since; run the restatement again")
    log.info("%s: version %d already says what is there now", night.business_date, version.number)
    return restatements.settle(
        lake, night.business_date, version, seal_key=keys.seal(night), records=order["records"], proof=ref
    )


def show(compared_key: str, *, lake: ObjectStore) -> str:
    """A dry run's end: logs the difference and returns the key of the staged `cambios.json`. Nothing is published."""
    build, _ = keys.read_stage(lake, compared_key, "build")
    staged = next(file for file in build["files"] if file["name"] == CHANGES)
    for line in changes.lines(read_ref(lake, Ref(staged["key"], staged["sha256"]))):
        log.info("%s", line)
    log.info("a dry run: nothing was published; the whole difference is %s", lake.uri(staged["key"]))
    return str(staged["key"])


def _night(lake: ObjectStore, key: str) -> Night:
    return orders.of(lake, key)[1]


def day_of(manifest_key: str) -> date:
    """The business day of a published manifest."""
    return date.fromisoformat(keys.report_day(manifest_key))
