"""What people read."""

from __future__ import annotations

import json
from typing import Any

from podemos.core.store import MemoryStore
from podemos.regulatory.notify import hold_message, message
from tests.unit.regulatory.deliveries import memory

KEY = "reports/2026-11-19/v1/manifest.json"
MANIFEST: dict[str, Any] = {
    "business_date": "2026-11-19",
    "outcome": "partial",
    "version": 1,
    "movements": 29_997,
    "cents": 378_911_988,
    "files": [{"name": "movimientos.csv"}, {"name": "exceptions.json"}],
    "supersedes": None,
    "rehearsal": False,
}


def test_a_published_report_is_told_with_its_totals_and_where_it_is() -> None:
    reports = MemoryStore("podemos-reports")
    reports.put_new(KEY, json.dumps(MANIFEST).encode())
    told = message(KEY, reports=reports)
    assert told.subject == "Report 2026-11-19 partial v1"
    assert told.body.splitlines()[:2] == [
        "Report of 2026-11-19: partial, version 1: 29,997 movements, 3,789,119.88 MXN.",
        "Files: s3://podemos-reports/reports/2026-11-19/v1/ (to read: resumen.html)",
    ]
    assert "exceptions.json" in told.body
    assert told.attributes == {
        "severity": "warning", "owner": "regulatory-reporting", "condition": "published-v1",
        "business_date": "2026-11-19", "outcome": "partial",
    }  # fmt: skip
    assert "the receipts in s3://podemos-reports/reports/2026-11-19/receipts/ prove" in told.body


def held(*reasons: str, left: int = 100) -> Any:
    lake = memory()
    lake.put_new("c", json.dumps({"docs": {"page": "regulatory/datadocs/index.html"}}).encode())
    decision = {"business_date": "2026-11-19", "reasons": reasons, "minutes_before_deadline": left}
    lake.put_new("d", json.dumps(decision | {"certificate": {"key": "c", "sha256": ""}}).encode())
    return hold_message("d", lake=lake)


def test_a_held_report_is_told_by_its_smallest_unit_first() -> None:
    line = "sucursal 017, 2026-11-19, pago 88213: 1,250.00 at the till, 1,250.01 in the warehouse"
    told = held(line, "ocho más", *(f"otro {n}" for n in range(12)))
    assert told.body.splitlines()[0] == line
    assert "Also: ocho más" in told.body
    assert "And 4 more." in told.body
    assert "For 06:00: nothing is published; 100 minutes of the night are left until 06:00." in told.body
    assert "Evidence: s3://podemos-lake/regulatory/datadocs/index.html" in told.body
    assert "Runbook: docs/runbooks/regulatory_report.md#the-report-is-held" in told.body


def test_after_the_deadline_the_notice_says_so() -> None:
    assert "06:00 has passed" in held("x", left=0).body
