"""What a contract of any table may say, and what it is told when it may not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from podemos.contracts.branches import Branches
from podemos.contracts.loading import check, config_file, load
from podemos.contracts.tables import TableContract
from podemos.core.errors import ContractViolation
from podemos.core.table import Cursor, Read

BASE: dict[str, Any] = {
    "table": "cobros", "comment": "Cobros de prueba", "warehouse": "otra2.cobros", "primary_key": ["Id"],
    "columns": [
        {"name": "Id", "type": "INTEGER", "comment": "clave"}, {"name": "v", "type": "INTEGER", "comment": "valor"}
    ],
    "owner": "x", "steward": "x", "product": "x", "criticality": "tier-3", "retention": "x", "consumers": ["x"],
}  # fmt: skip


def contract(*columns: dict[str, Any], **changes: Any) -> TableContract:
    more = [{"comment": "de prueba", **column} for column in columns]
    return check(TableContract, BASE | {"columns": [*BASE["columns"], *more]} | changes, "cobros.yaml")


def test_names_are_lower_case_here_and_as_they_are_at_the_branch() -> None:
    table = contract({"name": "Fecha de pago", "as": "pagado", "type": "DATETIME(0)"}, source="Mis Cobros").compiled()
    assert (table.at_branch, table.primary_key, table.column("id").at_branch) == ("Mis Cobros", ("id",), "Id")
    assert table.column("pagado").at_branch == "Fecha de pago"


def test_a_table_without_a_cursor_and_with_a_counter() -> None:
    assert contract().compiled().cursor_form is Cursor.NONE
    table = contract(cursor="ID").compiled()
    assert (table.cursor_form, table.order) == (Cursor.COUNTER, ("id",))


@pytest.mark.parametrize(
    ("type_", "kind", "read", "warehouse"),
    [
        ("BIT(1)", "integer", Read.BITS, "BIGINT"), ("BIT(64)", "decimal", Read.BITS, "DECIMAL(20,0)"),
        ("BINARY(16)", "text", Read.HEX, "VARCHAR(32)"), ("ENUM(5)", "text", Read.ENUM, "VARCHAR(20)"),
        ("DOUBLE", "text", Read.REAL, "VARCHAR(32)"), ("JSON", "text", Read.PLAIN, "VARCHAR(65535)"),
        ("BLOB", "text", Read.HEX, "VARCHAR(65535)"), ("TIMESTAMP(3)", "datetime", Read.INSTANT, "VARCHAR(26)"),
    ],
)  # fmt: skip
def test_how_a_type_travels(type_: str, kind: str, read: Read, warehouse: str) -> None:
    covered = type_ not in ("DOUBLE", "JSON", "BLOB")
    table = contract({"name": "c", "type": type_, "fingerprint": covered}).compiled()
    assert (table.column("c").kind, table.column("c").read) == (kind, read)
    assert next(found.type for found in table.curated_columns() if found.source == "c") == warehouse


@pytest.mark.parametrize(
    ("column", "changes", "said"),
    [
        ({"name": "order", "type": "INTEGER"}, {}, "'order' is a word of the warehouse's SQL.*as: other_name"),
        ({"name": "id_sucursal", "type": "INTEGER"}, {}, "a name that the platform itself uses.*as: other_name"),
        ({"name": "con espacio", "type": "INTEGER"}, {}, "is no plain identifier.*as: other_name"),
        ({"name": "V", "type": "INTEGER"}, {}, "v appears twice"),
        ({"name": "d", "type": "DATE"}, {"columns": [
            {"name": "Id", "type": "INTEGER", "comment": "clave"}, {"name": "d", "type": "DATE", "comment": "fecha"},
            {"name": "d_origen", "type": "INTEGER", "comment": "choca"}]}, "d_origen is also derived"),
        ({"name": "c", "type": "FLOAT"}, {}, "FLOAT needs `fingerprint: false`"),
        ({"name": "c", "type": "VARCHAR(20000)"}, {}, "longer than the warehouse's 65535"),
        ({"name": "c", "type": "DECIMAL(65,30)"}, {}, r"VARCHAR\(68\)"),
        ({"name": "c", "type": "INTEGER", "nullable": True}, {"primary_key": ["c"]}, "must not be nullable"),
        ({"name": "c", "type": "DATE"}, {"cursor": "c"}, "leave it out if there is none"),
        ({"name": "c", "type": "DATE", "impossible": "keep"}, {"business_date": "c"}, "a row belongs to a day"),
        ({"name": "c", "type": "VARCHAR(9000)"}, {"columns": [
            {"name": "Id", "type": "INTEGER", "comment": "clave"}, *({"name": f"c{n}", "type": "VARCHAR(9000)",
             "comment": "texto"} for n in range(2))]}, "mark the longest `fingerprint: false`"),
        ({"name": "c", "type": "INTEGER"}, {"cursor": "nada"}, "column 'nada' is referred to"),
    ],
)  # fmt: skip
def test_what_a_contract_is_told(column: dict[str, Any], changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ContractViolation, match=f"cobros.yaml: .*{said}"):
        contract(column, **changes)


def test_a_configuration_folder_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Branches and tables are never the house's by accident; the rest is, unless the folder has it."""
    monkeypatch.setenv("PODEMOS_CONFIG", str(tmp_path))
    with pytest.raises(ContractViolation, match=f"branches.yaml: no such file in {tmp_path}.*PODEMOS_CONFIG"):
        load(Branches, config_file("branches.yaml"))
    assert config_file("zones.csv").parent != tmp_path
    (tmp_path / "zones.csv").write_text("", encoding="utf-8")
    assert config_file("zones.csv").parent == tmp_path
