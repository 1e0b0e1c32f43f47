"""Three nights of many stories, one branch each: all curated together, by the shipped Spark code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from pyspark.sql import SparkSession

from podemos.branches.decisions import Action
from podemos.contracts.tables import contract

from .lab import Lab, cliente, pago, prestamo

PAGOS = contract("pagos").compiled()
TIJUANA, PUEBLA, CANCUN = "001", "002", "009"
LONG = "ñ" * 257


@dataclass
class Nights:
    lab: Lab
    first: dict[str, Any]
    second: dict[str, Any]
    third: dict[str, Any]
    altered: Any
    good: bytes
    decided: dict[str, dict[str, Any]]


@pytest.fixture(scope="session")
def nights(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Nights:
    lab = Lab.at(spark, tmp_path_factory.mktemp("lab") / "lake")
    for branch in ("001", "002", "003", "004", "007", "008", "009", "010", "011", "012", "013", "014", "015", "016"):
        lab.family(branch, 1)

    # first night
    lab.land("pagos", TIJUANA, 1, [pago(1, paid="2026-11-18 21:59:59"),
                                   pago(2, paid="2026-11-18 22:30:00"),
                                   pago(3, paid="2025-11-02 01:30:00"),
                                   pago(4, paid="2026-03-08 02:30:00")])  # fmt: skip
    lab.land("pagos", PUEBLA, 1, [pago(1, "1.00", cursor="2026-11-19 12:00:00.000009")])
    lab.land("pagos", PUEBLA, 2, [pago(1, "2.00", cursor="2026-11-19 12:00:00.000001")])
    lab.land("pagos", "003", 5, [pago(1, "5.00")])
    lab.land("pagos", "004", 1, [pago(1, paid="2026-11-17 09:00:00"), pago(2, paid="2026-11-17 09:00:00")])
    lab.land("prestamos", "005", 1, [prestamo(1)])
    lab.land("pagos", "005", 1, [pago(1)])
    lab.land("pagos", "006", 1, [pago(1, loan=7)])
    lab.land("pagos", "007", 1, [pago(1, "7.00"), pago(2, "7.01")])
    lab.land("pagos", "008", 1, [pago(1, paid="0000-00-00 00:00:00"), pago(2, note="a\x00b"), pago(3, note=LONG),
                                 pago(4, paid="2041-01-01 00:00:00"), pago(5, note="ñ" * 256),
                                 pago(6, paid="2026-02-30 10:00:00")])  # fmt: skip
    lab.land("pagos", CANCUN, 1, [pago(1, paid="2026-11-19 00:15:00"), pago(2, paid="2026-11-19 01:00:00")])
    altered = lab.land("pagos", "010", 1, [pago(88213, "1250.00"), pago(88214, "10.00")])
    good = lab.lake.get(altered.key)
    lab.lake.replace(altered.key, tampered(lab, "010"))
    lab.land("pagos", "011", 1, [pago(1, "11.00", paid="2026-11-10 10:00:00")])
    lab.land(
        "pagos",
        "012",
        1,
        [
            pago(2**53 + 1, "90071992547409.93"),
            pago(8, paid="2025-11-02 01:30:00"),
            pago(9, "-0.01", note="tab\tñ\n'\"\\N🙂"),
        ],
    )
    lab.land("pagos", "015", 1, [pago(1, "15.00", loan=99), pago(2, "15.10", loan=98), pago(3, "15.20", note="a\x00b")])
    lab.land("pagos", "016", 1, [pago(1, "16.00", paid="0000-00-00 00:00:00"), pago(2, "16.10", note=b"caf\xe9"),
                                 pago(3, "16.20", note=b"\xff"), pago(4, "16.30")])  # fmt: skip
    first = lab.night()
    decided = {}
    for name, action, branch, key, values in (
        ("accepted", Action.ACCEPT, "015", "1", {}),
        ("not enough", Action.CORRECT, "015", "2", {"otros_datos": "visto"}),
        ("dated", Action.CORRECT, "016", "1", {"fecha_pago": "2026-11-18 10:00:00", "monto": "16.50"}),
        ("spelled", Action.CORRECT, "016", "2", {"otros_datos": "café"}),
    ):
        decided[name] = lab.decide(action, branch, key, values)

    # second night
    lab.land("pagos", "003", 6, [pago(1, "6.00", cursor="2026-11-18 12:00:00.000000")])
    lab.land("pagos", "004", 2, [pago(1, paid="2026-11-16 09:00:00")])
    lab.land("clientes", "005", 2, [cliente(1)])
    lab.land("prestamos", "006", 2, [prestamo(7, client=9)])
    lab.land("pagos", "007", 2, [pago(1, "7.50", note=LONG)])
    lab.land("pagos", "011", 2, [pago(1, "11.00", paid="2026-11-10 10:00:00")])
    lab.land("clientes", "014", 2, [cliente(1, "Con Otro Nombre")])
    lab.land("pagos", "014", 2, [pago(1, "14.00"), pago(2, "14.01")])
    second = lab.night()

    # third night
    lab.land("clientes", "006", 3, [cliente(9)])
    lab.land("pagos", "007", 3, [pago(1, "7.75")])
    lab.land("pagos", "015", 3, [pago(1, "15.00", loan=99), pago(3, "15.20", note="a\x00b")])
    lab.land("pagos", "016", 3, [pago(2, "16.11", note=b"caf\xe9"), pago(4, "16.30")])
    lab.sweep("pagos", "016", 3, "2026-11-18", [])
    lab.lake.replace(altered.key, good)
    third = lab.night()
    return Nights(lab, first, second, third, altered, good, decided)


def tampered(lab: Lab, branch: str) -> bytes:
    """The same chunk with one cent more in its first payment."""
    from podemos.branches import chunk

    page = chunk.Page(PAGOS, branch, 1)
    rows = [pago(88213, "1250.01"), pago(88214, "10.00")]
    page.extend([chunk.columns_of(tuple(tuple(None if v is None else str(v).encode() for v in row) for row in rows))])
    return chunk.encode(page)


def amounts(rows: list[dict[str, Any]]) -> dict[int, str]:
    return {row["id_pago"]: str(row["monto"]) for row in rows}
