"""One local AWS for the session; each test gets its own buckets, and a warehouse that holds only what it loads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.aws.testing import running_server
from tests.integration.regulatory.nights import COUNT, FEW
from tests.integration.regulatory.world import World, open_world
from tests.unit.regulatory.deliveries import deliver_all


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home: Path = tmp_path_factory.mktemp("regulatory-aws")
    with running_server(home) as endpoint:
        world = open_world(endpoint)
        for file in ("create_movimientos", "comment_movimientos"):
            world.warehouse.execute(f"regulatory/{file}.sql")
        world.warehouse.execute("branches/ops/create_loads.sql")
        world.warehouse.execute("branches/pagos/create_pagos.sql")
        world.warehouse.execute("branches/clientes/create_clientes.sql")
        world.run(
            "INSERT INTO core.clientes (id_sucursal, id_cliente, nombre, fecha_alta_origen, fecha_alta,"
            " updated_at_origen, updated_at_utc, snapshot_seq, borrado) VALUES "
            + ", ".join(
                f"({branch}, {client}, 'X', '2026-01-01', '2026-01-01', '2026-01-01', '2026-01-01', 1, FALSE)"
                for branch in range(1, 11)
                for client in range(1, 51)
            )
        )
        yield endpoint


@pytest.fixture
def world(aws: str) -> World:
    return open_world(aws)


@pytest.fixture
def delivered(world: World) -> World:
    """Four sources have delivered, and the branches' history is loaded."""
    world.load_history(COUNT)
    deliver_all(world.lake, COUNT, FEW)
    return world
