"""Listings that do not visit every object of the bucket, nor parse a date they have just formatted.

Moto builds a set of all matching objects, sorts it, and its serializer reads each date back with dateutil: 0.3 s for a
page of 1,000 keys. It also shows a common prefix under which every object is deleted; AWS does not.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from moto.s3.exceptions import MethodNotAllowed
from moto.s3.models import FakeBucket, FakeDeleteMarker, FakeKey, FakeTableStorageBucket, S3Backend

from local.aws import patching


def install() -> None:
    """Replace the listing of moto's S3 and let objects show their date as a date."""
    patching.replace(S3Backend, "list_objects", list_objects)
    patching.replace(FakeKey, "last_modified_ISO8601", property(_last_modified))
    patching.replace(FakeDeleteMarker, "last_modified_ISO8601", property(_last_modified))


def list_objects(
    self: Any, bucket: FakeBucket, prefix: str | None, delimiter: str | None, marker: str | None, max_keys: int | None
) -> tuple[list[FakeKey], list[str], bool, str | None]:
    """The keys under `prefix` and the common prefixes at `delimiter`, both in order; see S3Backend.list_objects."""
    if isinstance(bucket, FakeTableStorageBucket):
        raise MethodNotAllowed
    start = len(prefix or "")
    keys: list[FakeKey] = []
    folders: set[str] = set()
    for name in sorted(name for name in list(dict.keys(bucket.keys)) if name.startswith(prefix or "")):
        end = name.find(delimiter, start) if delimiter else -1
        folder = name[: end + len(delimiter)] if delimiter and end >= 0 else None
        if folder in folders:
            continue
        key = bucket.keys.get(name)
        if key is None or isinstance(key, FakeDeleteMarker):
            continue
        if folder is None:
            keys.append(key)
        else:
            folders.add(folder)
    if marker:
        keys = self._get_results_from_token(keys, self._pagination_tokens.get(marker) or marker)
    if max_keys is None:
        return keys, sorted(folders), False, None
    shown, is_truncated, next_marker = self._truncate_result(keys, max_keys)
    return shown, sorted(folders), is_truncated, next_marker


def _last_modified(item: FakeKey | FakeDeleteMarker) -> datetime:
    return item.last_modified
