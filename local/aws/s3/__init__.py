"""Moto's S3 made as strict as AWS where we rely on it, and fast enough for hundreds of small objects."""

from __future__ import annotations

from local.aws.s3 import integrity, listing, object_lock


def install() -> None:
    """Patch moto's S3 in this process."""
    integrity.install()
    listing.install()
    object_lock.install()
