"""The daily sample of published versions: drawn by the date, and a byte that differs is a fault with a name."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from podemos.contracts.platform import platform
from podemos.core.errors import DataFault
from podemos.core.manifest import commit
from podemos.core.store import MemoryStore
from podemos.regulatory import audit
from podemos.regulatory.rebuild import Compared, Rebuilt
from podemos.regulatory.render import RENDERER

NOON = datetime(2026, 11, 24, 18, tzinfo=UTC)


def published(days: int, renderer: int = RENDERER) -> MemoryStore:
    """So many days before 24 November, each with two versions; and a rehearsal, which is none."""
    reports = MemoryStore("reports")
    for ago in range(1, days + 1):
        day = date(2026, 11, 24) - timedelta(days=ago)
        for version in (1, 2):
            commit(reports, f"reports/{day}/v{version}/manifest.json", {"renderer": renderer})
    commit(reports, "reports/rehearsal/2026-11-20/v1/manifest.json", {"renderer": renderer})
    return reports


def sample(reports: MemoryStore, hours: int = 0) -> list[str]:
    return audit.sample(reports=reports, clock=lambda: NOON + timedelta(hours=hours))


def test_the_date_draws_the_sample_and_another_date_another_one() -> None:
    reports = published(60)
    chosen = sample(reports)
    assert len(set(chosen)) == audit.SAMPLE
    assert chosen == sample(reports, hours=1) != sample(reports, hours=24)
    assert not [key for key in sample(published(2)) if "rehearsal" in key]
    assert len(sample(published(2))) == 4, "all there are"


def test_versions_of_another_renderer_and_older_ones_are_left_out() -> None:
    assert sample(published(3, RENDERER + 1)) == []
    reports = MemoryStore("reports")
    commit(reports, "reports/2025-11-01/v1/manifest.json", {"renderer": RENDERER})
    assert sample(reports) == []


def test_a_byte_that_differs_is_a_fault_that_names_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[date, int]] = []

    def rebuilt(day: date, version: int, **_: object) -> Rebuilt:
        asked.append((day, version))
        return Rebuilt(
            (Compared("movimientos.csv", "a" * 64, "b" * 64, "a" * 64), Compared("resumen.json", "c", "c", "c"))
        )

    monkeypatch.setattr("podemos.regulatory.rebuild.rebuild", rebuilt)
    store = MemoryStore()
    with pytest.raises(DataFault, match=r"v2/manifest.json cannot be made again: movimientos.csv \(published aaaa"):
        audit.prove("reports/2026-11-19/v2/manifest.json", lake=store, reports=store, platform=platform())
    assert asked == [(date(2026, 11, 19), 2)]
