"""Normalising: published + excepted = declared, whatever is in the files."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from podemos.core.errors import DataFault
from podemos.core.fingerprint import Fingerprint
from podemos.core.manifest import read
from podemos.core.store import MemoryStore
from podemos.regulatory.excepted import read_excepted
from podemos.regulatory.movement import COLUMNS, Movement, digest_of
from podemos.regulatory.normalise import normalise
from podemos.regulatory.seal import seal
from tests.unit.regulatory.deliveries import (
    ALL,
    DAY,
    NIGHT,
    Payment,
    clock,
    deliver,
    deliver_all,
    deliver_lake,
    encode,
    lines,
    memory,
    only,
    payments,
    record,
)
from tests.unit.regulatory.evidence import Crash, FragileStore

CHANGES: dict[str, dict[str, Any]] = {
    "amount": {"importe": "12,5"},
    "day": {"fecha_hora": "2026-11-18 10:00:00"},
    "instant": {"fecha_hora": "ayer"},
    "type": {"naturaleza": "?"},
    "id": {"folio": ""},
    "twice": {"folio": "TAR-000000"},
    "client": {"cliente": "x"},
    "long": {"concepto": "x" * 300},
    "none": {},
}


def normalised(lake: MemoryStore, *ids: str) -> list[dict[str, Any]]:
    few = only(*ids)
    key = seal(NIGHT, [f"{i}:arrived" for i in ids], lake=lake, clock=clock, sources=few)
    found: list[dict[str, Any]] = read(lake, normalise(key, lake=lake, sources=few))[0]["sources"]
    return found


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(sorted(CHANGES)), min_size=1, max_size=30))
def test_published_plus_excepted_is_expected(changes: list[str]) -> None:
    lake, source, found = memory(), ALL.source("tarjetas"), lines("tarjetas", len(changes))
    rows = [record(source, line) | CHANGES[change] for line, change in zip(found, changes, strict=True)]
    deliver(lake, source, found, rows=rows)
    (entry,) = normalised(lake, "tarjetas")
    totals, excepted, declared = entry["totals"], entry["excepted"], entry["declared"]
    assert totals["count"] + excepted["rows"] == declared["rows"]
    unreadable = [line.cents for line, change in zip(found, changes, strict=True) if change == "amount"]
    assert excepted["unknown_rows"] == len(unreadable)
    assert totals["cents"] + excepted["cents"] + sum(unreadable) == declared["cents"]


def test_the_canonical_file_has_the_warehouse_s_columns_and_its_totals_are_its_rows() -> None:
    lake = memory()
    deliver_all(lake, 50)
    for entry in normalised(lake, *(s.id for s in ALL.sources)):
        table = pq.read_table(io.BytesIO(lake.get(entry["data"]["key"])))
        assert tuple(table.column_names) == COLUMNS
        rows = [Movement(**r | {"monto": int(r["monto"].scaleb(2))}) for r in table.to_pylist()]
        assert all(type(r["monto"]) is Decimal for r in table.to_pylist())
        total = sum((Fingerprint(1, m.monto, digest_of(m)) for m in rows), Fingerprint())
        assert Fingerprint.from_dict(entry["totals"]) == total
        by_type = sum((Fingerprint.from_dict(t) for t in entry["by_type"].values()), Fingerprint())
        assert by_type == total
        assert entry["excepted"]["rows"] == 0


def test_a_movement_leads_back_to_its_file_and_record() -> None:
    lake, source = memory(), ALL.source("cajeros")
    key = deliver(lake, source, lines("cajeros", 9))
    (entry,) = normalised(lake, "cajeros")
    row = pq.read_table(io.BytesIO(lake.get(entry["data"]["key"]))).to_pylist()[6]
    assert row["archivo_sha256"] == hashlib.sha256(lake.get(key)).hexdigest()
    assert row["id_movimiento"] in lake.get(key).decode().splitlines()[row["fila"]]


def test_the_same_input_is_stored_once_and_gives_the_same_manifest() -> None:
    lake = memory()
    deliver_all(lake, 20)
    key = seal(NIGHT, [f"{s.id}:arrived" for s in ALL.sources], lake=lake, clock=clock, sources=ALL)
    first = normalise(key, lake=lake, sources=ALL)
    before = [info.key for info in lake.list("")]
    assert normalise(key, lake=lake, sources=ALL) == first
    assert [info.key for info in lake.list("")] == before


def test_a_normalised_file_that_was_replaced_is_not_taken_for_the_same() -> None:
    lake = memory()
    deliver(lake, ALL.source("cajeros"), lines("cajeros", 4))
    (entry,) = normalised(lake, "cajeros")
    lake.replace(entry["data"]["key"], b"other")
    with pytest.raises(DataFault, match="was changed: SHA-256"):
        normalised(lake, "cajeros")


def test_an_unreadable_file_is_excepted_whole_and_the_others_are_read() -> None:
    lake, source = memory(), ALL.source("tarjetas")
    found = lines("tarjetas", 10)
    files = []
    for at, part in enumerate((found[:5], found[5:])):
        data = encode(source, [record(source, line) for line in part])
        data = data[: len(data) - 20] if at == 0 else data
        name, cents = f"parte-{at}.csv.gz", sum(line.cents for line in part)
        lake.put_new(f"regulatory/inbox/tarjetas/{DAY}/{name}", data)
        files.append({"name": name, "rows": 5, "cents": cents, "sha256": hashlib.sha256(data).hexdigest()})
    control = {"source": "tarjetas", "business_date": str(DAY), "files": files, "rows": 10}
    control["cents"] = sum(f["cents"] for f in files)
    lake.put_new(f"regulatory/inbox/tarjetas/{DAY}/control.json", json.dumps(control).encode())
    (entry,) = normalised(lake, "tarjetas")
    assert (entry["totals"]["count"], entry["excepted"]["rows"], entry["excepted"]["cents"]) == (
        5,
        5,
        files[0]["cents"],
    )
    (listed,) = read_excepted(lake.get(entry["excepted"]["data"]["key"]))
    assert (listed["file"], listed["fila"], listed["reason"]) == ("parte-0.csv.gz", 0, "unreadable_file")


def test_the_lake_s_movements_follow_the_rule_and_its_fingerprint_is_the_certificate_s() -> None:
    lake = memory()
    deliver_lake(lake, payments(30))
    (entry,) = normalised(lake, "sucursales")
    assert entry["totals"]["count"] == 27
    total = sum((Fingerprint.from_dict(t) for t in entry["lake_branches"].values()), Fingerprint())
    control = json.loads(lake.get(f"regulatory/inbox/sucursales/{DAY}/control-0001.json"))
    assert (total.count, total.cents, str(total.digest)) == (control["rows"], control["cents"], control["digest"])
    first = pq.read_table(io.BytesIO(lake.get(entry["data"]["key"]))).to_pylist()[0]
    assert (first["id_movimiento"], first["tipo"], first["monto"]) == ("001-88000", "ABONO", Decimal("1250.00"))
    assert first["instante_utc"] == "2026-11-19T18:00:00.000000Z"


def test_quarantined_payments_are_excepted_with_reason_and_cents() -> None:
    lake = memory()
    listed = [{"id_sucursal": 17, "id_pago": 5, "reason": "cliente desconocido", "cents": 700}]
    deliver_lake(lake, payments(10), excepted=listed, excepted_rows=3, excepted_cents=1000)
    (entry,) = normalised(lake, "sucursales")
    assert (entry["excepted"]["rows"], entry["excepted"]["cents"]) == (3, 1000)
    assert entry["totals"]["count"] + 3 == entry["declared"]["rows"]
    rows = read_excepted(lake.get(entry["excepted"]["data"]["key"]))
    assert [(r["id_movimiento"], r["cents"], r["rows"]) for r in rows] == [("017-5", 700, 1), (None, 300, 2)]


def test_a_payment_that_stands_twice_or_has_no_amount_is_excepted() -> None:
    lake, found = memory(), payments(10)
    found[8] = found[7]
    found[9] = replace(found[9], cents=None)
    deliver_lake(lake, found)
    (entry,) = normalised(lake, "sucursales")
    assert entry["excepted"]["by_reason"] == {"duplicate_id": 1, "unreadable_amount": 1}
    assert entry["excepted"]["unknown_rows"] == 1


def test_a_curated_file_without_a_contract_column_is_a_finding() -> None:
    lake = memory()
    key = deliver_lake(lake, payments(10))
    table = pq.read_table(io.BytesIO(lake.get(key))).drop_columns(["status_pago"])
    sink = io.BytesIO()
    pq.write_table(table, sink)
    lake.replace(key, sink.getvalue())
    (entry,) = normalised(lake, "sucursales")
    assert "status_pago" in entry["files"][0]["fault"]


def test_a_day_s_instants_outside_mexico_city_s_day_are_not_movements_of_it() -> None:
    lake, found = memory(), [Payment(1, 1, 100), Payment(1, 2, 200, day=DAY - timedelta(days=1))]
    deliver_lake(lake, [*found, Payment(1, 3, 300, status="RECHAZADO"), Payment(1, 4, 1), *payments(10)[:0]])
    (entry,) = normalised(lake, "sucursales")
    assert entry["totals"]["cents"] == 101


def test_fifteen_sources_of_two_thousand_rows_normalise_in_seconds() -> None:
    import time

    lake = memory()
    deliver_all(lake, 2000)
    began = time.process_time()
    normalised(lake, *(s.id for s in ALL.sources))
    assert time.process_time() - began < 5


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_crash_at_any_write_and_a_second_run_leave_what_one_run_leaves(after: bool) -> None:
    few, said = only("cajeros", "sucursales"), ["cajeros:arrived", "sucursales:arrived"]

    def night(lake: MemoryStore) -> str:
        return normalise(seal(NIGHT, said, lake=lake, clock=clock, sources=few), lake=lake, sources=few)

    whole = memory()
    deliver_all(whole, 10, few)
    delivered = {info.key: whole.get(info.key) for info in whole.list("")}
    key = night(whole)
    written = {info.key: whole.get(info.key) for info in whole.list("")}
    for at in range(1, len(written) - len(delivered) + 1):
        lake = FragileStore("podemos-lake", len(delivered) + at, after=after)
        for name, data in delivered.items():
            lake.put_new(name, data)
        with pytest.raises(Crash):
            night(lake)
        assert night(lake) == key
        assert {info.key: lake.get(info.key) for info in lake.list("")} == written
