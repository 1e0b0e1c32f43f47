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
from podemos.branches import key_ranges, query
from podemos.branches.state import Position


def answers(connection: Any, sql: str) -> list[tuple[bytes | None, ...]]:
    connection.query(sql)
    return list(connection.store_result().fetch_row(0))


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_pages_days_and_fingerprints_are_those_of_mariadb(sources: RunningBranches, table: Any) -> None:
    day = ""
    with closing(sources.connect("001")) as connection:
        content = {name: read(connection, name) for name in TABLES}
        rows = sorted(content[table.name].values(), key=lambda row: (row[-1], int(row[0])))
        middle = rows[len(rows) // 2]
        texts = [query.fingerprints(table, date(2026, 11, 1)), query.page(table, None, 7)]
        texts += [query.whole(table, at, 3) for at in (None, Position("", (middle[0].decode(),)))]
        for start in (Position(middle[-1].decode()), Position(middle[-1].decode(), (middle[0].decode(),))):
            texts += [query.page(table, start, limit) for limit in (3, 5000)]
        texts.append(query.fingerprints(table, date(2026, 11, 1), until=date(2026, 11, 10)))
        if table.partitioned:
            spans = [("2026-09-20", "2026-10-01"), ("2026-10-18", "2026-10-19"), ("2000-01-01", "2000-02-01")]
            texts.append(query.fingerprints(table, date(2026, 11, 1), spans))
            at = [column.name for column in table.columns].index(table.business_date)
            day = middle[at].decode()
            texts += [query.day(table, day[:10], None, 5000)]
            texts += [query.day(table, day[:10], Position(day, (middle[0].decode(),)), 3)]
        numbered = sorted(int(row[0]) for row in rows)
        bounds = tuple((str(key),) for key in numbered[3 :: max(1, len(numbered) // 7)])
        cut = key_ranges.Cut(bounds, tuple(range(len(bounds) + 1)), len(numbered))
        dated = day[:10] if table.partitioned else ""
        texts.append(query.range_totals(table, dated, key_ranges.number(table, bounds)))
        for numbers in ((0,), (len(bounds),), (0, 1, 3), (2, len(bounds))):
            within = key_ranges.within(table, cut, numbers)
            texts.append(query.day(table, dated, None, 5000, within) if dated else query.whole(table, None, 5, within))
        for sql in texts:
            found = statements.rows(content, sql) or statements.fingerprints(content, sql)
            assert found is not None, sql
            theirs = answers(connection, sql)
            ordered = sql.startswith("SELECT `")
            assert (found[2] if ordered else sorted(found[2])) == (theirs if ordered else sorted(theirs)), sql
