"""What a hand has touched is refused, unless somebody answers for it; and again on every night after the date."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import yaml

from podemos.contracts.loading import check, config_file
from podemos.contracts.sources import Sources
from podemos.core.errors import ContractViolation
from podemos.core.manifest import read
from podemos.regulatory import configuration
from podemos.regulatory.seal import seal
from tests.unit.regulatory.deliveries import DAY, NIGHT, clock, deliver, lines, memory

WAIVER = {
    "owner": "finanzas@podemos.example",
    "reason": "migración",
    "expires": DAY,
    "originating_system": "contabilidad",
}


def configured(**changed: Any) -> Sources:
    """`cajeros` alone, with these keys."""
    listed = yaml.safe_load(config_file("sources.yaml").read_text(encoding="utf-8"))["sources"]
    return check(Sources, {"sources": [next(s for s in listed if s["id"] == "cajeros") | changed]}, "sources.yaml")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"kind": "manual"}, "cajeros: it is delivered by hand: have its system deliver, or add a waiver"),
        ({"rendering": "xlsx"}, "cajeros: it is copied from xlsx: have its system deliver, or add a waiver"),
        ({"format": "pdf"}, "format pdf is a rendering, not data: .* rendering: pdf and a waiver"),
        ({"format": "xlsx", "waiver": WAIVER}, "format xlsx is a rendering, not data"),
        ({"waiver": WAIVER}, "a waiver without kind manual or a rendering: remove it"),
        ({"kind": "manual", "waiver": {**WAIVER, "owner": ""}}, r"waiver\.owner"),
        *(
            (
                {"kind": "manual", "waiver": {k: v for k, v in WAIVER.items() if k != name}},
                rf"waiver\.{name}: Field req",
            )
            for name in WAIVER
        ),
    ],
)
def test_nothing_manual_and_no_rendering_without_an_answerable_waiver(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ContractViolation, match=rf"sources\.yaml: sources\.0.*{message}"):
        configured(**changed)


def test_a_waiver_covers_its_last_day_and_the_next_night_refuses_with_source_and_remedy() -> None:
    for last, state in ((DAY, "sealed"), (DAY - timedelta(days=1), "missing")):
        lake = memory()
        found = configured(kind="manual", rendering="pdf", waiver=WAIVER | {"expires": last})
        key = deliver(lake, found.source("cajeros"), lines("cajeros", 2))
        sealed = read(lake, seal(NIGHT, ["cajeros:arrived"], lake=lake, clock=clock, sources=found))[0]
        (entry,) = sealed["sources"]
        assert entry["state"] == state
        assert configuration.of_seal(lake, sealed) == found
    assert entry["reason"] == (
        "cajeros: its waiver ended on 2026-11-18 (migración): have contabilidad deliver by itself, or have "
        "finanzas@podemos.example renew it in sources.yaml"
    )
    assert key in entry["after_seal"], "what was refused is listed"
