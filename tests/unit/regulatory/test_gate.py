"""The gate: Great Expectations' verdict, the predicate's, and a certificate that cannot be made elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from podemos.core.errors import DataFault, NotCertified
from podemos.core.manifest import Ref, canonical, read, sha256
from podemos.core.store import MemoryStore
from podemos.regulatory import gate
from podemos.regulatory.gate import Certificate, certified, judge, verdict_of
from podemos.regulatory.results import Cause, Level, Pair, Result, Rule, Severity, blocking
from podemos.regulatory.suites import judge_frame
from tests.unit.regulatory.deliveries import memory
from tests.unit.regulatory.evidence import SOURCES, clean, reconciliation

BILLIONS = 12_345_678_901_234_56
Edit = Callable[[list[Result]], list[Result]]


def off_by_a_cent(results: list[Result]) -> list[Result]:
    at = next(i for i, r in enumerate(results) if r.level is Level.WAREHOUSE)
    pair = Pair(3, BILLIONS, "77")
    detail = "sucursal 017, 2026-11-19, pago 88213: 1,250.00 at the till, 1,250.01 in the warehouse"
    red = replace(
        results[at], expected=pair, actual=replace(pair, cents=BILLIONS + 1), cause=Cause.CHANGED, detail=detail
    )
    return [*results[:at], red, *results[at + 1 :]]


def other_digest(results: list[Result]) -> list[Result]:
    return [
        replace(r, actual=replace(r.actual, digest="78")) if r.rule is Rule.WAREHOUSE and r.source == "nomina" else r
        for r in results
    ]


def unjudged(results: list[Result]) -> list[Result]:
    return [r for r in results if not (r.source == "nomina" and r.level is Level.BUSINESS)]


def yellow(results: list[Result]) -> list[Result]:
    return [replace(r, actual=Pair(9, 9)) if r.rule is Rule.CLIENT else r for r in results]


def nothing(_: list[Result]) -> list[Result]:
    return []


EDITS: list[tuple[Edit, str]] = [
    (list, "pass"),
    (yellow, "pass"),
    (off_by_a_cent, "fail"),
    (other_digest, "fail"),
    (unjudged, "fail"),
]


@pytest.mark.parametrize(("edit", "verdict"), EDITS, ids=lambda e: getattr(e, "__name__", e))
def test_great_expectations_and_the_predicate_give_the_same_verdict(edit: Edit, verdict: str) -> None:
    lake, results = memory(), edit(clean())
    certificate = read(lake, judge(reconciliation(lake, results), lake=lake))[0]
    assert certificate["verdict"] == verdict == verdict_of(results, SOURCES)
    assert certificate["suites"]["nivel_2_normalizado_almacen_red"] is (edit not in (off_by_a_cent, other_digest))
    assert len(certificate["red"]) == len(blocking(results))


def test_an_empty_bag_is_never_green() -> None:
    assert verdict_of([], SOURCES) == "fail"
    assert judge_frame(nothing([]), Level.CONTROL, Severity.RED, SOURCES)["success"] is False


def test_a_passing_certificate_can_be_examined_and_a_failing_one_cannot() -> None:
    lake = memory()
    key = judge(reconciliation(lake, clean()), lake=lake)
    assert certified(Ref(key, sha256(lake.get(key))), lake=lake).ref.key == key
    key = judge(reconciliation(lake, off_by_a_cent(clean())), lake=lake)
    with pytest.raises(NotCertified, match="verdict 'fail'"):
        certified(Ref(key, sha256(lake.get(key))), lake=lake)


def test_a_certificate_that_its_evidence_does_not_bear_out_is_refused() -> None:
    lake = memory()
    document = read(lake, judge(reconciliation(lake, off_by_a_cent(clean())), lake=lake))[0]
    forged = canonical(document | {"verdict": "pass", "red": []})
    lake.put_new("forged.json", forged)
    with pytest.raises(NotCertified, match="does not bear it out"):
        certified(Ref("forged.json", sha256(forged)), lake=lake)


def test_evidence_that_was_edited_is_refused() -> None:
    lake = memory()
    results = reconciliation(lake, clean())
    key = judge(results, lake=lake)
    ref = Ref(key, sha256(lake.get(key)))
    lake.replace(results, lake.get(results).replace(b"125001", b"125002"))
    with pytest.raises(DataFault, match="was changed"):
        certified(ref, lake=lake)


def test_only_the_gate_makes_a_certificate() -> None:
    with pytest.raises(NotCertified, match=r"gate\.certified"):
        Certificate(Ref("a", "b"), Ref("c", "d"), object())


def test_a_gate_whose_suites_drifted_refuses_to_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    lake = memory()
    monkeypatch.setattr(gate, "judge_frame", lambda *_: {"success": True})
    with pytest.raises(NotCertified, match="drifted apart"):
        judge(reconciliation(lake, off_by_a_cent(clean())), lake=lake)


def test_judging_again_gives_the_same_certificate() -> None:
    lake = memory()
    key = reconciliation(lake, clean())
    assert judge(key, lake=lake) == judge(key, lake=lake)


def docs(lake: MemoryStore, results: list[Result]) -> tuple[str, str]:
    written = read(lake, judge(reconciliation(lake, results), lake=lake))[0]["docs"]
    return lake.get(written["page"]).decode(), lake.get(written["great_expectations"]).decode()


def test_the_data_docs_need_nothing_from_outside_and_say_what_blocks() -> None:
    page, raw = docs(memory(), off_by_a_cent(clean()))
    assert not re.search(r"(src|href)=|https?://|@import|url\(", page)
    assert "Rechazado: no se publica" in page
    assert "pago 88213: 1,250.00 at the till, 1,250.01 in the warehouse" in page
    assert "12,345,678,901,234.57" in page
    failed = json.loads(raw)["nivel_2_normalizado_almacen_red"]["results"]
    pair = next(r for r in failed if r["expectation_config"]["kwargs"].get("column_A") == "expected_cents")
    assert pair["success"] is False
    assert str(BILLIONS + 1) in json.dumps(pair["result"])


def test_the_data_docs_escape_what_sources_write() -> None:
    results = [replace(r, detail="<script>alert(1)</script>") for r in off_by_a_cent(clean())]
    page, _ = docs(memory(), results)
    assert "<script>" not in page


def test_a_result_survives_the_manifest() -> None:
    for result in off_by_a_cent(clean()):
        assert Result.from_dict(json.loads(json.dumps(result.to_dict()))) == result
