"""Whole ingestions on engines that execute: MariaDB, S3, DynamoDB, Glue with Spark, and the warehouse."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from local.branches import mutate, truth
from podemos.branches import carry, load, prepare
from podemos.contracts.tables import contract
from podemos.core import manifest
from podemos.core.store import S3Store

from .asking import amount_of, ask, run_sql
from .conftest import World
from .deciding import CREDENTIALS, assert_decided, decide

PAGO = 23
OLD = {900_001: "2024-10-31", 900_002: "2024-08-15"}
"""Payments of branch 002 that are two years old, by key."""
ACTIVITY = mutate.Activity(new=6, late=2, edits=2, silent_edits=3, backdated=2, deletes=3)


@pytest.fixture(scope="module")
def first(world: World) -> dict[str, Any]:
    """The first ingestion of three branches with all their planted defects."""
    revision, found = world.run()
    return {"revision": revision, "certification": found}


def control(world: World, certification: dict[str, Any]) -> dict[str, Any]:
    return manifest.read(world.lake, certification["delivered"])[0]


def paid(world: World) -> list[truth.ExpectedMovement]:
    """What the tills took on the business day, as the simulator knows it."""
    known = truth.expected_movements(world.sources.settings, world.sources.business_date)
    return [movement for movement in known if movement.status_pago == "PAGADO"]


def states(certification: dict[str, Any]) -> dict[str, str]:
    return {branch["id"]: branch["state"] for branch in certification["branches"]}


def test_every_branch_is_certified_and_every_table_is_loaded(first: dict[str, Any]) -> None:
    found = first["certification"]
    assert states(found) == {"001": "certified", "002": "certified", "003": "certified"}
    assert found["messages"] == []
    assert found["loaded"] == ["clientes", "pagos", "prestamos"]


def test_the_delivery_is_the_branches_truth_to_the_cent(world: World, first: dict[str, Any]) -> None:
    """The simulator knows what the tills took; published plus excepted must be exactly that."""
    expected = paid(world)
    found = control(world, first["certification"])
    assert found["rows"] + found["excepted_rows"] == len(expected)
    assert found["cents"] + found["excepted_cents"] == sum(movement.cents for movement in expected)
    assert {entry["reason"].split()[0] for entry in found["excepted"]} == {"padre_desconocido"}


def test_the_delivered_files_are_the_curated_ones(world: World, first: dict[str, Any]) -> None:
    for file in control(world, first["certification"])["files"]:
        assert manifest.sha256(world.lake.get(file["key"])) == file["sha256"]


def test_the_catalog_points_at_the_published_folders(world: World, first: dict[str, Any]) -> None:
    document = manifest.read(world.lake, first["revision"])[0]
    glue = world.client("glue")
    table = glue.get_table(DatabaseName="podemos", Name="pagos")["Table"]
    assert all(column["Comment"] for column in table["StorageDescriptor"]["Columns"])
    found = glue.get_partitions(DatabaseName="podemos", TableName="pagos")["Partitions"]
    places = {part["Values"][0]: part["StorageDescriptor"]["Location"] for part in found}
    assert places == {
        day: world.lake.uri(entry["files"][0]["key"].rpartition("/")[0])
        for day, entry in document["days"]["pagos"].items()
    }


def test_a_load_sent_again_or_twice_at_once_leaves_the_same_rows(world: World, first: dict[str, Any]) -> None:
    counts = "SELECT COUNT(*), SUM(monto) FROM core.pagos_historicos"
    before = ask(world, counts)
    batch = load.load_batch(first["revision"], "pagos", lake=world.lake, platform=world.platform)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(world.send, [batch, batch]))
    world.load(first["revision"])
    assert ask(world, counts) == before


def test_two_loads_at_once_into_an_empty_table_insert_each_row_once(world: World, first: dict[str, Any]) -> None:
    """Under snapshot isolation both would find nothing and insert everything: the LOCK lets the second one see."""
    counts = "SELECT COUNT(*), SUM(monto) FROM core.pagos_historicos WHERE NOT borrado"
    before = ask(world, counts)
    batch = load.load_batch(first["revision"], "pagos", lake=world.lake, platform=world.platform)
    assert batch.statements[0] == "LOCK ops.writer_pagos"
    run_sql(world, "DELETE FROM core.pagos_historicos")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(world.send, [batch, batch]))
    assert ask(world, counts) == before


def test_a_cent_changed_in_the_warehouse_is_named_and_refused(world: World, first: dict[str, Any]) -> None:
    was = amount_of(world, 2, PAGO)
    where = f"WHERE id_sucursal = 2 AND id_pago = {PAGO}"
    run_sql(world, f"UPDATE core.pagos_historicos SET monto = monto + 0.01 {where}")
    now = amount_of(world, 2, PAGO)
    found = world.certify(first["revision"])
    run_sql(world, f"UPDATE core.pagos_historicos SET monto = monto - 0.01 {where}")
    day = ask(world, f"SELECT fecha_pago FROM core.pagos_historicos {where}")[0][0]
    line = f"sucursal 002, {day}, pago {PAGO}: {pesos(was)} at the till, {pesos(now)} in the warehouse"
    assert states(found) == {"001": "certified", "002": "differs", "003": "certified"} or day < "2026-11-18"
    assert found["messages"] == [line]
    assert world.certify(first["revision"])["messages"] == []


def test_a_row_missing_from_the_warehouse_is_named(world: World, first: dict[str, Any]) -> None:
    sql = "SELECT MAX(id_pago) FROM core.pagos_historicos WHERE id_sucursal = 3 AND fecha_pago = '2026-11-19'"
    key = ask(world, sql)[0][0]
    where = f"WHERE id_sucursal = 3 AND id_pago = {key}"
    run_sql(world, f"UPDATE core.pagos_historicos SET borrado = TRUE {where}")
    found = world.certify(first["revision"])
    assert states(found)["003"] == "differs"
    assert [line for line in found["messages"] if f"pago {key}: " in line and "absent in the warehouse" in line]
    run_sql(world, f"UPDATE core.pagos_historicos SET borrado = FALSE {where}")
    assert states(world.certify(first["revision"]))["003"] == "certified"


def test_an_accounting_day_moved_in_the_warehouse_is_refused(world: World, first: dict[str, Any]) -> None:
    """The derived day is in no row's text; the day's movements are compared on their own."""
    where = "WHERE id_sucursal = 1 AND fecha_contable = '2026-11-19' AND status_pago = 'PAGADO'"
    key = ask(world, f"SELECT MIN(id_pago) FROM core.pagos_historicos {where}")[0][0]
    one = f"WHERE id_sucursal = 1 AND id_pago = {key}"
    run_sql(world, f"UPDATE core.pagos_historicos SET fecha_contable = '2026-11-18' {one}")
    found = world.certify(first["revision"])
    run_sql(world, f"UPDATE core.pagos_historicos SET fecha_contable = '2026-11-19' {one}")
    branch = control(world, found)["branches"][0]
    assert branch["state"] == "differs"
    assert branch["messages"][0].startswith("sucursal 001, business day 2026-11-19: ")


def test_a_cent_changed_in_a_landed_chunk_is_named_and_refused(world: World, first: dict[str, Any]) -> None:
    plan = manifest.read_ref(world.lake, manifest.read(world.lake, first["revision"])[0]["plan"])
    (chunk,) = [entry for entry in plan["chunks"]["pagos"] if entry["branch"] == "003"]
    good = world.lake.get(chunk["key"])
    key, day, was = altered(world.lake, chunk["key"])
    found = world.certify(first["revision"])
    world.lake.replace(chunk["key"], good)
    line = f"sucursal 003, {day}, pago {key}: {pesos(was)} at the till, {pesos(was, 1)} in the landed chunk"
    assert found["messages"] == [line]
    assert states(found)["003"] == "differs"
    assert states(world.certify(first["revision"]))["003"] == "certified"


def test_later_nights(world: World, first: dict[str, Any]) -> None:
    """A quiet one without a job, one with an offline branch and a missed load, and one that catches up."""
    delivered = world.certify(first["revision"])["delivered"]
    before = manifest.read(world.lake, first["revision"])[0]
    plan = world.collect(world.pull())
    assert carry.curated(plan, lake=world.lake), "nothing was landed: there is nothing to curate"
    quiet = world.publish(plan)
    assert quiet != first["revision"], "the fresh snapshots speak for the branches now"
    document = manifest.read(world.lake, quiet)[0]
    assert document["days"] == before["days"], "what was pulled again unchanged rewrites nothing"
    assert all(found["rows"] == 0 for found in document["delta"].values())
    world.load(quiet)
    assert world.certify(quiet)["delivered"] == delivered, "nothing changed: nothing is delivered"

    world.sources.fault("003", "offline")
    with closing(world.sources.root("002")) as root:
        root.cursor().execute("UPDATE pagos SET monto = monto + 0.01, updated_at = NOW(6) WHERE id_pago = 41")
        root.cursor().execute("UPDATE pagos SET updated_at = NOW(6), fecha_pago = fecha_pago - INTERVAL 1 DAY"
                              " WHERE id_pago = 42")  # fmt: skip
        for key, day in OLD.items():
            root.cursor().execute(f"INSERT INTO pagos SELECT {key}, id_prestamo, id_cliente, 10.01, '{day} 10:00:00', "
                                  "'PAGADO', NULL, NOW(6) FROM pagos WHERE id_pago = 41")  # fmt: skip
    plan = world.collect(world.pull())
    world.curate(plan)
    missed = world.publish(plan)  # its load never runs
    world.sources.restore("003")
    assert "002" in world.certify(missed)["messages"][0]

    plan = world.collect(world.pull())
    world.curate(plan)
    last = world.publish(plan)
    world.load(last)
    found = world.certify(last)
    assert states(found) == {"001": "certified", "002": "certified", "003": "certified"}
    assert found["messages"] == []
    expected = paid(world)
    said = control(world, found)
    assert said["cents"] + said["excepted_cents"] == sum(movement.cents for movement in expected)


def test_what_no_watermark_sees_is_named_and_healed_by_the_next_run(
    world: World, first: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Silent edits, backdated rows and deletes in every branch; one run tells of them, the next one heals them."""
    edited, vanished = OLD
    with closing(world.sources.root("002")) as root:
        root.cursor().execute(f"UPDATE pagos SET monto = 10.02, updated_at = '2024-11-01' WHERE id_pago = {edited}")
        root.cursor().execute(f"DELETE FROM pagos WHERE id_pago = {vanished}")
        root.cursor().execute("INSERT INTO pagos SELECT 900003, 990099, id_cliente, 10.03, '2026-11-16 10:00:00', "
                              "'PAGADO', NULL, NOW(6) FROM pagos WHERE id_pago = 41")  # fmt: skip
    made = mutate.advance(world.sources.settings, world.sources.business_date, 1, ACTIVITY)
    _, told = world.run(rotation_days=29, rotation_slices=29)
    old = [debt["day"] for debt in told["debts"] if debt["day"] in OLD.values()]
    assert old == sorted(OLD.values()), "days two years old, when their turn comes"
    assert {debt["branch"] for debt in told["debts"]} == {"001", "002", "003"}
    assert [line for line in told["messages"] if "at the branch" in line]
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    decided = decide(world)

    revision, found = world.run()
    assert_decided(world, manifest.read(world.lake, revision)[0], found, decided)
    assert states(found) == {"001": "certified", "002": "certified", "003": "certified"}
    assert (found["messages"], found["debts"]) == ([], [])
    healed = {entry["day"]: entry for entry in found["healed"] if entry["branch"] == "002"}
    assert healed[OLD[edited]]["edited_keys"] == [str(edited)], "branch, day and key"
    assert healed[OLD[vanished]]["deleted_keys"] == [str(vanished)]
    assert str(ask(world, f"SELECT monto FROM core.pagos_historicos WHERE id_pago = {edited}")[0][0]) == "10.02"
    for branch in ("001", "003"):
        mine = [entry for entry in found["healed"] if entry["branch"] == branch]
        kinds = {"silent_edit": "edited", "backdated": "late", "delete": "deleted"}
        for happened, healed in kinds.items():
            expected = sum(1 for change in made if (change.branch, change.kind) == (branch, happened))
            assert sum(entry.get(healed, 0) for entry in mine) == expected > 0, (branch, healed)
    said, expected = control(world, found), paid(world)
    assert said["rows"] + said["excepted_rows"] == len(expected)
    assert said["cents"] + said["excepted_cents"] == sum(movement.cents for movement in expected)
    for change in made:
        if change.kind == "delete":
            where = f"WHERE id_sucursal = {int(change.branch)} AND id_pago = {change.key}"
            marked = ask(world, f"SELECT borrado, monto FROM core.pagos_historicos {where}")
            assert [str(row[0]).lower() for row in marked] == ["true"], "the warehouse row is marked, not erased"

    plan = world.collect(world.pull())
    assert not any(manifest.read(world.lake, plan)[0]["ranges"].values()), "nothing is owed any more"
    with closing(world.sources.root("002")) as root:  # other tests look at the last days of these branches only
        root.cursor().execute(f"DELETE FROM pagos WHERE id_pago = {edited}")


def altered(lake: S3Store, key: str) -> tuple[int, str, str]:
    """One cent more in a chunk's first payment: its key, day and amount before."""
    import io

    import pyarrow as pa
    import pyarrow.parquet as pq

    data = pq.read_table(io.BytesIO(lake.get(key)))
    amounts = data["monto"].to_pylist()
    was = amounts[0]
    amounts[0] = was + type(was)("0.01")
    changed = data.set_column(
        data.schema.get_field_index("monto"), "monto", pa.array(amounts, data.schema.field("monto").type)
    )
    sink = io.BytesIO()
    pq.write_table(changed, sink)
    lake.replace(key, sink.getvalue())
    return data["id_pago"].to_pylist()[0], data["fecha_pago"].to_pylist()[0][:10], str(was)


def pesos(text: str, more: int = 0) -> str:
    from podemos.core.money import format_pesos, parse_cents

    return format_pesos(parse_cents(text) + more)


def test_the_warehouse_tables_of_a_new_contract_are_made_once_however_many_columns_it_has(world: World) -> None:
    column = contract("pagos").compiled().columns[0]
    table = replace(
        contract("pagos").compiled(),
        name="nueva",
        warehouse="otra.nueva",
        columns=tuple(replace(column, name=f"c{number}") for number in range(50)),
        primary_key=("c0",),
        business_date=None,
        parents=(),
    )
    assert prepare.create_missing([table], world.warehouse) == ["otra.nueva"]
    assert prepare.create_missing([table], world.warehouse) == []
    assert ask(world, "SELECT COUNT(*) FROM otra.nueva") == ask(world, "SELECT COUNT(*) FROM ops.writer_nueva") == [[0]]
