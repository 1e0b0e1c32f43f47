from __future__ import annotations

from dataclasses import replace

import pytest

from podemos.branches import drift, query
from podemos.branches.drift import Live
from podemos.contracts.tables import contract
from podemos.core.errors import ContractViolation

PAGOS = contract("pagos").compiled()
OWN = tuple(Live(c.at_branch, {"text": "varchar"}.get(c.kind, str(c.kind)), "", c.length or None, None, None)
            for c in PAGOS.columns)  # fmt: skip


def fitted(*more: Live) -> list[str]:
    return [c.name for c in drift.fitted(PAGOS, {"pagos": (*OWN, *more)}).columns[len(PAGOS.columns) :]]


def test_a_table_as_agreed_stays_the_very_contract() -> None:
    assert drift.fitted(PAGOS, {"pagos": OWN}) is PAGOS
    assert drift.fitted(PAGOS, {}) is PAGOS, "a server that tells nothing is believed"
    assert drift.agreed(PAGOS) is PAGOS


def test_new_columns_are_selected_as_text_and_leave_the_fingerprint_alone() -> None:
    wide = drift.fitted(
        PAGOS, {"pagos": (*OWN, Live("Propina", "decimal", "", None, 10, None), Live("b", "bit", "", None, 5, None))}
    )
    sql = query.page(wide, None, 5)
    assert "CONVERT(`Propina` USING utf8mb4), CAST(`b` AS UNSIGNED) FROM" in sql
    assert query.total(wide) == query.total(PAGOS)
    assert drift.agreed(wide) == PAGOS


def test_a_text_in_utf8mb3_is_read_and_proven_as_its_bytes() -> None:
    shape = tuple(replace(live, charset="utf8mb3") if live.type == "varchar" else live for live in OWN)
    wide = drift.fitted(PAGOS, {"pagos": shape})
    assert "CONVERT(`otros_datos` USING binary)" in query.page(wide, None, 5)
    assert "LENGTH(CONVERT(`otros_datos` USING binary))" in query.total(wide)
    assert drift.agreed(wide) == PAGOS


def test_what_could_fill_the_link_or_has_no_name_is_told_only() -> None:
    odd = (Live("foto", "longblob", "", 4294967295, None, None), Live("a`b", "int", "", None, 10, None))
    assert fitted(*odd) == []
    assert drift.said(PAGOS, {"pagos": (*OWN, *odd)}) == (
        "foto longblob(4294967295), not landed",
        "a`b int(10), not landed",
    )


@pytest.mark.parametrize(
    ("name", "live", "narrow"),
    [
        ("monto", Live("monto", "decimal", "", None, 17, None), True),
        ("monto", Live("monto", "decimal", "", None, 20, None), False),
        ("otros_datos", Live("OTROS_DATOS", "varchar", "", 255, None, None), True),
        ("otros_datos", Live("otros_datos", "text", "", 255, None, None), False),
        ("updated_at", Live("updated_at", "datetime", "", None, None, 3), True),
        ("fecha_pago", Live("fecha_pago", "datetime", "", None, None, 0), False),
    ],
)
def test_a_column_is_narrowed_when_it_holds_less_than_agreed(name: str, live: Live, narrow: bool) -> None:
    shape = tuple(live if own.name == name else own for own in OWN)
    if not narrow:
        assert drift.fitted(PAGOS, {"pagos": shape}) is PAGOS
        return
    with pytest.raises(ContractViolation, match=f"table pagos, column {name}: narrowed at the branch"):
        drift.fitted(PAGOS, {"pagos": shape})
