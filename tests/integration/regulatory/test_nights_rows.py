"""Whole nights with rows, files, clients and branches that are not as they should be."""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from podemos.core.manifest import commit, read
from tests.integration.regulatory.nights import BALANCED, COUNT, LAKE, PLAIN, arrived, run
from tests.integration.regulatory.world import World
from tests.unit.regulatory.deliveries import (
    ALL,
    DAY,
    deliver,
    deliver_lake,
    encode,
    lines,
    only,
    payments,
    record,
)


def test_rows_that_cannot_be_read_are_excepted_and_published_plus_excepted_is_expected(world: World) -> None:
    few = only(LAKE, PLAIN)
    world.load_history(COUNT)
    deliver_lake(world.lake, payments(COUNT))
    source, found = ALL.source(PLAIN), lines(PLAIN, COUNT)
    found[7] = replace(found[7], instant=found[7].instant + timedelta(days=1))
    rows = [record(source, line) for line in found]
    rows[5]["folio"] = rows[4]["folio"]
    rows[9]["naturaleza"] = "X"
    deliver(world.lake, source, found, rows=rows)
    ended = run(world, arrived(few), sources=few)
    assert ended.outcome == "complete"
    assert ended.manifest is not None
    listed = json.loads(world.reports.get(f"reports/{DAY}/v1/exceptions.json"))
    assert [(m["fila"], m["reason"]) for m in listed["movements"]] == [
        (6, "duplicate_id"),
        (8, "wrong_day"),
        (10, "unknown_type"),
    ]
    (gap,) = listed["sources"]
    assert gap["published"]["rows"] + gap["excepted"]["rows"] == gap["expected"]["rows"] == COUNT
    assert gap["published"]["cents"] + gap["excepted"]["cents"] == gap["expected"]["cents"]


def test_an_unreadable_file_is_excepted_whole_and_counts_as_a_missing_source(delivered: World) -> None:
    source = ALL.source("remesas")
    few = only(LAKE, PLAIN, "remesas")
    found = lines("remesas", COUNT)
    whole = encode(source, [record(source, line) for line in found])

    cut = whole[: len(whole) // 2]
    folder = f"regulatory/inbox/remesas/{DAY}/"
    cents = sum(line.cents for line in found)
    listed = {"name": "d.csv.gz", "rows": COUNT, "cents": cents, "sha256": hashlib.sha256(cut).hexdigest()}
    control = {"source": "remesas", "business_date": str(DAY), "files": [listed], "rows": COUNT, "cents": cents}
    delivered.lake.put_new(f"{folder}d.csv.gz", cut)
    delivered.lake.put_new(f"{folder}control.json", json.dumps(control).encode())
    ended = run(delivered, arrived(few), sources=few)
    assert ended.outcome == "partial"
    document = json.loads(delivered.reports.get(f"reports/{DAY}/v1/exceptions.json"))
    (gap,) = document["sources"]
    assert (gap["source"], gap["state"], gap["excepted"]["rows"], gap["excepted"]["cents"]) == (
        "remesas",
        "excepted",
        COUNT,
        cents,
    )
    assert "d.csv.gz: unreadable after record" in gap["reason"]
    with pytest.raises(EOFError):
        gzip.decompress(cut)


def test_an_unbalanced_system_is_named_by_file(world: World) -> None:
    few = only(LAKE, BALANCED)
    world.load_history(COUNT)
    deliver_lake(world.lake, payments(COUNT))
    found = lines(BALANCED, COUNT)
    found[0] = replace(found[0], cents=found[0].cents + 1)
    deliver(world.lake, ALL.source(BALANCED), found)
    ended = run(world, arrived(few), sources=few)
    assert ended.outcome == "hold"
    assert "nucleo_credito, file datos-1: cargos" in ended.reasons[0]
    assert "off by 0.01" in ended.reasons[0]


def test_an_unknown_client_is_listed_and_published(world: World) -> None:
    few = only(LAKE, PLAIN)
    world.load_history(COUNT)
    deliver_lake(world.lake, payments(COUNT))
    found = lines(PLAIN, COUNT)
    found[0] = replace(found[0], client=999_999)
    found[6] = replace(found[6], client=888_888)
    assert found[6].branch is None
    deliver(world.lake, ALL.source(PLAIN), found)
    ended = run(world, arrived(few), sources=few)
    assert ended.outcome == "complete"
    summary = json.loads(world.reports.get(f"reports/{DAY}/v1/resumen.json"))
    cents = found[0].cents + found[6].cents
    assert summary["completeness"]["unknown_clients"] == [{"source": PLAIN, "movements": 2, "cents": cents}]


def test_uncertified_branches_are_listed_with_a_complete_report(world: World) -> None:
    few = only(LAKE)
    world.load_history(COUNT)
    states = [{"id": f"{n:03d}", "state": "certified", "as_of": None} for n in range(1, 11)]
    states[2] |= {"state": "missing", "as_of": "2026-11-18T03:00:00.000000Z"}
    deliver_lake(world.lake, payments(COUNT), branches=states)
    ended = run(world, arrived(few), sources=few)
    assert ended.outcome == "complete"
    summary = json.loads(world.reports.get(f"reports/{DAY}/v1/resumen.json"))
    assert [b["id"] for b in summary["completeness"]["branches_not_certified"]] == ["003"]
    assert "exceptions.json" in [file["name"] for file in (ended.manifest or {})["files"]]


def test_a_branch_whose_certificate_differs_holds_in_its_own_words(world: World) -> None:
    few = only(LAKE)
    world.load_history(COUNT)
    line = "sucursal 003, 2026-11-19, pago 88012: 1,250.12 at the till, 1,250.11 landed"
    states = [{"id": f"{n:03d}", "state": "certified", "as_of": None, "messages": []} for n in range(1, 11)]
    states[2] |= {"state": "differs", "messages": [line]}
    deliver_lake(world.lake, payments(COUNT), branches=states)
    ended = run(world, arrived(few), sources=few)
    assert (ended.outcome, ended.reasons) == ("hold", [line])


def test_quarantined_payments_are_excepted_and_the_report_says_so(world: World) -> None:
    few = only(LAKE)
    world.load_history(COUNT)
    listed = [{"id_sucursal": 3, "id_pago": 5, "reason": "cliente desconocido", "cents": 700}]
    deliver_lake(world.lake, payments(COUNT), excepted=listed, excepted_rows=1, excepted_cents=700)
    ended = run(world, arrived(few), sources=few)
    assert ended.outcome == "complete"
    document = json.loads(world.reports.get(f"reports/{DAY}/v1/exceptions.json"))
    assert [(m["id_movimiento"], m["reason"], m["cents"]) for m in document["movements"]] == [
        ("003-5", "quarantined", 700)
    ]
    (gap,) = document["sources"]
    assert gap["published"]["cents"] + gap["excepted"]["cents"] == gap["expected"]["cents"]


@pytest.mark.parametrize(("name", "outcome"), [("rev=2/part-0.parquet", "complete"), ("rev=1/part-0.parquet", "hold")])
def test_only_later_data_of_the_day_explains_a_difference_with_the_history(
    world: World, name: str, outcome: str
) -> None:
    few = only(LAKE)
    world.load_history(COUNT)
    deliver_lake(world.lake, payments(COUNT))
    days = {"pagos": {str(DAY): {"files": [{"key": f"curated/pagos/fecha={DAY}/{name}"}]}}}
    commit(world.lake, "manifests/branches/revisions/000000000002.json", {"days": days})
    world.run("UPDATE core.pagos_historicos SET monto = monto + 1 WHERE id_pago = 88016")
    world.run("INSERT INTO ops.loads VALUES ('pagos', 2, 'k', 1, GETDATE())")
    ended = run(world, arrived(few), sources=few)
    world.run("DELETE FROM ops.loads")
    assert ended.outcome == outcome
    (found,) = [r for r in read(world.lake, ended.keys["reconcile"])[0]["results"] if r["rule"] == "lago_historia"]
    assert found["severity"] == ("yellow" if outcome == "complete" else "red")
    assert ("later than the sealed one" in found["detail"]) is (outcome == "complete")
