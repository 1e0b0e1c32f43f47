from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from podemos.branches import movements
from podemos.contracts.tables import contract
from podemos.core import fingerprint, manifest
from podemos.core.errors import DataFault
from podemos.core.fingerprint import Fingerprint
from podemos.core.store import MemoryStore

PAGOS = contract("pagos").compiled()
DAY = date(2026, 11, 19)
ZONES = {"001": "America/Tijuana", "017": "America/Mexico_City"}


def stored(lake: MemoryStore, rows: list[dict[str, Any]], key: str = "f.parquet") -> dict[str, Any]:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    data = sink.getvalue().to_pybytes()
    lake.put_new(key, data)
    return {"key": key, "rows": len(rows), "cents": 0, "sha256": manifest.sha256(data)}


def curated(key: int, amount: str = "1250.00", **changes: Any) -> dict[str, Any]:
    row = {
        "id_sucursal": 17, "id_pago": key, "id_prestamo": 1, "id_cliente": 1, "monto": Decimal(amount),
        "fecha_pago_origen": "2026-11-19 10:00:00", "status_pago": "PAGADO", "otros_datos": "x",
        "updated_at_origen": "2026-11-19 10:00:01.000000", "fecha_contable": DAY, "borrado": False,
    }  # fmt: skip
    return row | changes


def test_a_movement_is_paid_alive_and_of_the_day() -> None:
    lake = MemoryStore()
    rows = [
        curated(1),
        curated(2, "0.01"),
        curated(3, status_pago="PENDIENTE"),
        curated(4, borrado=True),
        curated(5, fecha_contable=date(2026, 11, 18)),
        curated(6, "5.00", id_sucursal=1),
    ]
    found = movements.by_branch(lake, PAGOS, [stored(lake, rows)], DAY)
    texts = [[str(row[n]) for n in ("id_pago", "id_prestamo", "id_cliente", "monto", "fecha_pago_origen", "status_pago",
                                    "otros_datos", "updated_at_origen")] for row in rows]  # fmt: skip
    assert found == {
        "017": fingerprint.of_rows(texts[:2], [125000, 1]),
        "001": fingerprint.of_rows(texts[5:], [500]),
    }
    assert sum(found.values(), Fingerprint()).cents == 125501


def test_a_curated_file_that_changed_is_refused_by_name() -> None:
    lake = MemoryStore()
    file = stored(lake, [curated(1)])
    lake.replace("f.parquet", lake.get("f.parquet") + b"x")
    with pytest.raises(DataFault, match=r"f\.parquet was changed after it was published: 1 rows"):
        movements.by_branch(lake, PAGOS, [file], DAY)


def waiting(key: int, paid: str, branch: int = 17, status: str = "PAGADO") -> dict[str, Any]:
    return {
        "id_sucursal": branch, "id_pago": key, "monto": Decimal("2.50"), "fecha_pago": paid, "status_pago": status,
        "motivo": "padre_desconocido", "detalle": "clientes 9",
    }  # fmt: skip


def test_excepted_are_the_days_paid_rows_in_quarantine_by_the_branchs_zone() -> None:
    lake = MemoryStore()
    rows = [
        waiting(1, "2026-11-19 10:00:00"),
        waiting(2, "2026-11-18 22:30:00", branch=1),
        waiting(3, "2026-11-18 22:30:00"),
        waiting(4, "2026-11-19 10:00:00", status="RECHAZADO"),
        waiting(5, "0000-00-00 00:00:00"),
    ]
    found = movements.excepted(lake, PAGOS, [stored(lake, rows)], DAY, ZONES)
    assert [(one.branch, one.key, one.cents) for one in found] == [(1, 2, 250), (17, 1, 250)]
    assert found[0].to_dict()["reason"] == "padre_desconocido clientes 9"


def test_a_business_day_touches_its_neighbouring_local_days() -> None:
    assert movements.local_days(DAY) == ["2026-11-18", "2026-11-19", "2026-11-20"]
    assert movements.closes(DAY).isoformat() == "2026-11-20T06:00:00+00:00"
