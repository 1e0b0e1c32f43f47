"""The rows that are not in the report, one JSON line each, and their totals."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Excepted:
    """What is set aside: a row, or (fila 0) the whole of an unreadable file. `cents` is None when it cannot be read."""

    source: str
    file: str
    fila: int
    id_movimiento: str | None
    reason: str
    detail: str
    cents: int | None
    rows: int = 1


@dataclass(frozen=True, slots=True)
class ExceptedTotals:
    """How much is set aside. While `unknown_rows` > 0 the identity of cents holds only up to those rows' amounts."""

    rows: int = 0
    cents: int = 0
    unknown_rows: int = 0

    def plus(self, row: Excepted) -> ExceptedTotals:
        """The totals with one more entry."""
        unknown = row.rows if row.cents is None else 0
        return ExceptedTotals(self.rows + row.rows, self.cents + (row.cents or 0), self.unknown_rows + unknown)


class ExceptedFile:
    """Writes excepted rows as they come and keeps their totals."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.totals = ExceptedTotals()
        self.by_reason: dict[str, int] = {}
        self._file = path.open("w", encoding="utf-8", newline="\n")

    def add(self, row: Excepted) -> None:
        """Appends one entry."""
        self.totals = self.totals.plus(row)
        self.by_reason[row.reason] = self.by_reason.get(row.reason, 0) + row.rows
        self._file.write(json.dumps(asdict(row), sort_keys=True, ensure_ascii=True) + "\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def read_excepted(data: bytes) -> list[dict[str, Any]]:
    """The entries of such a file."""
    return [json.loads(line) for line in data.splitlines() if line]
