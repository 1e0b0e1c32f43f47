"""The phones' path: `include/config/mobile.yaml`, and what the Lambdas are told of it as environment variables."""

from __future__ import annotations

from functools import cache

from pydantic import Field

from podemos.contracts.branches import branches
from podemos.contracts.loading import Strict, config_file, load
from podemos.contracts.platform import Platform
from podemos.core.errors import ContractViolation


class Admission(Strict):
    """How many uploads are let in."""

    window_seconds: int = Field(ge=1, le=300)
    uploads: int = Field(ge=1, description="per window, of all regions together")
    others_percent: int = Field(ge=0, le=100, description="kept for uploads without money")


class Processing(Strict):
    """Sizes of `process_events`."""

    lines_per_message: int = Field(ge=1)
    backlog_objects: int = Field(ge=1)
    backlog_bytes: int = Field(ge=1)


class Mobile(Strict):
    """The phones' path."""

    regions: dict[str, tuple[str, ...]] = Field(min_length=1)
    admission: Admission
    processing: Processing


@cache
def mobile() -> Mobile:
    """The configuration in force.

    Raises:
        ContractViolation: the file does not fit.
    """
    return load(Mobile, config_file("mobile.yaml"))


@cache
def region_table() -> dict[int, str]:
    """`id_sucursal` → region, of every branch.

    Raises:
        ContractViolation: a branch's town is in no region, or in several.
    """
    towns = [(town, region) for region, members in mobile().regions.items() for town in members]
    found: dict[int, str] = {}
    for branch in branches().branches:
        regions = {region for town, region in towns if f"{branch.nombre} ".startswith(f"{town} ")}
        if len(regions) != 1:
            raise ContractViolation(
                f"mobile.yaml: branch {branch.id} ({branch.nombre}) is in {len(regions)} regions; "
                "write its town into one"
            )
        found[branch.number] = regions.pop()
    return found


def ingest_environment(platform: Platform) -> dict[str, str]:
    """The variables of `include/functions/ingest/handler.py`."""
    limits = mobile().admission
    return {
        "LAKE_BUCKET": platform.lake_bucket,
        "HEARTBEATS_TABLE": platform.mobile.heartbeats_table,
        "ADMISSION_TABLE": platform.mobile.admission_table,
        "REGIONS": ";".join(f"{region}:{','.join(map(str, members))}" for region, members in _members().items()),
        "WINDOW_SECONDS": str(limits.window_seconds),
        "WINDOW_UPLOADS": str(limits.uploads),
        "OTHERS_PERCENT": str(limits.others_percent),
    }


def process_environment(platform: Platform) -> dict[str, str]:
    """The variables of `include/functions/process_events/handler.py`; queues by name, the function finds their URLs."""
    sizes = mobile().processing
    return {
        "LAKE_BUCKET": platform.lake_bucket,
        "SEEN_TABLE": platform.mobile.seen_table,
        "INBOX_QUEUE": platform.mobile.inbox_queue,
        "DEAD_LETTER_QUEUE": platform.mobile.dead_letter_queue,
        "BACKLOG_QUEUE": platform.mobile.backlog_queue,
        "LINES_PER_MESSAGE": str(sizes.lines_per_message),
        "BACKLOG_OBJECTS": str(sizes.backlog_objects),
        "BACKLOG_BYTES": str(sizes.backlog_bytes),
    }


def _members() -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for branch, region in region_table().items():
        found.setdefault(region, []).append(branch)
    return found
