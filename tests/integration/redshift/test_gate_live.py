"""The gate over a catalog that really executes: the queries, search_path and comments as the warehouse gives them."""

from datetime import date

import pytest

from podemos.core.errors import DataFault
from podemos.redshift import gate
from podemos.warehouse.port import DataApi
from podemos.warehouse.statements import Script

TODAY = date(2026, 11, 24)


@pytest.fixture(scope="module")
def made(warehouse: DataApi) -> DataApi:
    for name in ("ops/create_loads", "ops/create_writer_pagos", "pagos/create_pagos"):
        warehouse.execute(f"branches/{name}.sql")
    bad = (
        "CREATE SCHEMA otra;\nCREATE TABLE otra.mala (id BIGINT, nota VARCHAR(300) ENCODE RAW);\n"
        "INSERT INTO otra.mala VALUES (1, 'x');\nCREATE TABLE otra.vacia (id BIGINT DISTKEY SORTKEY);\n"
        "CREATE VIEW otra.v AS SELECT id FROM otra.mala;\n"
    )
    warehouse.execute(Script("bad.sql", bad))
    return warehouse


def test_our_tables_pass_and_a_bad_one_is_told(made: DataApi) -> None:
    verdict = gate.over_live(made, TODAY)
    found = [(o.rule, o.column) for o in verdict.offences if o.table == "otra.mala"]
    assert found == [
        ("sort_key", ""), ("dist_style", ""), ("comment", ""), ("comment", "id"), ("comment", "nota"),
        ("encoding", "nota"), ("sensitivity", ""),
    ]  # fmt: skip
    assert {o.rule for o in verdict.offences if o.table == "otra.vacia"} == {"comment", "sensitivity"}
    ours = [o for o in verdict.offences if not o.table.startswith("otra.") and o.rule != "not_seen"]
    assert ours == []
    assert verdict.tables == 6


def test_only_settings_may_stand_before_what_is_fetched(warehouse: DataApi) -> None:
    with pytest.raises(DataFault, match="fetch takes one statement"):
        list(warehouse.fetch(Script("two.sql", "CREATE SCHEMA nunca;\nSELECT 1 AS x;\n")))
