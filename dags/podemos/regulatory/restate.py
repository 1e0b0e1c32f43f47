"""A published day sealed anew: the report's own stages, then what differs from the newest version, then version n+1.

Every function is given a manifest of its night and finds the order beside it. Content that is the newest version's
publishes nothing and settles the records; a dry run only shows the difference.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from podemos.contracts.platform import Platform
from podemos.contracts.sources import Policy, Sources
from podemos.core.clock import Clock
from podemos.core.errors import DataFault, NotFound, NotNeeded
from podemos.core.manifest import Ref, canonical, read_ref
from podemos.core.night import Night
from podemos.core.store import ObjectStore
from podemos.regulatory import changes, decide, keys, load, orders, plan, publish, restatements
from podemos.regulatory.build import FOLDER, MOVEMENTS, SUMMARY
from podemos.regulatory.frozen import fetch, store
from podemos.regulatory.publish import CHANGES, Signer
from podemos.regulatory.seal import seal
from podemos.regulatory.versions import MANIFEST, newest
from podemos.warehouse.statements import Batch

log = logging.getLogger(__name__)


def seal_again(order_key: str, *, lake: ObjectStore, reports: ObjectStore, clock: Clock, sources: Sources) -> str:
    """Seals what is there now, in a night of the order's own, and returns the seal's key."""
    _, night = orders.of(lake, order_key)
    arrivals = plan.arrivals_now(night, lake=lake, reports=reports, clock=clock, sources=sources)
    return seal(night, arrivals, lake=lake, clock=clock, sources=sources)


def load_batch(normalised_key: str, *, lake: ObjectStore, platform: Platform) -> Batch:
    """The batch that loads the day's movements, as in the night.

    Raises:
        NotNeeded: a dry run leaves the warehouse alone and rests on the second engine.
    """
    if orders.of(lake, normalised_key)[0]["dry_run"]:
        raise NotNeeded("a dry run: the warehouse keeps the rows of the published version")
    return load.load_batch(normalised_key, lake=lake, platform=platform)


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
        raise NotFound(reports.uri(f"{keys.reports_folder(night.business_date, rehearsal=False)}v1/{MANIFEST}"))
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


def publish_again(
    compared_key: str, *, lake: ObjectStore, reports: ObjectStore, clock: Clock, signer: Signer | None = None
) -> str:
    """Publishes the build as the next version, with its reasons and `cambios.json`; returns its manifest's key.

    Raises:
        NotNeeded: it is a dry run, or what is there now gives the newest version.
        DataFault: another version was published since the comparison.
    """
    restatement = _compared(lake, compared_key)["restatement"]
    if restatement["dry_run"] or restatement["same"]:
        raise NotNeeded("a dry run" if restatement["dry_run"] else "the newest version already says what is there now")
    return publish.publish(
        compared_key, lake=lake, reports=reports, clock=clock, night=_night(lake, compared_key), signer=signer
    )


def settle(compared_key: str, *, lake: ObjectStore, reports: ObjectStore) -> str:
    """Records that what is there now gives the newest version; returns the settlement's key. Nothing is published.

    Raises:
        NotNeeded: it is a dry run, or there is something to publish.
        DataFault: another version was published since the comparison.
    """
    build, ref = keys.read_stage(lake, compared_key, "build")
    if build["restatement"]["dry_run"] or not build["restatement"]["same"]:
        raise NotNeeded("nothing is settled by a dry run, nor by what differs from the newest version")
    order, night = orders.of(lake, compared_key)
    version = newest(reports, night.business_date, rehearsal=False)
    if version is None or version.ref.to_dict() != build["restatement"]["supersedes"]:
        raise DataFault(f"{night.business_date}: another version was published since; run the restatement again")
    log.info("%s: version %d already says what is there now", night.business_date, version.number)
    return restatements.settle(
        lake, night.business_date, version, seal_key=keys.seal(night), records=order["records"], proof=ref
    )


def show(compared_key: str, *, lake: ObjectStore) -> str:
    """A dry run's end: logs the difference and returns the key of the staged `cambios.json`. Nothing is published.

    Raises:
        NotNeeded: it is no dry run.
    """
    build = _compared(lake, compared_key)
    if not build["restatement"]["dry_run"]:
        raise NotNeeded("no dry run")
    staged = next(file for file in build["files"] if file["name"] == CHANGES)
    for line in changes.lines(read_ref(lake, Ref(staged["key"], staged["sha256"]))):
        log.info("%s", line)
    log.info("a dry run: nothing was published; the whole difference is %s", lake.uri(staged["key"]))
    return str(staged["key"])


def _compared(lake: ObjectStore, key: str) -> dict[str, Any]:
    return keys.read_stage(lake, key, "build")[0]


def _night(lake: ObjectStore, key: str) -> Night:
    return orders.of(lake, key)[1]
