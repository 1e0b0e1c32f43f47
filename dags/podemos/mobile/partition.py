"""A partition of a compacted table: its files, and what has been written of it so far.

Tables are partitioned by event day, the index by bucket. A partition's name is `<table>/<part>`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from podemos.mobile import places

OTHER_MONTH = "otros"
"""Where the partitions stand whose part is no day."""


@dataclass(frozen=True, slots=True)
class File:
    """One parquet file.

    Attributes:
        sha256: of its bytes; the key ends in it.
        merged: its rows were written before in smaller files.
    """

    key: str
    sha256: str
    bytes: int
    rows: int
    merged: bool = False

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {"key": self.key, "sha256": self.sha256, "bytes": self.bytes, "rows": self.rows, "merged": self.merged}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> File:
        """The inverse of `to_dict`."""
        return cls(data["key"], data["sha256"], data["bytes"], data["rows"], data["merged"])


@dataclass(frozen=True, slots=True)
class Partition:
    """What a partition is now.

    Attributes:
        fresh: bytes of rows as they were first written.
        written: bytes written in all, rewrites too; never more than `layout.MOST_WRITTEN` times `fresh`.
    """

    files: tuple[File, ...] = ()
    fresh: int = 0
    written: int = 0

    @property
    def rows(self) -> int:
        """Rows of all files."""
        return sum(file.rows for file in self.files)

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {"files": [file.to_dict() for file in self.files], "fresh": self.fresh, "written": self.written}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Partition:
        """The inverse of `to_dict`."""
        return cls(tuple(File.from_dict(file) for file in data["files"]), data["fresh"], data["written"])


def name_of(table: str, part: str) -> str:
    """``pago/2026-11-24``."""
    return f"{table}/{part}"


def month_of(name: str) -> str:
    """The month whose node lists a partition."""
    table, _, part = name.partition("/")
    day = part.removeprefix("d-") if table == places.INDEX else part
    return day[:7] if len(day) == 10 and day[4] == day[7] == "-" else OTHER_MONTH
