"""Rows of one branch out of a curated file that holds all branches: what is not needed is not fetched.

Curated files are sorted by branch, and parquet says of each row group which branches are in it. A small file is fetched
whole; of a large one the footer and the row groups in question, a megabyte at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from podemos.core.errors import NotFound
from podemos.core.seekable import SeekableObject
from podemos.core.store import ObjectStore

_WHOLE = 8 << 20
_BUFFER = 1 << 20
_BATCH = 4096
_BRANCH = "id_sucursal"


class RangedFile(SeekableObject):
    """An object as a file that can be sought in: each read is a request.

    Raises:
        NotFound: (when opened) there is no such object.
    """

    def __init__(self, lake: ObjectStore, key: str) -> None:
        info = lake.head(key)
        if info is None:
            raise NotFound(lake.uri(key))
        super().__init__(lake, key, info.size)

    def read(self, size: int | None = -1) -> bytes:
        """The next bytes."""
        left = max(0, self._size - self._at)
        wanted = left if size is None or size < 0 else min(size, left)
        found = self._lake.get_range(self._key, self._at, wanted) if wanted else b""
        self._at += len(found)
        return found


def batches(lake: ObjectStore, key: str, size: int, columns: Sequence[str], branch: int) -> Iterator[pa.RecordBatch]:
    """Batches that may hold rows of a branch, with those of the columns that the file has.

    Args:
        lake: the lake.
        key: the file.
        size: its bytes, as its manifest says; 0 when it does not.
        columns: names.
        branch: number of the branch.

    Raises:
        NotFound: the file is gone.
        pa.ArrowInvalid: it is no parquet file.
    """
    source: Any = RangedFile(lake, key) if size > _WHOLE else pa.BufferReader(lake.get(key))
    file = pq.ParquetFile(source, buffer_size=_BUFFER, pre_buffer=False)
    present = [name for name in columns if name in file.schema_arrow.names]
    groups = [number for number in range(file.num_row_groups) if _may_hold(file, number, branch)]
    yield from file.iter_batches(_BATCH, row_groups=groups, columns=present)


def _may_hold(file: pq.ParquetFile, number: int, branch: int) -> bool:
    group = file.metadata.row_group(number)
    for at in range(group.num_columns):
        column = group.column(at)
        if column.path_in_schema == _BRANCH and column.statistics is not None and column.statistics.has_min_max:
            return bool(column.statistics.min <= branch <= column.statistics.max)
    return True
