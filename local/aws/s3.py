"""Where moto's S3 is kinder than AWS, it is made as strict."""

from __future__ import annotations


def install() -> None:
    """Patch moto's S3 in this process."""
