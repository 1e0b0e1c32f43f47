"""A difference in a large range, against a real MariaDB: found, healed, and little of the range is read for it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from local.branches.testing import RunningBranches
from podemos.branches import chunk, expected, key_ranges, keys, query, sweep
from podemos.branches.landing import Part
from podemos.branches.link import Link
from podemos.branches.narrowed import Narrowed, narrowed
from podemos.branches.prints import fingerprints
from podemos.branches.revisions import Revision
from podemos.contracts.loading import check
from podemos.contracts.tables import TableContract
from podemos.core.manifest import Ref
from podemos.core.store import MemoryStore
from podemos.core.table import Table

ROWS = 900
DAY = "2026-11-18"
KEYS: dict[str, list[tuple[str, str, str]]] = {
    "entera": [("id", "INTEGER", "BIGINT")],
    "texto": [("id", "VARCHAR(20)", "VARCHAR(20) COLLATE utf8mb4_spanish_ci")],
    "doble": [("caja", "INTEGER", "INT"), ("folio", "VARCHAR(20)", "VARCHAR(20) COLLATE utf8mb4_spanish_ci")],
    "binaria": [("id", "BINARY(4)", "BINARY(4)")],
    "fecha": [("id", "DATETIME(3)", "DATETIME(3)")],
    "sin_signo": [("id", "DECIMAL(20,0)", "BIGINT UNSIGNED")],
}
VALUES = {
    "entera": "CAST({n} AS SIGNED) - 100",
    "texto": "CONCAT(ELT(1 + MOD({n} + 6000, 6), 'ñ', 'Zz', '🏦', 'a', 'É', ''), {n})",
    "doble": "{n} DIV 200, CONCAT(ELT(1 + MOD({n} + 4000, 4), 'ñ', '🏦', 'B', 'a'), {n})",
    "binaria": "UNHEX(LPAD(HEX(500000 * {n} + 50000000), 8, '0'))",
    "fecha": "'2026-10-20 23:00:00' + INTERVAL {n} SECOND",
    "sin_signo": "18446744073709551615 - 1000 * {n}",
}


def contract(name: str, *, dated: bool) -> Table:
    columns = [{"name": n, "type": t, "comment": "clave"} for n, t, _ in KEYS[name]]
    columns += [
        {"name": "monto", "type": "DECIMAL(18,2)", "comment": "Monto"},
        {"name": "pagado", "type": "DATETIME(0)", "comment": "Cuándo"},
        {"name": "nota", "type": "VARCHAR(40)", "comment": "Una nota", "nullable": True},
    ]
    about = {
        "owner": "x",
        "steward": "x",
        "product": "x",
        "criticality": "tier-3",
        "retention": "x",
        "consumers": ["x"],
    }
    roles = {"primary_key": [n for n, _, _ in KEYS[name]], "amount": "monto"} | (
        {"business_date": "pagado"} if dated else {}
    )
    data = {"table": name, "comment": "Una tabla de prueba", "warehouse": f"core.{name}", "columns": columns}
    return check(TableContract, data | about | roles, name).compiled()


@dataclass
class Till:
    """A table at the branch, and the lake as it was when `curate` was called."""

    table: Table
    link: Link
    run: Any
    lake: MemoryStore = field(default_factory=MemoryStore)
    seq: int = 1

    @property
    def day(self) -> str:
        return DAY if self.table.partitioned else keys.UNDATED

    def content(self) -> pa.Table:
        """What the branch has in the day."""
        page = chunk.Page(self.table, "001", 1)
        sql = (
            query.day(self.table, DAY, None, 10_000)
            if self.table.partitioned
            else query.whole(self.table, None, 10_000)
        )
        page.extend(self.link.columns(sql, self.table))
        return page.table_data()

    def curate(self) -> None:
        rows = self.content().append_column("borrado", pa.repeat(pa.scalar(False), self.content().num_rows))
        names = {c.name: f"{c.name}_origen" for c in self.table.columns if c.kind.temporal}
        sink = io.BytesIO()
        other = rows.set_column(rows.schema.get_field_index("id_sucursal"), "id_sucursal", pa.repeat(2, rows.num_rows))
        stored = pa.concat_tables([rows, other]).rename_columns([names.get(name, name) for name in rows.column_names])
        pq.write_table(stored, sink)
        self.lake.replace("curated.parquet", sink.getvalue())

    def known(self) -> pa.Table:
        days = {self.table.name: {self.day: {"files": [{"key": "curated.parquet"}]}}}
        revision = Revision(1, Ref("r", "0"), {"days": days, "quarantine": {}})
        return expected.of_revision(self.lake, revision)(self.table, "001", self.day)

    def last(self) -> Part:
        """The pull's final part, which has asked about the day."""
        prints = fingerprints(self.link, query.fingerprints(self.table, date(2026, 11, 1)))
        at = datetime(2026, 11, 20, tzinfo=UTC)
        since = date(2026, 11, 1) if self.table.partitioned else None
        self.seq += 1
        return Part(
            self.table.name, "001", at.date(), self.seq, 1, True, at, None, None, "", "", None, 0, since, prints
        )

    def find(self) -> Narrowed | None:
        return narrowed(self.link, self.table, self.day, self.last(), self.known())

    def heal(self, page_rows: int = 10_000) -> tuple[set[tuple[Any, ...]], int, list[Part]]:
        """The lake's rows after what was landed and named as gone, how many rows were read, and the parts."""
        only = self.find()
        assert only is not None
        found = list(
            sweep.parts(self.link, self.table, self.day, self.last(), lake=self.lake, page_rows=page_rows,
                        expected=only.known, only=only)
        )  # fmt: skip
        names = [column.name for column in self.table.columns]
        key = [names.index(name) for name in self.table.primary_key]
        stored = pq.read_table(io.BytesIO(self.lake.get("curated.parquet")))
        rows = {
            tuple(row[at] for at in key): row
            for row in texts(stored.slice(0, stored.num_rows // 2).select(range(len(names))))
        }
        read = 0
        for part in found:
            assert part.range is not None
            assert not part.range.complete, "a narrowed range says nothing of the rest of its day"
            if part.chunk:
                landed = texts(chunk.read(self.lake.get(part.chunk.key)).select(names))
                read += len(landed)
                rows |= {tuple(row[at] for at in key): row for row in landed}
            for gone in part.range.gone:
                del rows[gone]
        return {row for row in rows.values() if not self.table.partitioned or row[-2][:10] == DAY}, read, found


def texts(data: pa.Table) -> list[tuple[Any, ...]]:
    return list(zip(*(data[name].cast(pa.string()).to_pylist() for name in data.column_names), strict=True))


@pytest.fixture(params=[(name, dated) for name in KEYS for dated in (False, True)], ids=lambda p: f"{p[0]}-{p[1]}")
def till(request: pytest.FixtureRequest, sources: RunningBranches) -> Iterator[Till]:
    name, dated = request.param
    columns = ", ".join(f"{n} {t}" for n, _, t in KEYS[name])
    with closing(sources.root()) as root:
        run = root.cursor().execute
        run("SET NAMES utf8mb4")
        run("CREATE OR REPLACE DATABASE angosta CHARACTER SET utf8mb4")
        run("USE angosta")
        run(f"CREATE TABLE {name} ({columns}, monto DECIMAL(18,2), pagado DATETIME, nota VARCHAR(40), KEY (pagado), "
            f"PRIMARY KEY ({', '.join(n for n, _, _ in KEYS[name])}))")  # fmt: skip
        run(f"INSERT INTO {name} SELECT {VALUES[name].format(n='seq')}, seq / 100, '{DAY}' + INTERVAL seq SECOND, "
            f"IF(seq % 3, NULL, 'ñandú 🏦') FROM seq_1_to_{ROWS}")  # fmt: skip
        with closing(sources.root()) as reading:
            reading.query("USE angosta")
            found = Till(contract(name, dated=dated), Link(reading, 60), run)
            found.curate()
            yield found
        run("DROP DATABASE angosta")


def edges(till: Till) -> list[str]:
    """Conditions of rows at the ends of ranges: the first of all, the last of all, and both sides of two bounds."""
    known, table = till.known(), till.table
    starts = key_ranges.cut(known, table).starts
    at = sorted({0, known.num_rows - 1, *(start + more for start in starts[5:7] for more in (-1, 0))})
    rows = known.take(at).select(list(table.primary_key)).to_pylist()
    columns = [(name, table.column(name)) for name in table.primary_key]
    return [" AND ".join(f"{name} = {query.literal(column, row[name])}" for name, column in columns) for row in rows]


def same(till: Till, most: int = 300) -> list[Part]:
    after, read, found = till.heal()
    names = [column.name for column in till.table.columns]
    assert after == set(texts(till.content().select(names)))
    assert read <= most, f"{read} of {ROWS} rows were read"
    return found


def test_a_changed_cent_costs_one_range(till: Till) -> None:
    name = till.table.name
    till.run(f"UPDATE {name} SET monto = monto + 0.01 WHERE pagado = '{DAY} 00:07:00'")
    (found,) = same(till, most=2 * ROWS // 30)
    assert found.range is not None
    assert (found.range.cut, found.range.read, found.range.gone) == (30, 1, ())


def test_rows_at_the_edges_of_ranges_are_named_when_they_are_deleted_and_landed_when_they_come(till: Till) -> None:
    name, gone = till.table.name, edges(till)
    till.run(f"DELETE FROM {name} WHERE {' OR '.join(f'({one})' for one in gone)}")
    named = [key for part in same(till) for key in part.range.gone]
    assert len(named) == len(set(named)) == len(gone)
    till.curate()
    till.run(f"INSERT INTO {name} SELECT {VALUES[name].format(n='seq')}, 1, '{DAY}' + INTERVAL seq SECOND, 'otra' "
             f"FROM seq_1_to_{ROWS} ON DUPLICATE KEY UPDATE monto = {name}.monto")  # fmt: skip
    assert [part.range.gone for part in same(till) if part.range] == [()]


def test_rows_that_the_lake_does_not_know_are_seen_below_and_above_all_it_knows(till: Till) -> None:
    name, signed = till.table.name, "CAST(seq AS SIGNED)"
    for n in (f"({signed} - 10)" if name != "sin_signo" else "(seq + 3000)", f"({signed} + 5000)"):
        till.run(f"INSERT INTO {name} SELECT {VALUES[name].format(n=n)}, 1, '{DAY} 12:00:00', NULL FROM seq_1_to_2")
    same(till, most=250)


def test_pages_of_narrowed_ranges_hold_them_all(till: Till) -> None:
    name = till.table.name
    till.run(f"UPDATE {name} SET nota = 'x' WHERE pagado IN ('{DAY} 00:00:01', '{DAY} 00:05:00', '{DAY} 00:15:00')")
    till.run(f"DELETE FROM {name} WHERE pagado = '{DAY} 00:05:01'")
    after, _, _ = till.heal(page_rows=7)
    assert after == set(texts(till.content().select([column.name for column in till.table.columns])))


def test_a_row_that_moved_to_another_day_is_landed_from_there(till: Till) -> None:
    till.run(f"UPDATE {till.table.name} SET pagado = '2025-01-01 10:00:00' WHERE pagado = '{DAY} 00:05:00'")
    found = same(till)
    assert not any(part.range.gone for part in found if part.range)
    asked = sum(part.chunk.rows for part in found[1:] if part.chunk)
    assert asked == int(till.table.partitioned), "a table without a business date is one range: the row is in it"


def test_what_has_become_equal_or_differs_everywhere_is_not_narrowed(till: Till) -> None:
    found = till.find()
    assert found is not None
    assert found.numbers == ()
    till.run(f"UPDATE {till.table.name} SET nota = 'todas'")
    assert till.find() is None
