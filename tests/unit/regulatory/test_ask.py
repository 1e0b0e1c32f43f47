"""A person may publish or hold what is proven and incomplete; nobody may publish what is not proven."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from podemos.contracts.sources import policy
from podemos.core.errors import ContractViolation
from podemos.core.manifest import read
from podemos.core.store import MemoryStore
from podemos.regulatory.ask import HOLD, PUBLISH, answer, question
from podemos.regulatory.decide import decide
from podemos.regulatory.gate import judge
from podemos.regulatory.results import Pair, Rule
from tests.unit.regulatory.deliveries import ALL, NIGHT, clock, memory
from tests.unit.regulatory.evidence import clean, entry, good, missing, reconciliation


def decided(lake: MemoryStore, entries: list[dict[str, Any]], results: Any = None) -> str:
    found = results or [r for e in entries if e["state"] != "missing" for r in good(e["source"])]
    judged = judge(reconciliation(lake, found, entries), lake=lake)
    return decide(judged, lake=lake, policy=policy(), sources=ALL, clock=clock, night=NIGHT)


def asked(lake: MemoryStore, decision: str) -> Any:
    return question(decision, lake=lake, clock=clock, night=NIGHT, sources=ALL)


def test_a_complete_report_is_not_asked_about() -> None:
    lake = memory()
    assert asked(lake, decided(lake, [entry("nomina"), entry("cajeros")])) is None


def test_a_partial_report_is_published_unless_somebody_holds_it() -> None:
    lake = memory()
    decision = decided(lake, [entry("nomina"), missing("cajeros")])
    found = asked(lake, decision)
    assert found.default == PUBLISH
    assert "Faltan **115 minutos** para las 06:00" in found.body
    assert (
        "cajeros (minor): no control file before the cut-off at 03:00. Efecto: Faltan retiros en cajero" in found.body
    )
    assert "Se publicarían 3 movimientos por $1,250.01 MXN de 1 fuentes." in found.body
    assert (
        "Pronóstico para las 06:00: si se publica ahora, entregado a las 04:11; sin respuesta, a las 05:51 "
        "(a tiempo: 100 %, con duraciones supuestas, a falta de historia)." in found.body
    )
    kept = read(lake, answer(decision, PUBLISH, None, "", clock(), lake=lake))[0]
    assert (kept["outcome"], kept["answered"]["by"]) == ("partial", None)
    held = read(lake, answer(decision, HOLD, "ana", "llega a las 5", clock(), lake=lake))[0]
    assert (held["outcome"], held["reasons"]) == ("hold", ["held by ana: llega a las 5"])
    assert held["answered"]["asked"]["key"] == decision


def test_what_the_policy_holds_for_a_missing_source_a_person_may_publish() -> None:
    lake = memory()
    decision = decided(lake, [missing("nucleo_credito"), entry("cajeros")])
    assert asked(lake, decision).default == HOLD
    published = read(lake, answer(decision, PUBLISH, "ana", "acordado con la CNBV", clock(), lake=lake))[0]
    assert (published["outcome"], published["reasons"]) == ("partial", [])
    kept = read(lake, answer(decision, HOLD, None, "", clock(), lake=lake))[0]
    assert kept["reasons"][0].startswith("nucleo_credito is critical and missing")


def test_what_is_not_proven_is_not_asked_about_and_nobody_may_publish_it() -> None:
    lake = memory()
    results = [replace(r, actual=Pair(3, 1), detail="x") if r.rule is Rule.WAREHOUSE else r for r in clean()]
    decision = decided(lake, [entry(s) for s in ("sucursales", "nucleo_credito", "cajeros", "nomina")], results)
    assert asked(lake, decision) is None
    with pytest.raises(ContractViolation, match="nobody may publish it"):
        answer(decision, PUBLISH, "ana", "", clock(), lake=lake)


def test_another_answer_than_the_options_is_refused() -> None:
    lake = memory()
    with pytest.raises(ContractViolation, match="choose one of publicar, retener"):
        answer(decided(lake, [entry("nomina"), missing("cajeros")]), "quizás", "ana", "", clock(), lake=lake)
