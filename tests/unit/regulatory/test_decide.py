"""The policy: complete, partial or hold, and why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from podemos.contracts.sources import Policy, policy
from podemos.core.manifest import read
from podemos.regulatory.decide import decide, outcome
from podemos.regulatory.gate import judge
from podemos.regulatory.notify import hold_message
from podemos.regulatory.results import Pair, Rule
from tests.unit.regulatory.deliveries import ALL, NIGHT, clock, memory
from tests.unit.regulatory.evidence import SOURCES, clean, entry, good, missing, reconciliation


def decided(entries: list[dict[str, Any]], agreed: Policy | None = None, results: Any = None) -> dict[str, Any]:
    lake = memory()
    present = [e["source"] for e in entries if e["state"] != "missing"]
    found = results if results is not None else [r for source in present for r in good(source)]
    key = judge(reconciliation(lake, found, entries), lake=lake)
    decision = decide(key, lake=lake, policy=agreed or policy(), sources=ALL, clock=clock, night=NIGHT)
    document = read(lake, decision)[0]
    assert outcome(decision, lake) == document["outcome"]
    if document["outcome"] == "hold":
        assert hold_message(decision, lake=lake).body.startswith(document["reasons"][0])
    return document


def changed(**changes: Any) -> Policy:
    return policy().model_copy(update=changes)


def excepted(rows: int) -> dict[str, Any]:
    return {"data": {"key": "x"}, "rows": rows, "cents": 5, "unknown_rows": 0, "by_reason": {}}


def branches(count: int) -> list[dict[str, Any]]:
    return [{"id": f"{n:03d}", "state": "missing" if n <= count else "certified", "as_of": None} for n in range(1, 51)]


FAULTY = {"name": "a.csv", "fault": "a.csv: unreadable after record 3", "declared": {}, "found": {}}


@pytest.mark.parametrize(
    ("entries", "agreed", "expected", "reason"),
    [
        ([entry(s) for s in SOURCES], None, "complete", ""),
        ([entry("nucleo_credito"), missing("cajeros")], None, "partial", ""),
        ([missing("nucleo_credito"), entry("cajeros")], None, "hold", "nucleo_credito is critical and missing"),
        ([missing("nucleo_credito"), entry("cajeros")], changed(hold_if_missing=()), "partial", ""),
        (
            [entry("nomina"), missing("cajeros")],
            changed(max_missing=0),
            "hold",
            "1 sources are missing; policy version 2",
        ),
        ([entry("cajeros", excepted=excepted(5000))], None, "complete", ""),
        ([entry("cajeros", excepted=excepted(5001))], None, "hold", "5001 movements are excepted"),
        ([entry("sucursales", branches=branches(40))], None, "complete", ""),
        ([entry("sucursales", branches=branches(41))], None, "hold", "41 branches are not certified"),
        ([entry("nomina"), entry("cajeros", files=[FAULTY])], None, "partial", ""),
        ([entry("nucleo_credito", files=[FAULTY])], None, "hold", "nucleo_credito is critical and excepted: a.csv"),
    ],
    ids=[
        "all",
        "minor-missing",
        "critical-missing",
        "critical-allowed",
        "too-many",
        "excepted",
        "too-many-excepted",
        "branches",
        "too-many-branches",
        "unreadable",
        "unreadable-critical",
    ],
)
def test_the_policy(entries: list[dict[str, Any]], agreed: Policy | None, expected: str, reason: str) -> None:
    found = decided(entries, agreed)
    assert found["outcome"] == expected
    assert (found["reasons"] == []) is (expected != "hold")
    assert reason in "".join(found["reasons"][:1])


def test_a_failed_certificate_holds_and_its_smallest_unit_comes_first() -> None:
    line = "sucursal 017, 2026-11-19, pago 88213: 1,250.00 at the till, 1,250.01 in the warehouse"
    results = [replace(r, actual=Pair(3, 1), detail=line) if r.rule is Rule.WAREHOUSE else r for r in clean()]
    found = decided([entry(s) for s in SOURCES[:-1]] + [missing("nomina")], results=results)
    assert (found["outcome"], found["reasons"]) == ("hold", [line])


def test_a_source_without_results_holds() -> None:
    found = decided([entry(s) for s in SOURCES], results=[r for r in clean() if r.source != "nomina"])
    assert found["outcome"] == "hold"
    assert "lacks results for a source that delivered" in found["reasons"][0]


def test_what_is_missing_carries_its_effect_and_whom_to_call() -> None:
    (gap,) = decided([entry("nomina"), missing("cajeros")])["incomplete"]
    assert (gap["effect"], gap["contact"]) == ("Faltan retiros en cajero", "pagos-electronicos@podemos.example")
