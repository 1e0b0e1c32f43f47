"""The bench: the judge's conditions are the reports', and the simulator's blocks are near the judge's."""

from __future__ import annotations

import re
from pathlib import Path
from statistics import median

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.redesign import judge
from bench.redesign.__main__ import TABLE, as_it_was, simulate
from bench.redesign.model import shares
from bench.redesign.pagos import last_day
from bench.redesign.queries import reports
from bench.redesign.world import SLICES, World, build
from podemos.core.paths import include
from podemos.redshift.advisor import inputs, query_log
from podemos.redshift.advisor.candidates import best_encodings
from podemos.redshift.advisor.cluster import Cluster
from podemos.redshift.advisor.designs import Design
from podemos.redshift.advisor.layout import Block, from_blocks
from podemos.redshift.ddl_reader import read as read_ddl

ROWS, BLOCK = 40_000, 2_700
COLUMNS = tuple(sorted({c for report in reports(last_day(), (1, 1)) for c in report.columns}))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> World:
    return build(tmp_path_factory.mktemp("rows"), ROWS, 1, COLUMNS, BLOCK)


def test_the_judges_conditions_keep_the_rows_of_the_reports(found: World) -> None:
    rows = pa.concat_tables([pq.read_table(path) for path in found.files])
    connection = duckdb.connect()
    connection.register("pagos", rows)
    some = 0
    for report in reports(last_day(), found.client):
        where = re.search(r"WHERE(.*?)(GROUP BY|ORDER BY)", report.text, re.DOTALL)
        assert where, report.name
        sql = f"SELECT COUNT(*) FROM pagos AS p WHERE {where[1].replace('AND NOT p.borrado', '')}"
        wanted = None
        for alternative in report.alternatives:
            every = None
            for _, part in alternative:
                every = part if every is None else every & part
            wanted = every if wanted is None else wanted | every
        kept = rows.filter(wanted).num_rows
        assert connection.execute(sql).fetchone() == (kept,), report.name
        some += kept > 0
    assert some >= 9  # of eleven: a branch has no payment on every day


def test_predicted_blocks_are_near_those_that_a_reader_cannot_skip(found: World, tmp_path: Path) -> None:
    asked = reports(last_day(), found.client)
    tables = {TABLE: as_it_was(read_ddl([include() / "sql/branches"]).tables[TABLE])}
    workload = query_log.read((query_log.Entry(r.text) for r in asked), inputs.known(tables))
    world = inputs.world(tables, {TABLE: found.sample}, {TABLE: found.rows}, Cluster(SLICES, 2, block_bytes=BLOCK))
    assert found.sample.num_rows <= found.rows / 100
    sort = ("fecha_pago", "id_cliente")
    design = Design(TABLE, "KEY(id_cliente)", sort, best_encodings(world.samples[TABLE], sort))
    present = from_blocks(Block(*row) for row in found.blocks)
    predicted = simulate(world, workload, asked, design, present)
    words = judge.Words("date", "id_cliente", sort, dict(design.encodings))
    touched = judge.judge(found.files, words, asked, SLICES, tmp_path / "judge", BLOCK).touched
    assert median(abs(predicted[name] - touched[name]) / touched[name] for name in touched) <= 0.2
    today = simulate(world, workload, asked, Design(TABLE, kept=True), present)
    assert sum(touched.values()) < sum(today.values())


def test_shares_of_factors_sum_to_one_whatever_their_order() -> None:
    found = shares(("a", "b", "c"), lambda on: 2.0 ** ("a" in on) * 4.0 ** ("b" in on))
    assert found == pytest.approx({"a": 1 / 3, "b": 2 / 3, "c": 0})
