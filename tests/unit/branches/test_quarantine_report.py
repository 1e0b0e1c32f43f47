"""The quarantine's report: a row keeps the date it came, amounts are whole cents, a missing report is made later."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from podemos.branches import quarantine_report, revisions
from podemos.branches.status import quarantined
from podemos.core import manifest
from podemos.core.store import MemoryStore

from .chain import NOW, land, night, part

Waiting = tuple[int, int, str, str | None]


def file(lake: MemoryStore, rev: str, *rows: Waiting) -> dict[str, Any]:
    names = ("id_sucursal", "id_pago", "motivo", "monto")
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    amounts = pa.array([None if v is None else Decimal(v) for v in columns["monto"]], pa.decimal128(18, 2))
    buffer = io.BytesIO()
    pq.write_table(pa.table({**columns, "monto": amounts}), buffer)
    key = f"quarantine/pagos/rev={rev}/a.parquet"
    lake.put_new(key, buffer.getvalue(), "")
    return {"key": key, "rows": len(rows), "sha256": manifest.sha256(buffer.getvalue())}


def revision(lake: MemoryStore, seq: int, at: datetime, *rows: Waiting) -> revisions.Revision:
    land(lake, part("001", seq))
    night(lake, f"r{seq}", at, file(lake, f"r{seq}", *rows) if rows else None)
    found = revisions.latest(lake)
    assert found is not None
    return found


FIRST: Waiting = (1, 7, "padre_desconocido", "100.10")
SECOND: Waiting = (17, 8, "fecha_imposible", None)
THIRD: Waiting = (17, 9, "padre_desconocido", "0.01")


@pytest.mark.parametrize("every", [True, False], ids=["each night", "only the last"])
def test_a_row_keeps_the_date_it_came_whether_or_not_each_revision_was_reported(every: bool) -> None:
    lake = MemoryStore()
    nights = [(FIRST,), (FIRST, SECOND), (SECOND, THIRD)]
    for number, rows in enumerate(nights, start=1):
        found = revision(lake, number, NOW + timedelta(days=number), *rows)
        if every:
            quarantine_report.report(lake, found)
    document, ref = quarantine_report.report(lake, found)
    assert quarantine_report.report(lake, found)[1] == ref
    assert [(row["branch"], row["key"], row["cents"], row["since"][:10]) for row in document["rows"]] == [
        ("017", "8", None, "2026-11-21"),
        ("017", "9", 1, "2026-11-22"),
    ]
    assert (document["arrived"], document["left"]) == (1, 1)
    assert [(step["rows"], step["cents"]) for step in document["trend"]] == [(1, 10010), (2, 10010), (2, 1)]


def test_a_row_that_came_back_counts_from_its_return() -> None:
    lake = MemoryStore()
    for number, rows in enumerate([(FIRST,), (), (FIRST,)], start=1):
        found = revision(lake, number, NOW + timedelta(days=number), *rows)
    assert quarantine_report.report(lake, found)[0]["rows"][0]["since"][:10] == "2026-11-22"


def test_groups_are_by_reason_branch_and_age_the_most_cents_first() -> None:
    lake = MemoryStore()
    revision(lake, 1, NOW, SECOND)
    document, _ = quarantine_report.report(lake, revision(lake, 2, NOW + timedelta(days=8), FIRST, SECOND, THIRD))
    groups = quarantine_report.grouped(document, NOW + timedelta(days=9))
    assert [(g["reason"], g["branch"], g["age"], g["rows"], g["cents"]) for g in groups] == [
        ("padre_desconocido", "001", "< 7 days", 1, 10010),
        ("padre_desconocido", "017", "< 7 days", 1, 1),
        ("fecha_imposible", "017", "< 30 days", 1, 0),
    ]


def test_the_command_ends_with_the_total_as_json() -> None:
    lake = MemoryStore()
    revision(lake, 1, NOW, FIRST, THIRD)
    *_, trend, last = quarantined(lake)
    assert trend == "trend: 2026-11-19T20:00 2"
    assert '"rows": 2, "cents": 10011' in last
