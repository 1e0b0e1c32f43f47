"""Every construct of constructs.yaml does what the file says, and README.md shows the same list."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.aws.redshift.constructs import load, readme_table
from local.aws.redshift.errors import RedshiftError
from local.aws.redshift.session import Control, Session
from local.aws.redshift.text import as_text
from local.aws.redshift.warehouse import Warehouse

SETUP, CONSTRUCTS = load()


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    opened = Warehouse(tmp_path_factory.mktemp("constructs") / "warehouse.duckdb", "http://127.0.0.1:9")
    session = opened.session("analytics")
    for sql in SETUP:
        session.start(Control())
        opened.run(session, sql)
    session.commit()
    session.cursor.close()
    yield opened
    opened.close()


def _run(warehouse: Warehouse, session: Session, construct: Any) -> list[list[str | None]]:
    session.in_batch = not construct.autocommit
    rows: list[list[str | None]] = []
    for sql in construct.sqls:
        session.start(Control())
        result = warehouse.run(session, sql, construct.parameters)
        rows = [[None if v is None else as_text(v) for v in row] for row in result.rows]
        if construct.autocommit:
            session.commit()
    return rows


@pytest.mark.parametrize("construct", CONSTRUCTS, ids=lambda c: f"{c.group}: {c.name}")
def test_construct(warehouse: Warehouse, construct: Any) -> None:
    session = warehouse.session("analytics")
    try:
        if construct.fails:
            with pytest.raises(RedshiftError) as error:
                _run(warehouse, session, construct)
            assert construct.fails in str(error.value)
        else:
            assert _run(warehouse, session, construct) == construct.rows
    finally:
        session.rollback()
        session.cursor.close()


def test_the_readme_lists_the_constructs() -> None:
    readme = Path(load.__code__.co_filename).with_name("README.md").read_text(encoding="utf-8")
    assert readme_table(CONSTRUCTS) in readme, "run `python -m local.aws.redshift.constructs`"
