"""What the systems deliver is what the platform reads: each row, each hash, each id, for every configured source."""

from __future__ import annotations

import json
from datetime import UTC
from pathlib import Path

import pytest

from local.sources.catalog import System, systems
from local.sources.day import Content
from local.sources.generate import generate
from podemos.contracts.sources import sources
from podemos.core.clock import iso
from podemos.regulatory.inbox import Control, read_control
from podemos.regulatory.readers import records
from podemos.regulatory.row_hashes import row_hash
from podemos.regulatory.rows import RowFault, RowReader
from tests.integration.sources_sim.sample import CLIENTS, DAY


@pytest.mark.parametrize("system", systems(), ids=lambda system: system.id)
def test_the_platform_reads_exactly_what_the_system_holds(system: System, tmp_path: Path) -> None:
    source = sources().source(system.id)
    delivery = generate(Content(DAY, CLIENTS, rows=400), system)
    control = read_control(delivery.control, delivery.prefix, source, DAY)
    assert isinstance(control, Control)
    assert [(file.name, file.rows) for file in control.files] == [(f.name, len(f.movements)) for f in delivery.files]
    reader, hashes = RowReader(source, DAY), []
    for file in delivery.files:
        path = tmp_path / file.name
        path.write_bytes(file.data)
        for (at, record), movement in zip(records(source, path, file.name), file.movements, strict=True):
            assert not isinstance(record, RowFault)
            read = reader.movement(record, "0" * 64, at)
            assert (read.id_movimiento, read.tipo, read.monto, read.instante_utc) == (
                movement.id_movimiento, movement.tipo, movement.cents, iso(movement.instant.astimezone(UTC)),
            )  # fmt: skip
            assert (read.id_sucursal, read.id_cliente) == (movement.id_sucursal, movement.id_cliente)
            assert read.concepto == movement.concepto
            hashes.append({"id_movimiento": read.id_movimiento, "sha256": row_hash(source, record)})
    if control.row_hashes:
        assert delivery.row_hashes is not None
        assert [json.loads(line) for line in delivery.row_hashes.splitlines()] == hashes
