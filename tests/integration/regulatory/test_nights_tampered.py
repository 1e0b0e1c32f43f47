"""Whole nights in which somebody touched a file or the warehouse: held, and the smallest unit is named."""

from __future__ import annotations

import io
import json
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from podemos.core.errors import DataFault
from podemos.core.manifest import read
from tests.integration.regulatory.nights import COUNT, FEW, HASHED, LAKE, LATER, MINOR, PLAIN, arrived, run
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


def tampered(key: str, old: str, new: str, world: World) -> None:
    """Changes one place of a delivered text file."""
    data = world.lake.get(key).decode("latin-1")
    assert data.count(old) == 1
    world.lake.replace(key, data.replace(old, new).encode("latin-1"))


def test_a_cent_changed_after_the_control_file_names_the_file_and_both_sums(world: World) -> None:
    few = only(LAKE, HASHED, MINOR)
    world.load_history(COUNT)
    deliver_lake(world.lake, payments(COUNT))
    key = deliver(world.lake, ALL.source(MINOR), lines(MINOR, COUNT))
    deliver(world.lake, ALL.source(HASHED), lines(HASHED, COUNT))
    tampered(key, "CAJ-000000,10.00,", "CAJ-000000,10.01,", world)
    ended = run(world, arrived(few), sources=few)
    assert ended.outcome == "hold"
    total = sum(line.cents for line in lines(MINOR, COUNT))
    assert ended.reasons[0].startswith(
        f"cajeros, file datos-1: changed after its control file was written: expected 40 rows, {total / 100:,.2f}; "
        f"found 40 rows, {(total + 1) / 100:,.2f}"
    )
    assert list(world.reports.list("")) == []


def test_where_the_source_ships_row_hashes_the_edited_row_is_named(world: World) -> None:
    few = only(LAKE, HASHED)
    world.load_history(COUNT)
    deliver_lake(world.lake, payments(COUNT))
    key = deliver(world.lake, ALL.source(HASHED), lines(HASHED, COUNT), row_hashes=True)
    tampered(key, "COR-000002;10.08;", "COR-000002;10.09;", world)
    ended = run(world, arrived(few), sources=few)
    assert ended.outcome == "hold"
    assert "row 3 (COR-000002, MONTO 10.09) differs from the row hashes" in ended.reasons[0]


def test_two_swapped_amounts_are_seen_although_rows_and_cents_agree(delivered: World) -> None:
    key = f"regulatory/inbox/{PLAIN}/{DAY}/datos-1"
    rows = [record(ALL.source(PLAIN), line) for line in lines(PLAIN, COUNT)]
    rows[0]["importe"], rows[2]["importe"] = rows[2]["importe"], rows[0]["importe"]
    delivered.lake.replace(key, encode(ALL.source(PLAIN), rows))
    ended = run(delivered, arrived(FEW), sources=FEW)
    assert ended.outcome == "hold"
    assert ended.reasons[0].startswith("tarjetas, file datos-1: changed after its control file was written")


def test_a_cent_in_the_normalised_parquet_blocks_and_the_row_is_named(delivered: World) -> None:
    def edit(key: str) -> None:

        entry = next(e for e in read(delivered.lake, key)[0]["sources"] if e["source"] == PLAIN)
        table = pq.read_table(io.BytesIO(delivered.lake.get(entry["data"]["key"])))
        rows = table.to_pylist()
        rows[4]["monto"] += Decimal("0.01")
        sink = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), sink, compression="zstd")
        delivered.lake.replace(entry["data"]["key"], sink.getvalue())
        copy = json.loads(delivered.lake.get(read(delivered.lake, key)[0]["copy_manifest"]["key"]))
        for listed in copy["entries"]:
            if entry["data"]["key"] in listed["url"]:
                listed["meta"]["content_length"] = len(sink.getvalue())
        delivered.lake.replace(read(delivered.lake, key)[0]["copy_manifest"]["key"], json.dumps(copy).encode())

    ended = run(delivered, arrived(FEW), sources=FEW, after={"normalise": edit})
    assert ended.outcome == "hold"
    assert any("was changed after it was written" in reason for reason in ended.reasons)
    named = "tarjetas, 2026-11-19, TAR-000004: 10.16 in the source (row 5), 10.17 in the warehouse"
    assert named in ended.reasons


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        (
            "UPDATE core.movimientos SET monto = monto + 0.01 WHERE id_movimiento = '007-88016'",
            "sucursal 007, 2026-11-19, pago 88016: 1,250.16 at the till, 1,250.17 in the warehouse",
        ),
        (
            "UPDATE core.movimientos SET concepto = 'otro' WHERE id_movimiento = 'TAR-000004'",
            "tarjetas, 2026-11-19, TAR-000004: concepto differ(s) between the source (row 5) and the warehouse",
        ),
        (
            "DELETE FROM core.movimientos WHERE id_movimiento = 'TAR-000004'",
            "tarjetas, 2026-11-19, TAR-000004: 10.16 in the source (row 5), not in the warehouse",
        ),
        (
            "INSERT INTO core.movimientos SELECT * FROM core.movimientos WHERE id_movimiento = 'TAR-000004'",
            "tarjetas, 2026-11-19, TAR-000004: twice in the warehouse, 10.16",
        ),
        (
            "INSERT INTO core.movimientos SELECT fecha_contable, 'fantasma', id_movimiento, id_sucursal, id_cliente,"
            " tipo, monto, moneda, instante_utc, concepto, archivo_sha256, fila FROM core.movimientos"
            " WHERE id_movimiento = 'TAR-000004'",
            "fantasma: 1 movements of 2026-11-19 in the warehouse, but no such source in sources.yaml",
        ),
        (
            "UPDATE core.pagos_historicos SET monto = monto + 0.01 WHERE id_pago = 88016",
            "sucursal 007, 2026-11-19, pago 88016: 1,250.16 at the till, 1,250.17 in the warehouse",
        ),
        (
            "UPDATE core.pagos_historicos SET id_sucursal = 2 WHERE id_pago = 88016",
            "sucursal 002, 2026-11-19, pago 88016: 1,250.16 in the warehouse, not at the till; and 1 more",
        ),
        (
            "INSERT INTO core.pagos_historicos SELECT * FROM core.pagos_historicos WHERE id_pago = 88016",
            "sucursal 007, 2026-11-19, pago 88016: 1,250.16 at the till, 1,250.16 and 1,250.16 in the warehouse",
        ),
    ],
    ids=["cent", "field", "lost", "doubled", "stranger", "history", "other branch", "paid twice"],
)
def test_what_was_touched_in_the_warehouse_is_named(delivered: World, sql: str, said: str) -> None:
    ended = run(delivered, arrived(FEW), sources=FEW, after={"load": lambda _: delivered.run(sql)})
    assert ended.outcome == "hold"
    assert said in ended.reasons
    assert list(delivered.reports.list("")) == []
    delivered.run("DELETE FROM core.movimientos WHERE id_sistema = 'fantasma'")


def test_the_next_load_heals_what_was_touched_in_the_movements(delivered: World) -> None:
    touch = "UPDATE core.movimientos SET monto = monto + 0.01"
    ended = run(delivered, arrived(FEW), sources=FEW, after={"load": lambda _: delivered.run(touch)})
    assert ended.outcome == "hold"
    results = read(delivered.lake, ended.keys["reconcile"])[0]["results"]
    (plain,) = [r for r in results if (r["source"], r["rule"]) == (PLAIN, "normalizado_almacen")]
    assert len(plain["units"]) == 21
    assert plain["units"][-1] == "and 20 more movement(s) of tarjetas"
    assert plain["detail"].endswith("10.01 in the warehouse (the first of several)")
    assert run(delivered, arrived(FEW), sources=FEW, night=LATER).outcome == "complete"


def test_a_warehouse_changed_between_the_gate_and_the_build_is_not_published(delivered: World) -> None:

    touch = "UPDATE core.movimientos SET monto = monto + 0.01 WHERE id_movimiento = 'TAR-000004'"
    with pytest.raises(DataFault, match=r"TAR-000004: 10\.16, but 10\.17 in the warehouse now: .* changed meanwhile"):
        run(delivered, arrived(FEW), sources=FEW, after={"decide": lambda _: delivered.run(touch)})
    assert list(delivered.reports.list("")) == []


def a_cent_more(data: bytes, movement_id: str) -> bytes:
    """A canonical parquet file with one amount changed."""
    table = pq.read_table(io.BytesIO(data))
    rows = [
        row | {"monto": row["monto"] + (row["id_movimiento"] == movement_id) * Decimal("0.01")}
        for row in table.to_pylist()
    ]
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), sink)
    return sink.getvalue()


def test_rows_that_were_changed_in_the_files_of_either_engine_are_named(delivered: World) -> None:
    def normalised(key: str) -> None:
        entry = next(e for e in read(delivered.lake, key)[0]["sources"] if e["source"] == PLAIN)
        file = entry["data"]["key"]
        delivered.lake.replace(file, a_cent_more(delivered.lake.get(file), "TAR-000004"))

    def seconded(key: str) -> None:
        file = read(delivered.lake, key)[0]["data"]["key"]
        delivered.lake.replace(file, a_cent_more(delivered.lake.get(file), "CAJ-000004"))

    ended = run(delivered, arrived(FEW), sources=FEW, after={"load": normalised, "second": seconded})
    assert ended.outcome == "hold"
    results = read(delivered.lake, ended.keys["reconcile"])[0]["results"]
    units = {(r["source"], r["rule"]): r["units"] for r in results}
    assert units[PLAIN, "normalizado_sha256"] == [
        "tarjetas, 2026-11-19, TAR-000004: 10.16 in the source (row 5), 10.17 in the normalised file"
    ]
    assert units[MINOR, "segundo_motor"] == [
        "cajeros, 2026-11-19, CAJ-000004: 10.16 in the source (row 5), 10.17 in its file"
    ]


def test_a_staged_movement_that_was_changed_is_named_and_not_published(delivered: World) -> None:
    def staged(key: str) -> None:
        listed = {file["name"]: file["key"] for file in read(delivered.lake, key)[0]["files"]}
        before, ours, after = delivered.lake.get(listed["movimientos.csv"]).partition(b'"TAR-000004",')
        delivered.lake.replace(listed["movimientos.csv"], before + ours + after.replace(b",10.16,", b",10.17,", 1))

    with pytest.raises(DataFault, match=r"TAR-000004: 10\.16, but 10\.17 in the staged file"):
        run(delivered, arrived(FEW), sources=FEW, after={"build": staged})
    assert list(delivered.reports.list("")) == []
