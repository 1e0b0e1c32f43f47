"""The chaos suite's model of a branch answers the shipped statements exactly as MariaDB does."""

from __future__ import annotations

from contextlib import closing
from datetime import date
from typing import Any

import pytest

from bench.chaos_branches import statements
from bench.chaos_branches.mariadb import read
from bench.chaos_branches.source import TABLES
from local.branches.testing import RunningBranches
from podemos.branches import query
from podemos.branches.state import Position


def answers(connection: Any, sql: str) -> list[tuple[bytes | None, ...]]:
    connection.query(sql)
    return list(connection.store_result().fetch_row(0))


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_pages_days_and_fingerprints_are_those_of_mariadb(sources: RunningBranches, table: Any) -> None:
    with closing(sources.connect("001")) as connection:
        content = {name: read(connection, name) for name in TABLES}
        rows = sorted(content[table.name].values(), key=lambda row: (row[-1], int(row[0])))
        middle = rows[len(rows) // 2]
        texts = [query.fingerprints(table, date(2026, 11, 1)), query.page(table, None, 7)]
        texts += [query.whole(table, at, 3) for at in (None, Position("", (middle[0].decode(),)))]
        for start in (Position(middle[-1].decode()), Position(middle[-1].decode(), (middle[0].decode(),))):
            texts += [query.page(table, start, limit) for limit in (3, 5000)]
        if table.partitioned:
            at = [column.name for column in table.columns].index(table.business_date)
            day = middle[at].decode()
            texts += [query.day(table, day[:10], None, 5000)]
            texts += [query.day(table, day[:10], Position(day, (middle[0].decode(),)), 3)]
        for sql in texts:
            found = statements.rows(content, sql) or statements.fingerprints(content, sql)
            assert found is not None, sql
            theirs = answers(connection, sql)
            ordered = sql.startswith("SELECT `")
            assert (found[2] if ordered else sorted(found[2])) == (theirs if ordered else sorted(theirs)), sql
