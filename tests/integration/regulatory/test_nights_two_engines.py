"""Two engines build the report: they agree to the byte, one finds the other's error, one stands in for the other."""

from __future__ import annotations

import pytest

from podemos.contracts.sources import policy
from podemos.core.errors import SourceUnavailable
from podemos.regulatory import rows
from tests.integration.regulatory.nights import FEW, LATER, arrived, run
from tests.integration.regulatory.world import World
from tests.unit.regulatory.deliveries import DAY


@pytest.mark.parametrize("at", ["load", "reconcile", "build"])
def test_if_the_warehouse_dies_the_second_engine_publishes_the_same_bytes(at: str, delivered: World) -> None:
    both = run(delivered, arrived(FEW), sources=FEW)
    alone = run(
        delivered,
        arrived(FEW),
        sources=FEW,
        night=LATER,
        warehouse_dies=at,
        agreed=policy().model_copy(update={"warehouse_minutes": 0}),
    )
    assert both.manifest is not None
    assert alone.manifest is not None
    assert alone.manifest["files"][0] == both.manifest["files"][0], "movimientos.csv, to the byte"
    assert (both.manifest["engine"], both.manifest["engine_reason"]) == ("redshift", "")


def test_a_report_of_the_second_engine_alone_says_so(delivered: World) -> None:
    ended = run(delivered, arrived(FEW), sources=FEW, warehouse_dies="load")
    assert ended.manifest is not None
    assert ended.manifest["engine"] == "duckdb"
    assert "the load did not succeed" in ended.manifest["engine_reason"]


def test_a_warehouse_that_is_down_early_is_asked_again_and_a_policy_can_insist_on_it(delivered: World) -> None:
    with pytest.raises(SourceUnavailable, match="no answer"):
        run(delivered, arrived(FEW), sources=FEW, warehouse_dies="reconcile")
    strict = policy().model_copy(update={"second_engine_alone": False})
    for at in ("load", "build"):
        with pytest.raises(SourceUnavailable):
            run(delivered, arrived(FEW), sources=FEW, night=LATER, warehouse_dies=at, agreed=strict)


def test_an_error_in_parsing_that_every_total_hides_is_found_by_the_second_engine(
    delivered: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = rows._cents_of_pesos
    swapped = {1000: 1008, 1008: 1000}  # two charges of one file change their amounts: control totals stay
    monkeypatch.setattr(rows, "_cents_of_pesos", lambda value: swapped.get(exact(value), exact(value)))
    ended = run(delivered, arrived(FEW), sources=FEW)
    assert ended.outcome == "hold"
    assert f"tarjetas, {DAY}, TAR-000000: 10.08 in the source (row 1), 10.00 in the second engine" in ended.reasons[0]
