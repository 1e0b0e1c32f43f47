"""A night that has not been: deliveries, evidence and reports of the day are gone, the branches' lake may stay."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from local.drill.catalogue import LAST_PULL, Drill
from local.platform import dataset, deliveries
from local.platform.dataset import Dataset
from local.platform.stack import Stack
from local.sources import deliver
from local.sources.catalog import systems
from podemos.contracts.platform import platform
from podemos.regulatory.keys import reports_folder

EVIDENCE = ("regulatory/nights/", "regulatory/marks/")
_AT_ONCE = 500


def start(stack: Stack, data: Dataset, drill: Drill) -> str:
    """Bring the platform up for the drill; returns what it starts from.

    A fault of the last pull needs branches that were never pulled, and a real version of the day is locked for years:
    then everything is emptied. Any other drill takes the lake of the same data as it is, since the branches have
    nothing new.
    """
    held = dataset.read(stack.settings.state)
    keep = held is not None and drill.at != LAST_PULL and _without_fate(held) == _without_fate(data)
    if keep:
        dataset.write(stack.settings.state, data)
    elif held is not None:
        stack.empty()
    stack.up(data)
    if keep and _published(stack, data):
        keep = False
        stack.empty()
        stack.up(data)
    stack.fail_active_runs()  # those of an Airflow that was killed
    if not keep:
        return "lake and warehouse are empty"
    _forget_night(stack, data)
    return "deliveries, evidence and reports of the day were removed; the branches' lake stays"


def _without_fate(data: Dataset) -> Dataset:
    return replace(data, scenario="", withheld=())


def _published(stack: Stack, data: Dataset) -> bool:
    """Whether the day has a real version."""
    folder = reports_folder(data.business_date, rehearsal=False)
    found = stack.clients("s3").list_objects_v2(Bucket=platform().reports_bucket, Prefix=folder, MaxKeys=1)
    return bool(found["KeyCount"])


def _forget_night(stack: Stack, data: Dataset) -> None:
    names, day = platform(), data.business_date
    inbox, _ = deliveries.of(stack, data)
    deliver.forget(inbox, systems(), day)
    for prefix in EVIDENCE:
        _purge(stack, names.lake_bucket, f"{prefix}{day.isoformat()}/")
    _purge(stack, names.reports_bucket, reports_folder(day, rehearsal=True))


def _purge(stack: Stack, bucket: str, prefix: str) -> None:
    """Delete every version below the prefix; only a simulated bucket lets its own administrator do so."""
    s3 = stack.clients("s3")
    found = list(_versions(s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)))
    for first in range(0, len(found), _AT_ONCE):
        objects = {"Objects": found[first : first + _AT_ONCE], "Quiet": True}
        answer = s3.delete_objects(Bucket=bucket, Delete=objects, BypassGovernanceRetention=True)
        if errors := answer.get("Errors"):
            raise RuntimeError(f"{bucket}/{errors[0]['Key']}: {errors[0]['Message']}")


def _versions(pages: Iterator[dict[str, list[dict[str, str]]]]) -> Iterator[dict[str, str]]:
    for page in pages:
        for entry in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
            yield {"Key": entry["Key"], "VersionId": entry["VersionId"]}
