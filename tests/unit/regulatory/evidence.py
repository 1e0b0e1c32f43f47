"""Evidence of a night, written without a warehouse: what the gate, the policy and the publisher start from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from podemos.core.fingerprint import Fingerprint
from podemos.core.store import MemoryStore
from podemos.regulatory import keys
from podemos.regulatory.results import Level, Pair, Result, Rule, Severity
from tests.unit.regulatory.deliveries import DAY, NIGHT


class Crash(RuntimeError):
    """The process died."""


class FragileStore(MemoryStore):
    """Dies once, at the n-th write, before or after it took effect."""

    def __init__(self, bucket: str, at: int, *, after: bool) -> None:
        super().__init__(bucket)
        self._left, self._after = at, after

    def put_new(self, key: str, data: bytes, content_type: str = "") -> None:
        """As the store, until it dies."""
        self._left -= 1
        if self._left == 0 and not self._after:
            raise Crash
        super().put_new(key, data, content_type)
        if self._left == 0:
            raise Crash


SOURCES = ("sucursales", "nucleo_credito", "cajeros", "nomina")
HEAD: dict[str, Any] = {"business_date": DAY.isoformat(), "night": keys.night_id(NIGHT), "rehearsal": False}
FOLDER = keys.night_folder(NIGHT)


def good(source: str) -> list[Result]:
    """What a clean source gives."""
    same = Pair(3, 1_250_01, "77")
    return [
        Result(source, Level.CONTROL, Rule.TOTALS, same, same),
        Result(source, Level.CONTROL, Rule.DELIVERED, Pair(1), Pair(1), severity=Severity.YELLOW),
        Result(source, Level.WAREHOUSE, Rule.WAREHOUSE, same, same),
        Result(source, Level.BUSINESS, Rule.UNIQUE, Pair(3), Pair(3)),
        Result(source, Level.BUSINESS, Rule.CLIENT, Pair(), Pair(), severity=Severity.YELLOW),
    ]


def entry(source: str, **changed: Any) -> dict[str, Any]:
    """A source's part of a normalised manifest."""
    total = Fingerprint(3, 1_250_01, 77).to_dict()
    none = {"data": {"key": "none"}, "rows": 0, "cents": 0, "unknown_rows": 0, "by_reason": {}}
    found = {"source": source, "state": "sealed", "reason": "", "declared": {"rows": 3, "cents": 1_250_01}}
    return found | {"totals": total, "by_type": {}, "excepted": none, "branches": [], "files": []} | changed


def missing(source: str) -> dict[str, Any]:
    """A source that did not deliver."""
    return {"source": source, "state": "missing", "reason": "no control file before the cut-off at 03:00"}


def reconciliation(
    lake: MemoryStore, results: Sequence[Result], entries: Sequence[dict[str, Any]] | None = None
) -> str:
    """Commits a normalised manifest and results that rest on it; returns the key of the results."""
    listed = list(entries) if entries is not None else [entry(source) for source in SOURCES]
    normalised = keys.commit_stage(lake, FOLDER, "normalised", HEAD | {"stage": "normalised", "sources": listed})
    document = HEAD | {
        "stage": "reconciliation",
        "normalised": normalised.to_dict(),
        "results": [result.to_dict() for result in results],
    }
    return keys.commit_stage(lake, FOLDER, "reconciliation", document).key


def clean() -> list[Result]:
    """The results of a clean night."""
    return [result for source in SOURCES for result in good(source)]
