from __future__ import annotations

from dataclasses import replace

import pytest

from podemos.branches import ddl
from podemos.contracts.branches import branches
from podemos.contracts.tables import contract, tables
from podemos.core.paths import include
from podemos.warehouse.statements import MAX_BATCH, read

FILES = {path: text for table in tables(branches().extraction.tables) for path, text in ddl.files(table).items()}


@pytest.mark.parametrize("path", sorted(FILES))
def test_the_file_is_what_the_contract_says(path: str) -> None:
    found = (include() / "sql" / path).read_text(encoding="utf-8")
    assert found == FILES[path], "run `python -m podemos.branches sql`"


def test_no_other_file_lies_beside_the_generated_ones() -> None:
    folder = include() / "sql"
    found = {str(path.relative_to(folder)) for path in (folder / "branches").rglob("*.sql")}
    own = {f"branches/ops/{name}_loads.sql" for name in ("create", "insert", "select")}
    assert found - FILES.keys() == {*own, "branches/ops/select_tables.sql"}


@pytest.mark.parametrize("path", sorted(FILES))
def test_every_file_fits_one_batch_of_the_data_api(path: str) -> None:
    assert 1 <= len(read(path)) <= MAX_BATCH


def test_every_table_has_keys_encodings_and_comments() -> None:
    for table in tables(branches().extraction.tables):
        text = ddl.create(table)
        for column in table.curated_columns():
            assert f"COMMENT ON COLUMN {table.warehouse}.{column.name}\nIS '" in text
        assert text.count("DISTKEY (") == text.count("SORTKEY (") == 2
        assert text.count(" ENCODE ") == 2 * len(table.curated_columns())


def test_a_changed_contract_changes_the_file() -> None:
    table = contract("pagos").compiled()
    assert ddl.create(replace(table, comment="Otra cosa")) != ddl.create(table)


def test_a_quote_in_a_comment_can_not_end_the_literal() -> None:
    table = replace(contract("pagos").compiled(), comment="d'Artagnan; DROP")
    assert "IS 'd''Artagnan; DROP';" in ddl.create(table)
