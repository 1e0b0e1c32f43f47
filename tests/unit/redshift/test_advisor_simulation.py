"""The simulator against what lies in the blocks, and the advice against the gate."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from podemos.core.errors import ContractViolation
from podemos.core.paths import include
from podemos.redshift import gate
from podemos.redshift.__main__ import main
from podemos.redshift.advisor import block_list, inputs, query_log
from podemos.redshift.advisor.advise import Advice, advise
from podemos.redshift.advisor.cluster import Cluster
from podemos.redshift.advisor.costs import World
from podemos.redshift.advisor.designs import Design, ddl
from podemos.redshift.advisor.layout import Block, from_blocks, lay_out
from podemos.redshift.advisor.sample import sample
from podemos.redshift.advisor.values import LOWEST, NULL, Kind, bounds, integers, kind
from podemos.redshift.advisor.workload import TRUE, All, Any, Condition, Opaque, Range
from podemos.redshift.advisor.zones import Slice, Zones, blocks_read
from podemos.redshift.ddl_reader import read as read_ddl
from podemos.redshift.facts import Column, Table

NAME = ("core", "pagos_historicos")
ROWS = 5_000
ONE_SLICE = Cluster(slices=1, nodes=1, block_bytes=800)
TWO = Table(("x", "t"), "file", "EVEN", ("a",), (Column("a", "BIGINT"), Column("b", "BIGINT")))


def zones(ends: list[int], lows: list[int], highs: list[int]) -> Zones:
    return Zones(np.array(ends), np.array(lows), np.array(highs))


PART = Slice(
    100,
    {
        "a": zones([50, 100], [0, 10], [9, 19]),
        "b": zones([25, 50, 75, 100], [0, 5, 0, NULL], [4, 9, 9, LOWEST]),
    },
)
A, B = Range("a", Decimal(0), Decimal(5)), Range("b", Decimal(5), Decimal(9))


@pytest.mark.parametrize(
    ("condition", "columns", "read"),
    [
        (TRUE, "ab", 6),
        (Opaque(), "ab", 6),
        (A, "a", 1),
        (A, "b", 2),
        (B, "b", 2),  # the block of NULLs never holds a value
        (B, "a", 2),
        (All((A, B)), "ab", 2),
        (Any((A, B)), "b", 3),
        (Any((A, Opaque())), "b", 4),
        (Range("a", Decimal(99), None), "ab", 0),
        (Range("unknown", Decimal(1), Decimal(1)), "ab", 6),
    ],
)
def test_blocks_that_no_zone_map_excludes_are_read(condition: Condition, columns: str, read: int) -> None:
    assert blocks_read(PART, condition, columns, lambda r: bounds(r, Kind("integer"))) == read


def test_a_layout_of_all_rows_is_the_truth() -> None:
    rng = np.random.default_rng(7)
    values = pa.table({"a": rng.integers(0, 1000, ROWS), "b": rng.integers(0, 50, ROWS)})
    whole = sample(TWO, ROWS, values)
    layout = lay_out(whole, Design(("x", "t"), sort=("b", "a")), ONE_SLICE)
    condition = All((Range("b", Decimal(7), Decimal(8)), Range("a", None, Decimal(100))))
    order = np.lexsort([np.asarray(values["a"]), np.asarray(values["b"])])
    truth, ordered = 0, [np.asarray(values[c])[order] for c in "ab"]
    for start in range(0, ROWS, 100):
        a, b = (column[start : start + 100] for column in ordered)
        truth += bool(a.min() <= 100 and b.min() <= 8 and b.max() >= 7)
    read = blocks_read(layout.slices[0], condition, "a", whole.bounds)
    assert truth <= read <= truth + 2  # a block reaches to its neighbours' next row
    assert layout.stored == 2 * ROWS // 100


@pytest.mark.parametrize(
    ("type_text", "values", "wanted", "found"),
    [
        ("DATE", [date(1970, 1, 2), None], Range("x", "1970-01-01 12:00:00", "1970-01-03"), (1, 2)),
        ("date", [date(1970, 1, 2)], Range("x", None, "1970-01-02", high_open=True), (LOWEST, 0)),
        ("numeric(18,2)", [Decimal("1.50")], Range("x", Decimal("1.5"), Decimal("1.5")), (150, 150)),
        ("BIGINT", [7], Range("x", Decimal("6.5"), None, low_open=True), (7, NULL - 1)),
        ("integer", [7], Range("x", "7", "7"), (7, 7)),
        ("BOOLEAN", [True], Range("x", "true", "true"), (1, 1)),
    ],
)
def test_values_and_constants_meet_in_one_order(type_text: str, values: list, wanted: Range, found: tuple) -> None:
    of = kind(type_text)
    assert bounds(wanted, of) == found
    got = integers(pa.array(values), of)
    assert found[0] <= got[0] <= max(found[1], got[0])
    assert list(got[1:]) == [NULL] * (len(values) - 1)


def test_a_text_compares_by_its_first_eight_bytes_and_a_wrong_constant_by_nothing() -> None:
    of = kind("character varying(50)")
    got = integers(pa.array(["Condonación de x", "abc", None]), of)
    low, high = bounds(Range("x", "Condonac", "Condonac\uffff"), of) or (0, 0)
    assert low <= got[0] <= high < got[1] < got[2] == NULL
    assert bounds(Range("x", "not a date", None), kind("DATE")) is None


def contract_tables() -> dict[tuple[str, str], Table]:
    tables = read_ddl([include() / "sql/branches"]).tables
    bare = replace(
        tables[NAME],
        diststyle="EVEN",
        sort=("id_pago",),
        columns=tuple(replace(c, encoding="none") for c in tables[NAME].columns),
    )
    return {NAME: bare, ("core", "clientes"): tables["core", "clientes"]}


@pytest.fixture(scope="module")
def world() -> World:
    rng = np.random.default_rng(3)
    rows = 20_000
    days = rng.integers(17_900, 20_750, rows).astype(np.int32)
    values = pa.table(
        {
            "id_sucursal": rng.integers(1, 201, rows),
            "id_pago": rng.permutation(rows),
            "id_cliente": rng.integers(1, 50_000, rows),
            "monto": pa.array([Decimal(n).scaleb(-2) for n in rng.integers(1, 10**6, rows).tolist()]),
            "fecha_pago": pa.array(days).cast(pa.date32()),
            "status_pago": np.array(["PAGADO", "RECHAZADO"])[rng.integers(0, 2, rows)],
            "otros_datos": pa.array([None if n % 2 else f"Abono parcial {n % 7}" for n in range(rows)]),
        }
    )
    known = {NAME: 2_000_000_000, ("core", "clientes"): 50_000_000}
    return inputs.world(contract_tables(), {NAME: values}, known, Cluster())


def advised(world: World, *texts: str) -> Advice:
    known = inputs.known({name: s.table for name, s in world.samples.items()})
    workload = query_log.read([query_log.Entry(text, 60.0) for text in texts], known)
    assert not workload.skipped
    return advise(world, workload, NAME)


MONTH = "SELECT SUM(monto) FROM core.pagos_historicos AS p {} WHERE p.fecha_pago BETWEEN '2026-09-01' AND '2026-09-30'"
JOINED = "JOIN core.clientes AS c ON p.id_cliente = c.id_cliente AND p.id_sucursal = c.id_sucursal"


def test_the_advice_sorts_by_what_is_filtered_and_places_by_what_is_joined(world: World) -> None:
    found = advised(world, MONTH.format(JOINED), MONTH.format(""))
    assert (found.best.design.dist, found.best.design.sort) == ("KEY(id_cliente)", ("fecha_pago", "id_cliente"))
    assert found.best.blocks * 10 < found.nothing.blocks
    assert any("fecha_pago restricts 100% of the time" in reason for reason in found.best.reasons)
    assert not any(c.moved for c in found.best.costs if c)


def test_the_advised_ddl_passes_the_gate_and_says_what_was_advised(world: World, tmp_path: Path) -> None:
    best = advised(world, MONTH.format(JOINED)).best
    (tmp_path / "create.sql").write_text(best.ddl, encoding="utf-8")
    verdict = gate.over_files([tmp_path], date(2026, 11, 24))
    assert [o.line() for o in verdict.critical] == []
    table = read_ddl([tmp_path]).tables[NAME]
    assert (table.diststyle, table.sort) == (best.design.dist, best.design.sort)
    assert table.comment == contract_tables()[NAME].comment


def test_nothing_is_the_advice_where_nothing_helps(world: World) -> None:
    found = advised(world, "SELECT * FROM core.pagos_historicos WHERE upper(otros_datos) LIKE '%X%'")
    sorted_already = replace(
        world.samples[NAME].table,
        sort=("fecha_pago",),
        columns=tuple(
            replace(c, encoding="zstd" if c.octets else "none" if c.name == "fecha_pago" else "az64")
            for c in world.samples[NAME].table.columns
        ),
    )
    well = replace(world, samples={**world.samples, NAME: replace(world.samples[NAME], table=sorted_already)})
    assert advised(well, MONTH.format("")).best.design.kept
    assert found.nothing in found.options


def test_a_star_is_simulated_and_must_pay_for_its_rewriting(world: World) -> None:
    found = advised(world, "SELECT status_pago, otros_datos FROM core.pagos_historicos WHERE fecha_pago = '2026-09-01'")
    stars = [option for option in found.options if option.design.split]
    assert stars and {"status_pago", "otros_datos"} == set(stars[0].design.split)
    assert any("must join the dimensions" in worse for worse in stars[0].worse)
    assert "CREATE TABLE core.dim_status_pago" in stars[0].ddl and "id_status_pago INTEGER" in stars[0].ddl


def test_a_log_alone_is_enough_for_an_advice() -> None:
    texts = [
        'SELECT * FROM "Odd"."My Table" AS t JOIN odd.other AS o ON t."the key" = o.k WHERE t.d >= \'2026-01-01\'',
        "SELECT 1 FROM odd.other WHERE k = 1",
    ]
    workload = query_log.read([query_log.Entry(text) for text in texts], {})
    world = inputs.world(inputs.inferred(workload, {}), {}, {})
    found = advise(world, workload, ("odd", "my table"))
    assert found.best.design.sort[:1] == ("d",)
    assert found.best.design.distkey == "the key"
    assert 'ALTER TABLE odd."my table" ALTER DISTKEY "the key";' in found.best.ddl
    assert found.notes


def test_empty_tables_and_undecided_keys_do_no_harm() -> None:
    empty = Table(("x", "t"), "", None, (), TWO.columns)
    workload = query_log.read([query_log.Entry("SELECT a FROM x.t WHERE b > 3")], inputs.known({("x", "t"): empty}))
    values = pa.table({"a": pa.array([], pa.int64()), "b": pa.array([], pa.int64())})
    nulls = pa.table({"a": pa.array([None] * 300, pa.int64()), "b": pa.array([None] * 300, pa.int64())})
    for given, rows in ((values, 0), (nulls, 30_000_000)):
        found = advise(inputs.world({("x", "t"): empty}, {("x", "t"): given}, {("x", "t"): rows}), workload, ("x", "t"))
        assert found.options
    assert ddl(empty, Design(("x", "t"), "KEY(a)", ("b",))).endswith("COMPOUND SORTKEY (b);")


def test_the_blocks_of_today_are_taken_as_they_are() -> None:
    layout = from_blocks([Block(1, "a", 0, 10, 0, 5), Block(0, "a", 1, 10, 6, 9, True), Block(0, "a", 0, 20, 0, 5)])
    assert [part.rows for part in layout.slices] == [30, 10]
    wanted = Range("a", Decimal(6), Decimal(6))
    assert [blocks_read(p, wanted, "a", lambda r: bounds(r, Kind("integer"))) for p in layout.slices] == [1, 0]


def test_blocks_of_the_catalog_are_read_with_their_own_calendar(tmp_path: Path) -> None:
    path = tmp_path / "blocks.csv"
    table = Table(("x", "t"), "file", "EVEN", (), (Column("d", "DATE"), Column("s", "VARCHAR(20)", 20)))
    path.write_text(
        "slice,col,blocknum,num_values,minvalue,maxvalue,unsorted\n"
        "0,0,0,10,9800,9830,0\n0,0,1,10,9831,9861,1\n0,1,0,20,7,9,0\n0,5,0,20,0,0,0\n"
    )
    layout = block_list.read(path, table)
    wanted = Range("d", "2026-11-15", None)  # day 9815 since 2000
    part = layout.slices[0]
    assert [blocks_read(part, wanted, c, lambda r: bounds(r, kind("DATE"))) for c in "ds"] == [2, 1]
    assert blocks_read(part, Range("d", "2026-12-01", None), "d", lambda r: bounds(r, kind("DATE"))) == 1
    path.write_text("slice,col\n0,0\n")
    with pytest.raises(ContractViolation, match="minvalue"):
        block_list.read(path, table)


def test_the_command_says_what_it_advises(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "log.sql").write_text(MONTH.format(JOINED) + ";\nDELETE FROM x;\nSELECT (;\n")
    assert main(["advise", "--log", str(tmp_path / "log.sql"), "--ddl", "include/sql/branches", "--table", "x.y",
                 "--table", "core.pagos_historicos"]) == 0  # fmt: skip
    told = capsys.readouterr().out
    assert "core.pagos_historicos: 1 s of the log" in told
    assert "skipped: 1 statements: no query: DELETE" in told and "unknown: x.y" in told
    assert main(["advise", "--log", str(tmp_path / "no.txt")]) == 2
