"""Decides by cost whether new rows are laid beside a partition's files or merged with some of them.

Bytes are written at most twice. Rows come in small files as long as their day is open; when it is sealed they are
merged, once; what comes later is laid beside, and merged among itself when it has become many files. A merge is taken
only if all that was ever written of the partition, this merge included, stays within twice the rows' first bytes.
"""

from __future__ import annotations

from datetime import date, timedelta

from podemos.mobile import places
from podemos.mobile.partition import File, Partition

MB = 1 << 20
LEAST = 128 * MB
"""A file of so many bytes is as large as it need be: it is never rewritten."""
MOST = 512 * MB
MOST_WRITTEN = 2
MOST_LATE = 8
"""Small files that a sealed partition may have."""
OPEN_DAYS = 3
"""A day is sealed when so many others have begun: most phones are back by then."""


def is_sealed(name: str, today: date) -> bool:
    """Whether no more than late rows are expected in a partition.

    Args:
        name: of the partition.
        today: the accounting day of now.
    """
    table, _, part = name.partition("/")
    try:
        day = date.fromisoformat(part.removeprefix("d-") if table == places.INDEX else part)
    except ValueError:
        return True  # a bucket of hashes has no day: what pays is merged at any time
    return day + timedelta(days=OPEN_DAYS) <= today


def to_merge(partition: Partition, incoming: int, *, sealed: bool) -> tuple[File, ...]:
    """The files to be rewritten together with the incoming rows; empty when these are laid beside.

    Args:
        partition: as it is.
        incoming: bytes of the new rows, as far as they can be told; 0 when there are none.
        sealed: see `is_sealed`.
    """
    small = sorted((file for file in partition.files if file.bytes < LEAST), key=lambda file: (file.bytes, file.key))
    if not _pays(small, incoming, sealed=sealed):
        return ()
    credit = MOST_WRITTEN * (partition.fresh + incoming) - partition.written - incoming
    chosen: list[File] = []
    for file in small:
        if file.bytes > credit:
            break
        credit -= file.bytes
        chosen.append(file)
    return tuple(chosen) if len(chosen) + (incoming > 0) > 1 else ()


def _pays(small: list[File], incoming: int, *, sealed: bool) -> bool:
    """Whether merging makes a file that is large enough, the day's only one, or one of too many."""
    if sum(file.bytes for file in small) + incoming >= LEAST:
        return True
    if not sealed:
        return False
    waiting = [file for file in small if not file.merged]
    first = len(waiting) == len(small)
    count = len(small) + (incoming > 0)
    return count > MOST_LATE or (first and count > 1)
