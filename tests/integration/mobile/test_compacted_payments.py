"""Uploads in a real S3 interface become payments in the executing warehouse, once, and reconcile with the branches'."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner

from local.aws.testing import running_server
from podemos.contracts.platform import platform
from podemos.core import manifest
from podemos.core.errors import NotNeeded
from podemos.mobile import load, prepare, reconcile, revisions
from podemos.mobile.__main__ import app
from podemos.mobile.envelope import Event, EventType
from podemos.mobile.upload import S3Uploads
from podemos.warehouse.port import DataApi
from tests.unit.mobile import events
from tests.unit.mobile.compacting import World

AWS = {"region_name": "us-east-1", "aws_access_key_id": "local", "aws_secret_access_key": "local"}


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_server(tmp_path_factory.mktemp("mobile-aws")) as found:
        yield found


@pytest.fixture(scope="module")
def world(endpoint: str) -> World:
    s3 = boto3.client("s3", endpoint_url=endpoint, **AWS)
    s3.create_bucket(Bucket=platform().lake_bucket)
    s3.put_bucket_versioning(Bucket=platform().lake_bucket, VersioningConfiguration={"Status": "Enabled"})
    found = World()
    found.lake = S3Uploads(s3, platform().lake_bucket)
    return found


@pytest.fixture(scope="module")
def warehouse(endpoint: str) -> DataApi:
    return DataApi(
        boto3.client("redshift-data", endpoint_url=endpoint, **AWS), "podemos", "analytics", poll_seconds=0.02
    )


def payments(world: World, phone: int, receipts: list[tuple[str, int]], *, sequence: int = 1) -> list[Event]:
    """Payments of one phone, with these receipts and cents."""
    drawn = [e for e in events.events(phone, 4 * len(receipts), first=sequence) if e.event_type is EventType.PAGO]
    return [
        dataclasses.replace(event, event_data={**event.event_data, "id_recibo": receipt, "monto_centavos": cents})
        for event, (receipt, cents) in zip(drawn, receipts, strict=True)
    ]


def send(world: World, warehouse: DataApi, revision: str, times: int = 1) -> str:
    key = prepare.prepare_warehouse(revision, lake=world.lake, warehouse=warehouse)
    for _ in range(times):
        warehouse.send(load.load_batch(key, lake=world.lake, platform=platform()))
    return key


def loaded(warehouse: DataApi) -> list[tuple[Any, ...]]:
    from podemos.warehouse.statements import Script

    sql = "SELECT id_recibo, monto, fecha_contable, desfase_s, linea FROM core.pagos_moviles ORDER BY id_recibo, monto;"
    return [tuple(map(str, row.values())) for row in warehouse.fetch(Script("a look", sql))]


def test_payments_reach_the_warehouse_once_and_a_dead_load_is_carried_by_the_next(world, warehouse):
    first = payments(world, 1, [("9001", 125_000), ("9002", 1)])
    world.put(first)
    send(world, warehouse, world.run(), times=2)
    assert loaded(warehouse) == [("9001", "1250.00", "2026-11-20", "0", "1"), ("9002", "0.01", "2026-11-20", "0", "2")]
    world.put(payments(world, 2, [("9002", 5)]))
    world.run()  # its load dies
    world.put(payments(world, 3, [("9003", 777)]) + payments(world, 3, [("9004", 100)], sequence=50))
    key = send(world, warehouse, world.run())
    document, _ = manifest.read(world.lake, key)
    assert (document["first"], document["revision"], document["rows"], document["cents"]) == (2, 3, 3, 882)
    assert [(row[0], row[1]) for row in loaded(warehouse)] == [
        ("9001", "1250.00"), ("9002", "0.01"), ("9002", "0.05"), ("9003", "7.77"), ("9004", "1.00"),
    ]  # fmt: skip
    with pytest.raises(NotNeeded):
        prepare.prepare_warehouse(revisions.latest(world.lake).ref.key, lake=world.lake, warehouse=warehouse)


def test_receipts_reconcile_with_the_branches_to_the_cent(world, warehouse):
    with pytest.raises(NotNeeded, match="does not exist yet"):
        reconcile.reconcile_receipts("load", lake=world.lake, warehouse=warehouse, clock=world.clock)
    from podemos.warehouse.statements import Script

    warehouse.execute("branches/pagos/create_pagos.sql")
    rows = [(2, 9001, "1250.00", "PAGADO"), (3, 9002, "0.05", "PAGADO"), (4, 9003, "7.78", "PAGADO")]
    values = ", ".join(
        f"({branch}, {receipt}, 1, 1, {amount}, '2026-11-20', '2026-11-20', '2026-11-20', '{status}', NULL,"
        " '2026-11-20', '2026-11-20', '2026-11-20', 1, FALSE)"
        for branch, receipt, amount, status in rows
    )
    warehouse.execute(Script("a branch", f"INSERT INTO core.pagos_historicos VALUES {values};"))
    found = {(d.id_sucursal, d.id_recibo): d for d in reconcile.differences(warehouse, date(2026, 11, 1))}
    assert {key: (d.diferencia_centavos, d.causa) for key, d in found.items()} == {
        (2, "9002"): (1, "sin_pago_en_sucursal"),
        (4, "9003"): (-1, "monto_distinto"),
        (4, "9004"): (100, "sin_pago_en_sucursal"),
    }
    key = reconcile.reconcile_receipts("load", lake=world.lake, warehouse=warehouse, clock=world.clock)
    document, _ = manifest.read(world.lake, key)
    assert (document["receipts"], document["cents"]) == (3, 100)


def test_the_command_line_compacts_loads_and_traces(world, warehouse, endpoint, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "local")
    event = next(events.events(5, 1))
    world.now += timedelta(minutes=1)
    key = world.put([event], lines=[b"nonsense\n"], attempt=3)
    run = CliRunner().invoke(app, ["compact", "--endpoint", endpoint])
    assert run.exit_code == 0, run.output
    assert json.loads(run.stdout)["totals"]["events"] == 1
    told = json.loads(CliRunner().invoke(app, ["trace", event.event_id.upper(), "--endpoint", endpoint]).stdout)
    (version,) = told["versions"]
    assert (version["upload"]["key"], version["upload"]["line"]) == (key, 1)
    assert version["upload"]["metadata"]["attempt"] == "3"
    assert version["upload"]["text"].encode() == event.canonical()
    assert version["upload"]["parsed"] == event.fingerprint()
    assert version["file"]["row"] == 1 and version["file"]["values"]["event_id"] == event.event_id
    missing = CliRunner().invoke(app, ["trace", "019aa212-3456-7890-abcd-ef0123456789", "--endpoint", endpoint])
    assert missing.exit_code == 2
