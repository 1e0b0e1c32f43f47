from __future__ import annotations

from podemos.branches import narrow
from podemos.contracts.tables import contract

PAGOS, CLIENTES = contract("pagos").compiled(), contract("clientes").compiled()


def pago(amount: str = "1250.00", status: str = "PAGADO") -> narrow.Content:
    return {"id_pago": "88213", "monto": amount, "status_pago": status}


def lines(mine: dict[str, narrow.Content], theirs: dict[str, narrow.Content]) -> list[str]:
    return narrow.against_warehouse(PAGOS, "017", "2026-11-19", mine, theirs)


def test_a_cent_is_told_in_one_line_with_both_amounts() -> None:
    assert lines({"88213": pago()}, {"88213": pago("1250.01")}) == [
        "sucursal 017, 2026-11-19, pago 88213: 1,250.00 at the till, 1,250.01 in the warehouse"
    ]


def test_a_missing_and_an_extra_row_are_told() -> None:
    assert lines({"88213": pago()}, {}) == [
        "sucursal 017, 2026-11-19, pago 88213: 1,250.00 at the till, absent in the warehouse"
    ]
    assert lines({}, {"88213": pago()}) == [
        "sucursal 017, 2026-11-19, pago 88213: absent at the till, 1,250.00 in the warehouse"
    ]


def test_another_column_is_told_by_name() -> None:
    (line,) = lines({"88213": pago()}, {"88213": pago(status="RECHAZADO")})
    assert line.endswith("pago 88213: status_pago 'PAGADO' at the till, 'RECHAZADO' in the warehouse")


def test_a_table_without_days_and_amounts_is_told_too() -> None:
    mine, theirs = {"7": {"id_cliente": "7", "nombre": "Ana"}}, {"7": {"id_cliente": "7", "nombre": "Eva"}}
    assert narrow.against_warehouse(CLIENTES, "017", "todo", mine, theirs) == [
        "sucursal 017, cliente 7: nombre 'Ana' at the till, 'Eva' in the warehouse"
    ]


def test_many_rows_are_counted_after_the_first_twenty() -> None:
    found = lines({str(n): {**pago(), "id_pago": str(n)} for n in range(50)}, {})
    assert len(found) == narrow.NAMED + 1
    assert found[-1] == "… and 30 more rows"


def test_equal_rows_are_no_lines() -> None:
    assert lines({"88213": pago()}, {"88213": pago()}) == []
