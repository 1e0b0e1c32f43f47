"""The report's bytes: golden, exact, and the same on every machine."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import podemos
from podemos.core.errors import DataFault
from podemos.core.fingerprint import Fingerprint
from podemos.core.manifest import canonical
from podemos.regulatory.render import HEADER, sum_of, write_csv

GOLDEN = (
    "fecha_contable,id_sistema,id_movimiento,id_sucursal,id_cliente,tipo,monto,moneda,instante_utc,concepto\n"
    '2026-11-19,a,"A-1",17,5,CARGO,-0.01,MXN,2026-11-19T18:00:00.000000Z,"dijo ""sí"", ñ"\n'
    '2026-11-19,a,"A-2",,,ABONO,9999999999999999.99,MXN,2026-11-19T18:00:00.000000Z,\n'
    '2026-11-19,b,"A-1",1,2,ABONO,0.00,MXN,2026-11-19T18:00:00.000000Z,"línea\nnueva"\n'
)
DAGS = str(Path(podemos.__file__).parents[1])
INSTANT = "2026-11-19T18:00:00.000000Z"
ROWS: list[tuple[Any, ...]] = [
    (date(2026, 11, 19), "a", "A-1", 17, 5, "CARGO", Decimal("-0.01"), "MXN", INSTANT, 'dijo "sí", ñ'),
    (date(2026, 11, 19), "a", "A-2", None, None, "ABONO", Decimal("9999999999999999.99"), "MXN", INSTANT, None),
    (date(2026, 11, 19), "b", "A-1", 1, 2, "ABONO", Decimal("0.00"), "MXN", INSTANT, "línea\nnueva"),
]


def parquet(path: Path, rows: list[tuple[Any, ...]], names: tuple[str, ...] = HEADER) -> Path:
    types = {"fecha_contable": pa.date32(), "monto": pa.decimal128(18, 2)}
    types |= dict.fromkeys(("id_sucursal", "id_cliente"), pa.int64())
    schema = pa.schema([(name, types.get(name, pa.string())) for name in names])
    table = pa.table([pa.array(c, schema.field(i).type) for i, c in enumerate(zip(*rows, strict=True))], schema=schema)
    pq.write_table(table, path)
    return path


def test_the_csv_is_these_bytes(tmp_path: Path) -> None:
    parts = [parquet(tmp_path / "0.parquet", ROWS[:2]), parquet(tmp_path / "1.parquet", ROWS[2:])]
    digest, totals = write_csv(parts, tmp_path / "m.csv")
    assert (tmp_path / "m.csv").read_bytes() == GOLDEN.encode()
    assert digest == hashlib.sha256(GOLDEN.encode()).hexdigest()
    assert totals["a"]["ABONO"] == Fingerprint(1, 999_999_999_999_999_999)
    assert sum_of(totals) == Fingerprint(3, 999_999_999_999_999_998)


def test_another_process_locale_zone_and_hash_seed_give_the_same_bytes(tmp_path: Path) -> None:
    part = parquet(tmp_path / "0.parquet", ROWS)
    program = (
        "import sys, pathlib; from podemos.regulatory.render import write_csv;"
        "print(write_csv([pathlib.Path(sys.argv[1])], pathlib.Path(sys.argv[2]))[0])"
    )
    found = set()
    for seed, zone, locale in (
        ("1", "Asia/Tokyo", "C"),
        ("77", "America/Tijuana", "es_MX.UTF-8"),
        ("0", "UTC", "POSIX"),
    ):
        variables = os.environ | {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": locale, "PYTHONPATH": DAGS}
        arguments = [sys.executable, "-c", program, str(part), str(tmp_path / seed)]
        found.add(subprocess.run(arguments, env=variables, check=True, capture_output=True, text=True).stdout.strip())
    assert found == {hashlib.sha256(GOLDEN.encode()).hexdigest()}


@pytest.mark.parametrize("rows", [[ROWS[1], ROWS[0]], [ROWS[0], ROWS[0]]], ids=["order", "twice"])
def test_movements_out_of_order_or_twice_are_refused(rows: list[tuple[Any, ...]], tmp_path: Path) -> None:
    with pytest.raises(DataFault, match=r"report: a A-1 does not come after"):
        write_csv([parquet(tmp_path / "0.parquet", rows)], tmp_path / "m.csv")


def test_another_column_order_is_refused(tmp_path: Path) -> None:
    names = (HEADER[0], HEADER[2], HEADER[1], *HEADER[3:])
    with pytest.raises(DataFault, match="columns"):
        write_csv([parquet(tmp_path / "0.parquet", ROWS, names)], tmp_path / "m.csv")


def test_a_day_without_movements_is_a_header(tmp_path: Path) -> None:
    _, totals = write_csv([], tmp_path / "m.csv")
    assert (tmp_path / "m.csv").read_text() == ",".join(HEADER) + "\n"
    assert sum_of(totals) == Fingerprint()


def test_a_document_with_a_float_cannot_be_rendered() -> None:
    with pytest.raises(ValueError, match="no floats"):
        canonical({"cents": 1.5})
