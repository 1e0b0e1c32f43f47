from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from podemos.branches import query
from podemos.branches.state import Position
from podemos.contracts.tables import contract
from podemos.core.errors import DataFault
from podemos.core.table import Column, Kind

PAGOS = contract("pagos").compiled()


def test_the_first_page_has_no_condition() -> None:
    assert " WHERE " not in query.page(PAGOS, None, 10)
    assert query.page(PAGOS, None, 10).endswith("ORDER BY `updated_at`, `id_pago` LIMIT 10")


def test_a_page_starts_after_the_pair_as_an_index_range() -> None:
    sql = query.page(PAGOS, Position("2026-11-19 10:00:00.000001", ("7",)), 10)
    value = "'2026-11-19 10:00:00.000001'"
    assert f"WHERE `updated_at` >= {value} AND (`updated_at` > {value} OR `id_pago` > 7)" in sql


def test_a_held_back_watermark_includes_its_own_instant() -> None:
    sql = query.page(PAGOS, Position("2026-11-19 10:00:00.000001"), 10)
    assert "WHERE `updated_at` >= '2026-11-19 10:00:00.000001' ORDER" in sql


def test_a_composite_key_is_compared_column_by_column() -> None:
    table = replace(PAGOS, primary_key=("id_prestamo", "id_pago"))
    sql = query.page(table, Position("2026-11-19 10:00:00", ("3", "7")), 10)
    assert "`id_prestamo` > 3 OR (`id_prestamo` = 3 AND (`id_pago` > 7))" in sql


def test_rows_without_a_cursor_come_first_and_only_at_the_beginning() -> None:
    columns = tuple(replace(c, nullable=True) if c.name == "updated_at" else c for c in PAGOS.columns)
    table = replace(PAGOS, columns=columns)
    assert "WHERE (`updated_at` IS NOT NULL OR `id_pago` > 7) ORDER BY" in query.page(table, Position("", ("7",)), 10)
    assert query.whole(table, None, 10).endswith("FROM `pagos` ORDER BY `id_pago` LIMIT 10")


@pytest.mark.parametrize("text", ["2026-11-19' OR 1=1 --", "now()", ""])
def test_a_position_that_is_no_value_never_reaches_the_branch(text: str) -> None:
    with pytest.raises(DataFault, match="delete the branch-table's state"):
        query.page(PAGOS, Position(text), 10)
    with pytest.raises(DataFault):
        query.page(PAGOS, Position("2026-11-19 10:00:00", (text,)), 10)


def test_text_keys_travel_as_bytes() -> None:
    column = Column("folio", Kind.TEXT, "folio de caja", length=20)
    assert query.literal(column, "a'ñ\\") == "_utf8mb4 0x6127c3b15c"
    assert query.literal(column, "") == "''"


def test_fingerprints_are_per_branch_local_day() -> None:
    sql = query.fingerprints(PAGOS, date(2026, 10, 5))
    assert sql.startswith("SELECT CAST(DATE(`fecha_pago`) AS CHAR), COUNT(*) AS n")
    assert sql.endswith("WHERE `fecha_pago` >= '2026-10-05' GROUP BY DATE(`fecha_pago`)")


def test_the_statement_limit_is_the_servers_own() -> None:
    assert "max_statement_time = 120" in query.session("10.11.19-MariaDB", 120)
    assert "max_execution_time = 120000" in query.session("8.0.36", 120)
