"""A redesign on a warehouse that really executes: built, approved, swapped, rolled back with the writes made since."""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from podemos.core.errors import ContractViolation, DataFault, NotNeeded
from podemos.core.store import MemoryStore
from podemos.redshift import inventory, redesign_build, redesign_swap, redesign_watch
from podemos.redshift.redesign_ledger import Redesign
from podemos.redshift.redesign_target import Design, Order
from podemos.warehouse.port import DataApi
from podemos.warehouse.statements import Script
from tests.integration.redshift.in_process import Seeded

NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)
TABLE = "core.pagos_historicos"
ORDER: dict[str, Any] = {
    "table": TABLE,
    "date_column": "fecha_pago",
    "amount": "monto",
    "writer": "ops.writer_pagos",
    "reports": ["redesign/report_cobranza_mensual.sql", "redesign/report_clientes_mayores.sql"],
    "design": {"diststyle": "EVEN", "sortkey": ["id_cliente", "fecha_pago"], "encodings": {"otros_datos": "lzo"}},
    "most": 5,
}
ROW = (
    "({pago}, 1, 1, {pago}, {pago}.25, 'x', TIMESTAMP '2026-0{month}-05 10:00:00', DATE '2026-0{month}-05', 'PAGADO', "
    "NULL, 'u', TIMESTAMP '2026-01-01 00:00:00', DATE '2026-01-01', 1, FALSE)"
)
HANGING = """GRANT SELECT, INSERT ON core.pagos_historicos TO GROUP analistas;
GRANT SELECT (monto) ON core.pagos_historicos TO ROLE auditoria;
ALTER TABLE core.pagos_historicos OWNER TO cobranza;
CREATE VIEW core.v AS SELECT id_sucursal, monto FROM core.pagos_historicos;
CREATE VIEW core.v_tarde AS SELECT monto FROM core.pagos_historicos WITH NO SCHEMA BINDING;
GRANT SELECT ON core.v TO ana;
"""


class World:
    """A warehouse with the table, a lake and a clock."""

    def __init__(self, seeded: Seeded) -> None:
        self.warehouse: DataApi = seeded.port
        self.lake = MemoryStore()
        self.now = NOW

    def run(self, sql: str) -> None:
        self.warehouse.execute(Script("test", sql))

    def one(self, sql: str) -> dict[str, Any]:
        return next(iter(self.warehouse.fetch(Script("test", sql))))

    def plan(self, **changes: Any) -> Redesign:
        order = Order.from_dict(ORDER | changes)
        key = redesign_build.plan(order, warehouse=self.warehouse, lake=self.lake, clock=lambda: self.now)["key"]
        return self.open(key)

    def open(self, key: str) -> Redesign:
        return redesign_build.opened(
            key, warehouse=self.warehouse, lake=self.lake, clock=lambda: self.now, sleep=lambda _: None
        )


@pytest.fixture
def world(tmp_path: Path) -> Any:
    memory = Path("/dev/shm")  # a commit need not wait for a disk
    folder = Path(tempfile.mkdtemp(dir=memory)) if memory.is_dir() else tmp_path
    seeded = Seeded(folder)
    found = World(seeded)
    for name in ("ops/create_writer_pagos", "pagos/create_pagos"):
        found.warehouse.execute(f"branches/{name}.sql")
    rows = ", ".join(ROW.format(pago=n, month=1 + n % 3) for n in range(1, 31))
    found.run(f"INSERT INTO {TABLE} VALUES {rows};\n{HANGING}")
    yield found
    seeded.close()
    shutil.rmtree(folder)


def test_a_design_is_swapped_in_with_all_that_hangs_on_the_table_and_rolled_back_with_later_writes(
    world: World,
) -> None:
    before = inventory.read(world.warehouse, "core", "pagos_historicos")
    redesign = world.plan()
    with pytest.raises(ContractViolation, match="nobody has approved"):
        redesign_swap.swap(redesign)
    redesign_build.build(redesign)
    world.run(
        f"INSERT INTO {TABLE} VALUES {ROW.format(pago=77, month=2)};\nDELETE FROM {TABLE} WHERE id_prestamo = 0;\n"
    )
    redesign_swap.approve(redesign, "ana", "visto")
    redesign_swap.swap(redesign)
    assert inventory.differences(before, inventory.read(world.warehouse, "core", "pagos_historicos")) == ()
    shape = "SELECT diststyle, sortkey1 FROM svv_table_info WHERE \"table\" = 'pagos_historicos';\n"
    assert world.one(shape) == {"diststyle": "EVEN", "sortkey1": "id_cliente"}
    world.run(f"INSERT INTO {TABLE} VALUES {ROW.format(pago=78, month=3)};\n")
    counts = [world.one(f"SELECT COUNT(*) AS n FROM {name};\n")["n"] for name in (TABLE, "core.v", "core.v_tarde")]
    assert counts == [32, 32, 32]
    assert redesign_watch.watch(redesign).endswith("watch/2026-11-24.json")

    redesign_swap.rollback(redesign)
    assert world.one(shape) == {"diststyle": "KEY(id_cliente)", "sortkey1": "fecha_pago"}
    counts = [world.one(f"SELECT COUNT(*) AS n FROM {name};\n")["n"] for name in (TABLE, "core.v", "core.v_tarde")]
    assert counts == [32, 32, 32]
    assert inventory.differences(before, inventory.read(world.warehouse, "core", "pagos_historicos")) == ()
    redesign_swap.finish(redesign)
    assert world.one("SELECT COUNT(*) AS n FROM svv_tables WHERE table_name LIKE 'pagos_historicos__%';\n")["n"] == 0


@pytest.mark.night
def test_a_window_that_ends_keeps_what_was_copied_and_an_old_table_is_kept_for_its_days(world: World) -> None:
    redesign = world.plan()
    ticking = iter(range(10_000))
    slow = redesign_build.opened(
        redesign.key,
        warehouse=world.warehouse,
        lake=world.lake,
        clock=lambda: NOW + timedelta(minutes=next(ticking)),
        sleep=lambda _: None,
    )
    with pytest.raises(NotNeeded, match="months are not copied"):
        redesign_build.build(slow, NOW + timedelta(minutes=6))
    copied = redesign.names("copied")
    assert 0 < len(copied) < 3
    redesign_build.build(redesign)
    assert redesign.names("copied")[: len(copied)] == copied
    redesign_swap.approve(redesign, "ana", "")
    redesign_swap.swap(redesign)
    with pytest.raises(NotNeeded, match="0 of 7 days"):
        redesign_swap.finish(redesign)
    world.now += timedelta(days=8)
    redesign_swap.finish(redesign)


def test_what_a_copy_would_lose_silently_is_refused(world: World) -> None:
    world.run(f"ATTACH MASKING POLICY m ON {TABLE} (otros_datos) TO PUBLIC PRIORITY 1;\n")
    with pytest.raises(ContractViolation, match="unfiltered"):
        world.plan()
    with pytest.raises(ContractViolation, match="no column nada"):
        world.plan(unfiltered=True, date_column="nada")
    world.plan(unfiltered=True)


@pytest.mark.night
def test_writes_that_reached_the_old_table_after_the_swap_are_carried_over_or_named(world: World) -> None:
    redesign = world.plan()
    redesign_build.build(redesign)
    redesign_swap.approve(redesign, "ana", "")
    redesign_swap.swap(redesign)
    settled = f"{redesign.folder}swap-settled.json"
    del world.lake._objects[settled]
    world.run(f"INSERT INTO core.pagos_historicos__antes VALUES {ROW.format(pago=90, month=1)};\n")
    redesign_swap.swap(redesign)
    assert redesign.kept("swap-settled")["carried_days"] == ["2026-01-05"]  # type: ignore[index]
    assert world.one(f"SELECT COUNT(*) AS n FROM {TABLE} WHERE id_cliente = 90;\n")["n"] == 1
    del world.lake._objects[settled]
    world.run(
        f"INSERT INTO core.pagos_historicos__antes VALUES {ROW.format(pago=91, month=1)};\n"
        f"INSERT INTO {TABLE} VALUES {ROW.format(pago=92, month=1)};\n"
    )
    with pytest.raises(DataFault, match="2026-01-05"):
        redesign_swap.swap(redesign)


def test_a_proposal_of_the_advisor_is_a_design() -> None:
    proposed = {"diststyle": "KEY(id_cliente)", "distkey": "id_cliente", "sortkey": ["fecha_pago"], "encodings": {}}
    assert Design.from_dict(proposed) == Design("KEY", "id_cliente", ("fecha_pago",))
    with pytest.raises(ContractViolation, match="splits"):
        Design.from_dict(proposed | {"split": ["sucursal"]})


def test_a_design_comes_from_the_file_of_the_new_table(tmp_path: Path) -> None:
    file = tmp_path / "t.sql"
    file.write_text(
        "CREATE TABLE core.pagos_historicos (id_cliente BIGINT ENCODE raw, x VARCHAR(9) ENCODE zstd)\n"
        "DISTSTYLE KEY DISTKEY (id_cliente) SORTKEY (id_cliente);\n"
    )
    found = Design.from_file(file, TABLE)
    assert found == Design("KEY", "id_cliente", ("id_cliente",), {"id_cliente": "raw", "x": "zstd"})
