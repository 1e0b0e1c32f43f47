"""The report's statements on the local Redshift: first and second run, empty input, late correction, two at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from podemos.core.fingerprint import Fingerprint
from podemos.core.manifest import read
from podemos.regulatory import level_warehouse
from podemos.regulatory.load import load_batch
from podemos.regulatory.normalise import normalise
from podemos.regulatory.seal import seal
from tests.integration.regulatory.nights import LATER, load, send
from tests.integration.regulatory.world import World
from tests.unit.regulatory.deliveries import ALL, DAY, NIGHT, Line, clock, deliver, lines, only

SOURCE = ALL.source("spei")
FEW = only("spei")
HOSTILE = ("", "ñandú", "a:b|c", '"', "'; DROP TABLE core.movimientos; --", "\\", "\t\n", "😀" * 60, "1:1", "-1:")


def normalised(world: World, found: list[Line], control: str = "control.json", night: Any = NIGHT) -> str:
    deliver(world.lake, SOURCE, found, control=control, name=f"datos-{control}")
    key = seal(night, ["spei:arrived"], lake=world.lake, clock=clock, sources=FEW)
    return normalise(key, lake=world.lake, sources=FEW)


def totals(world: World, key: str) -> Mapping[str, Any]:
    entry: Mapping[str, Any] = read(world.lake, key)[0]["sources"][0]["totals"]
    return entry


def held(world: World) -> Fingerprint:
    return level_warehouse.totals(DAY, world.warehouse).get("spei", Fingerprint())


def ledger(world: World) -> int:
    world.run("CREATE TABLE IF NOT EXISTS ops.cuenta (n BIGINT)")
    answer = world.redshift.execute_statement(
        WorkgroupName="podemos", Database="analytics", Sql="SELECT COUNT(*) FROM ops.movimientos_loads"
    )
    world.finished(answer["Id"])
    return int(world.redshift.get_statement_result(Id=answer["Id"])["Records"][0][0]["longValue"])


def test_the_warehouse_computes_python_s_fingerprint_on_hostile_text(world: World) -> None:
    found = [replace(line, concept=HOSTILE[at % len(HOSTILE)]) for at, line in enumerate(lines("spei", 40))]
    found[0] = replace(found[0], cents=10**18 - 1)
    found[1] = replace(found[1], cents=-1)
    key = normalised(world, found)
    load(world, key)
    assert held(world) == Fingerprint.from_dict(totals(world, key))


def test_a_second_load_changes_nothing_but_the_ledger(world: World) -> None:
    key = normalised(world, lines("spei", 40))
    load(world, key)
    before, rows = held(world), ledger(world)
    load(world, key)
    assert (held(world), ledger(world)) == (before, rows + 1)


def test_a_late_correction_replaces_adds_and_removes(world: World) -> None:
    first = lines("spei", 10)
    load(world, normalised(world, first))
    corrected = [replace(first[0], cents=1), *first[2:], *lines("spei", 12)[10:]]
    key = normalised(world, corrected, "control-1.json", LATER)
    load(world, key)
    assert held(world) == Fingerprint.from_dict(totals(world, key))
    assert held(world).count == 11


def test_a_night_without_any_source_empties_the_day(world: World) -> None:
    load(world, normalised(world, lines("spei", 10)))
    key = seal(LATER, ["spei:missing"], lake=world.lake, clock=clock, sources=FEW)
    load(world, normalise(key, lake=world.lake, sources=FEW))
    assert level_warehouse.totals(DAY, world.warehouse) == {}


def test_other_days_are_left_alone(world: World) -> None:
    load(world, normalised(world, lines("spei", 10)))
    world.run(
        "INSERT INTO core.movimientos SELECT CAST('2026-11-18' AS DATE), id_sistema, id_movimiento, id_sucursal,"
        " id_cliente, tipo, monto, moneda, instante_utc, concepto, archivo_sha256, fila FROM core.movimientos"
    )
    key = seal(LATER, ["spei:missing"], lake=world.lake, clock=clock, sources=FEW)
    load(world, normalise(key, lake=world.lake, sources=FEW))
    before = level_warehouse.totals(DAY.replace(day=18), world.warehouse)
    assert before["spei"].count == 10
    world.run("DELETE FROM core.movimientos WHERE fecha_contable = '2026-11-18'")


def test_two_sends_of_the_same_load_at_once_leave_each_movement_once(world: World) -> None:
    world.run("DELETE FROM core.movimientos")
    key = normalised(world, lines("spei", 40))
    batch = load_batch(key, lake=world.lake, platform=world.platform)
    for statement in [send(world, batch) for _ in range(4)]:
        world.finished(statement)
    assert held(world) == Fingerprint.from_dict(totals(world, key))


def test_a_movement_that_stands_twice_in_the_warehouse_is_healed_by_the_next_load(world: World) -> None:
    key = normalised(world, lines("spei", 10))
    load(world, key)
    world.run("INSERT INTO core.movimientos SELECT * FROM core.movimientos WHERE id_movimiento = 'SPE-000003'")
    assert held(world).count == 11
    load(world, key)
    assert held(world) == Fingerprint.from_dict(totals(world, key))


def test_the_copy_manifest_states_each_file_s_length(world: World) -> None:
    key = normalised(world, lines("spei", 10))
    (listed,) = json.loads(world.lake.get(read(world.lake, key)[0]["copy_manifest"]["key"]))["entries"]
    head = world.lake.head(listed["url"].removeprefix(f"s3://{world.lake.bucket}/"))
    assert head is not None
    assert (listed["mandatory"], listed["meta"]["content_length"]) == (True, head.size)


@pytest.mark.parametrize("column", ["fecha_contable", "monto", "archivo_sha256", "fila"])
def test_every_column_carries_its_comment(world: World, column: str) -> None:
    answer = world.redshift.execute_statement(
        WorkgroupName="podemos",
        Database="analytics",
        Sql="SELECT remarks FROM svv_columns WHERE table_schema = 'core' AND table_name = 'movimientos'"
        f" AND column_name = '{column}'",
    )
    world.finished(answer["Id"])
    assert world.redshift.get_statement_result(Id=answer["Id"])["Records"][0][0]["stringValue"]
