from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest

from podemos.branches import chunk
from podemos.branches.state import Position
from podemos.contracts.tables import contract
from podemos.core.errors import DataFault

PAGOS = contract("pagos").compiled()


def row(key: int, amount: bytes = b"1250.00", note: bytes | None = None, paid: bytes = b"2026-11-19 10:00:00") -> tuple:
    return (b"%d" % key, b"2", b"3", amount, paid, b"PAGADO", note, b"2026-11-19 10:00:01.000001")


def page(*rows: tuple) -> chunk.Page:
    made = chunk.Page(PAGOS, "017", 5)
    made.extend([chunk.columns_of(rows)])
    return made


def test_a_chunk_holds_the_contracts_columns_in_order_then_branch_and_sequence() -> None:
    found = chunk.read(chunk.encode(page(row(1), row(2))))
    assert found.column_names == [c.name for c in PAGOS.columns] + ["id_sucursal", "snapshot_seq"]
    assert found.schema.field("monto").type == pa.decimal128(18, 2)
    assert found.schema.field("fecha_pago").type == pa.string()
    assert found["id_sucursal"].to_pylist() == [17, 17]
    assert found["snapshot_seq"].to_pylist() == [5, 5]


def test_values_survive_as_they_are() -> None:
    notes = [None, b"", b"NULL", b"\\N", "tab\tñ\n\r\"'\x00🙂".encode()]
    made = page(
        *(row(n, note=note) for n, note in enumerate(notes)), row(2**53 + 1, b"-0.01", paid=b"0000-00-00 00:00:00")
    )
    found = chunk.read(chunk.encode(made))
    assert [None if n is None else n.encode() for n in found["otros_datos"].to_pylist()[:-1]] == notes
    assert found["id_pago"].to_pylist()[-1] == 2**53 + 1
    assert str(found["monto"].to_pylist()[-1]) == "-0.01"
    assert found["fecha_pago"].to_pylist()[-1] == "0000-00-00 00:00:00"


def test_the_last_row_is_the_position() -> None:
    assert page(row(1), row(9)).last == Position("2026-11-19 10:00:01.000001", ("9",))


@pytest.mark.parametrize("amount", [b"1.005", b"abc", b"1e400", b"9" * 30])
def test_an_amount_that_is_not_exact_is_refused_by_name(amount: bytes) -> None:
    with pytest.raises(DataFault, match="branch 017, table pagos, column monto, rows from key 1"):
        page(row(1, amount))


def test_bytes_that_are_no_text_travel_as_such_beside_the_others() -> None:
    notes = [b"caf\xe9", "café".encode(), b"\x00bytes:ff", None]
    found = page(*(row(n, note=note) for n, note in enumerate(notes))).table_data()["otros_datos"].to_pylist()
    assert found == ["\x00bytes:636166e9", "café", "\x00bytes:" + b"\x00bytes:ff".hex(), None]


def test_bytes_that_are_no_text_in_a_date_or_a_key_are_refused_by_name() -> None:
    with pytest.raises(DataFault, match="column fecha_pago"):
        page(row(1, paid=b"\xff"))


def test_cents_and_evidence_are_exact() -> None:
    data = page(row(1, b"90071992547409.93"), row(2, b"-0.01")).table_data()
    assert chunk.cents(data, PAGOS) == 9007199254740992
    assert chunk.unpack(chunk.pack(chunk.amounts(data, PAGOS))) == {"1": 9007199254740993, "2": -1}


def test_evidence_is_left_out_when_there_is_too_much_of_it() -> None:
    assert chunk.pack([(str(n), n) for n in range(chunk.EVIDENCE_ROWS + 1)]) == ""
    assert chunk.unpack("") == {}


def test_a_row_without_an_amount_has_no_cents() -> None:
    data = pa.Table.from_batches([*page(row(1)).batches, *page(row(2, None), row(3, b"-0.10")).batches])
    assert chunk.amounts(data, PAGOS) == [("1", 125000), ("2", 0), ("3", -10)]
    assert chunk.amounts(data[:0], PAGOS) == []


def test_a_composite_keys_parts_are_joined() -> None:
    table = replace(PAGOS, primary_key=("id_pago", "status_pago"))
    assert chunk.amounts(page(row(1), row(2)).table_data(), table) == [("1/PAGADO", 125000), ("2/PAGADO", 125000)]
