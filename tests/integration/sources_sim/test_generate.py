from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from local.sources.catalog import REPOSITORY, System, UnknownSource, systems
from local.sources.day import Content
from local.sources.formats import CANONICAL, row_hash
from local.sources.generate import Delivery, generate, ships_row_hashes
from tests.integration.sources_sim.sample import CLIENTS, DAY, cents_of, instant_of, rows_of, signed_cents

MEXICO_CITY = ZoneInfo("America/Mexico_City")
DIGEST = """
import hashlib
from datetime import date
from local.sources.day import Content
from local.sources.generate import generate
content = Content(date(2026, 11, 19), {1: [1, 2], 9: [4]}, rows=50)
whole = hashlib.sha256()
for system in content.configured:
    for key, data in generate(content, system).objects():
        whole.update(key.encode() + data)
print(whole.hexdigest())
"""


@pytest.fixture(params=[system.id for system in systems()])
def system(request: pytest.FixtureRequest) -> System:
    return next(one for one in systems() if one.id == request.param)


@pytest.fixture
def delivery(content: Content, system: System) -> Delivery:
    return generate(content, system)


def test_there_are_fourteen_systems_and_the_lake_is_not_one_of_them() -> None:
    assert len(systems()) == 14
    assert "sucursales" not in [system.id for system in systems()]


def test_the_same_content_gives_the_same_bytes_in_any_process() -> None:
    digests = set()
    for environment in (
        {"PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C"},
        {"PYTHONHASHSEED": "2", "TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8"},
    ):
        env = {**os.environ, **environment, "PYTHONPATH": "dags:."}
        found = subprocess.run(
            [sys.executable, "-c", DIGEST], cwd=REPOSITORY, env=env, capture_output=True, text=True, check=True
        )
        digests.add(found.stdout)
    assert len(digests) == 1


def test_another_seed_and_another_day_give_other_movements(content: Content, system: System) -> None:
    first = generate(content, system).files[0].data
    assert generate(replace(content, seed=1), system).files[0].data != first
    assert generate(replace(content, business_date=date(2026, 11, 20)), system).files[0].data != first


def test_the_control_file_tells_the_truth_about_the_bytes(system: System, delivery: Delivery) -> None:
    control = json.loads(delivery.control)
    assert (control["source"], control["business_date"]) == (system.id, "2026-11-19")
    listed = {file["name"]: file for file in control["files"]}
    assert set(listed) == {file.name for file in delivery.files}
    assert 1 <= len(listed) <= 3
    for file in delivery.files:
        rows = rows_of(system, file.data)
        assert listed[file.name] == {
            "name": file.name,
            "rows": len(rows),
            "cents": sum(cents_of(system, row) for row in rows),
            "sha256": hashlib.sha256(file.data).hexdigest(),
        }
    assert control["rows"] == 60
    assert control["cents"] == sum(file["cents"] for file in listed.values())


def test_the_files_hold_the_movements_that_the_truth_knows(system: System, delivery: Delivery) -> None:
    mapping = system.mapping
    for file in delivery.files:
        for row, movement in zip(rows_of(system, file.data), file.movements, strict=True):
            assert row[mapping.id_movimiento] == movement.id_movimiento
            assert mapping.tipo_values[row[mapping.tipo]] == movement.tipo
            assert cents_of(system, row) == movement.cents
            assert instant_of(system, row) == movement.instant
            assert mapping.id_sucursal and int(row[mapping.id_sucursal]) == movement.id_sucursal
            assert mapping.id_cliente and int(row[mapping.id_cliente]) == movement.id_cliente
            assert mapping.concepto and (row[mapping.concepto] or None) == movement.concepto


def test_every_instant_lies_on_the_mexico_city_day_first_and_last_second_included(
    system: System, delivery: Delivery
) -> None:
    walls = [
        instant_of(system, row).astimezone(MEXICO_CITY) for file in delivery.files for row in rows_of(system, file.data)
    ]
    assert {wall.date() for wall in walls} == {DAY}
    assert f"{min(walls):%H:%M:%S}" == "00:00:00"
    assert f"{max(walls):%H:%M:%S}" == "23:59:59"


def test_ids_are_unique(delivery: Delivery) -> None:
    ids = [movement.id_movimiento for file in delivery.files for movement in file.movements]
    assert len(set(ids)) == len(ids) == 60


@pytest.mark.parametrize("rows", [0, 2, 3, 60, 61])
def test_balanced_systems_balance_in_each_file(rows: int) -> None:
    content = Content(DAY, CLIENTS, rows=rows)
    for system in systems():
        if system.balanced:
            for file in generate(content, system).files:
                assert sum(signed_cents(system, rows_of(system, file.data))) == 0


def test_a_balanced_system_refuses_a_single_movement() -> None:
    balanced = next(system for system in systems() if system.balanced)
    with pytest.raises(ValueError, match="one movement alone cannot be"):
        generate(Content(DAY, CLIENTS, rows=1), balanced)


def test_a_day_without_movements_is_a_file_without_rows(system: System) -> None:
    delivery = generate(Content(DAY, CLIENTS, rows=0), system)
    assert [rows_of(system, file.data) for file in delivery.files] == [[]]
    assert json.loads(delivery.control)["rows"] == 0


def test_movements_name_clients_that_exist_but_for_two_of_a_minor_system(content: Content) -> None:
    strangers = [
        (system.id, movement.id_movimiento)
        for system in content.configured
        for file in generate(content, system).files
        for movement in file.movements
        if movement.id_cliente not in CLIENTS[movement.id_sucursal]
    ]
    assert [source_id for source_id, _ in strangers] == ["remesas", "remesas"]


def test_half_of_the_systems_ship_a_hash_of_each_row_as_the_file_holds_it(content: Content) -> None:
    shipping = [system for system in content.configured if ships_row_hashes(content, system)]
    assert len(shipping) == 7
    assert {system.format for system in shipping} == {"csv", "jsonl", "parquet"}
    for system in content.configured:
        delivery = generate(content, system)
        control = json.loads(delivery.control)
        if system not in shipping:
            assert delivery.row_hashes is None
            assert control["row_hashes"] is None
            continue
        assert delivery.row_hashes is not None
        listed = [json.loads(line) for line in delivery.row_hashes.splitlines()]
        rows = [row for file in delivery.files for row in rows_of(system, file.data)]
        for row, entry in zip(rows, listed, strict=True):
            fields = [getattr(system.mapping, column) for column in CANONICAL]
            values = [row[field] for field in fields if field]
            text = b"".join(
                b"-1:" if value is None else b"%d:%b" % (len(str(value).encode()), str(value).encode())
                for value in values
            )
            assert entry == {
                "id_movimiento": row[system.mapping.id_movimiento],
                "sha256": hashlib.sha256(text).hexdigest(),
            }


def test_concepts_hold_what_breaks_careless_parsers(system: System) -> None:
    concepts = [
        movement.concepto
        for file in generate(Content(DAY, CLIENTS, rows=1200), system).files
        for movement in file.movements
    ]
    assert None in concepts
    joined = "".join(concept or "" for concept in concepts)
    assert all(mark in joined for mark in (",", ";", "|", "\t", '"', "'", "\\", "ñ"))
    assert ("🌽" in joined) is (system.encoding == "utf-8")


def test_an_invented_system_needs_only_its_entry(tmp_path: Path) -> None:
    file = tmp_path / "sources.yaml"
    file.write_text(
        """
sources:
  - {id: sucursales, kind: branch_lake, criticality: critical, cutoff: "04:00", format: lake}
  - id: kioscos
    criticality: minor
    cutoff: "02:45"
    format: jsonl
    compression: gzip
    encoding: latin-1
    expected_rows: 40
    mapping: {id_movimiento: número, monto: importe, tipo: t, tipo_values: {"+": ABONO, "-": CARGO}, instante: hora,
              instante_zone: America/Tijuana}
""",
        encoding="utf-8",
    )
    (kiosk,) = systems(file)
    content = Content(DAY, CLIENTS, configured=(kiosk,))
    delivery = generate(content, kiosk)
    rows = [row for one in delivery.files for row in rows_of(kiosk, one.data)]
    assert len(rows) == 40
    assert sum(cents_of(kiosk, row) for row in rows) == json.loads(delivery.control)["cents"]
    assert isinstance(rows[0]["importe"], str), "pesos in JSON are text: a number would be read as a float"
    assert {instant_of(kiosk, row).astimezone(MEXICO_CITY).date() for row in rows} == {DAY}


def test_an_hour_that_happens_twice_is_used_once_only() -> None:
    """On 2026-11-01 Tijuana repeats 01:00 to 02:00: a wall time without offset could not say which it was."""
    night = systems()[1]
    tijuana = replace(night, mapping=replace(night.mapping, instante_zone="America/Tijuana"))
    content = Content(date(2026, 11, 1), CLIENTS, rows=4000, configured=(tijuana,))
    movements = [movement for file in generate(content, tijuana).files for movement in file.movements]
    walls = [movement.instant.astimezone(ZoneInfo("America/Tijuana")) for movement in movements]
    assert any(wall.hour == 1 for wall in walls)
    assert not any(wall.fold for wall in walls)
    assert movements[0].instant.tzinfo is UTC


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{id: kioscos, criticality: minor, cutoff: '02:45', mapping: {}}", "id_movimiento, monto"),
        (
            "{id: kioscos, criticality: minor, cutoff: '02:45', format: csv, mapping: {id_movimiento: a, monto: b, "
            "tipo: c, tipo_values: {x: CARGO}, instante: d}}",
            "no code for ABONO",
        ),
        (
            "{id: kioscos, criticality: minor, cutoff: '02:45', mapping: {id_movimiento: a, monto: b, tipo: c, "
            "tipo_values: {x: CARGO, y: ABONO}, instante: d}}",
            "format is missing",
        ),
    ],
)
def test_a_broken_entry_is_reported_with_file_entry_and_key(tmp_path: Path, entry: str, message: str) -> None:
    file = tmp_path / "sources.yaml"
    file.write_text(f"sources: [{entry}]", encoding="utf-8")
    with pytest.raises(UnknownSource, match=rf"sources\.yaml: source kioscos.*{message}"):
        systems(file)


def test_row_hashes_differ_by_a_cent(content: Content, system: System, delivery: Delivery) -> None:
    movement = delivery.files[0].movements[0]
    assert row_hash(system, movement) != row_hash(system, replace(movement, cents=movement.cents + 1))
    assert row_hash(system, movement) != row_hash(
        system, replace(movement, instant=datetime(2026, 11, 19, 12, tzinfo=UTC) + timedelta(seconds=1))
    )


def test_two_thousand_rows_of_each_system_take_at_most_four_seconds() -> None:
    content = Content(DAY, CLIENTS, rows=2000)
    started = time.process_time()
    for system in content.configured:
        generate(content, system)
    assert time.process_time() - started < 4
