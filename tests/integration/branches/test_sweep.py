"""Ranges that are owed, against a real MariaDB: what is landed is what the snapshot had, or it is no statement."""

from __future__ import annotations

import contextlib
import io
from contextlib import closing
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from local.branches.testing import RunningBranches
from podemos.branches import keys, query
from podemos.branches.ranges import Whole, whole
from podemos.branches.rotation import Older
from podemos.branches.state import Position
from podemos.contracts.tables import contract
from podemos.core import fingerprint, manifest
from podemos.core.clock import system_clock
from podemos.core.fingerprint import Fingerprint
from podemos.core.money import cents_of
from podemos.core.store import MemoryStore

from .crash import Fuse, FusedState, FusedStore, Killed
from .landed import parts, prints, rows, said, winners
from .puller import Puller, execute

PAGOS = contract("pagos").compiled()
DAY = "2026-11-18"
AT = system_clock()


def owe(lake: MemoryStore, *owed: tuple[str, str, str]) -> None:
    """A revision whose certification found these (table, branch, day) different."""
    if lake.head(keys.revision(2)) is None:
        manifest.commit(lake, keys.revision(1), {"revision": 1, "days": {}, "quarantine": {}})
    found = [dict(zip(("table", "branch", "day"), debt, strict=True)) for debt in owed]
    manifest.commit(lake, keys.certification(1, "c" * 64), {"certified": "2026-11-20T08:00:00Z", "debts": found})


def curated(puller: Puller, day: str = DAY, branch: str = "001") -> None:
    """A revision that has curated what was landed of a day, beside another branch's row of the same key."""
    mine = [row for row in winners(puller.lake, "pagos", branch).values() if row["fecha_pago"][:10] == day]
    moments = [column.name for column in PAGOS.columns if column.kind.temporal]
    rows = [row | {f"{name}_origen": row[name] for name in moments} | {"borrado": False} for row in mine]
    rows += [row | {"id_sucursal": 2} for row in rows]
    rows.append(rows[0] | {"id_pago": 5_000_001, "borrado": True})
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    puller.lake.put_new("curated/a.parquet", sink.getvalue())
    days = {"pagos": {day: {"files": [{"key": "curated/a.parquet"}]}}}
    manifest.commit(puller.lake, keys.revision(2), {"revision": 2, "days": days, "quarantine": {}})


def statements(puller: Puller) -> list[Whole]:
    return whole(puller.lake, parts(puller.lake))


def content(puller: Puller, found: Whole) -> dict[int, dict[str, Any]]:
    (key,) = contract(found.parts[0].table).primary_key
    return {row[key]: row for part in found.parts for row in rows(puller.lake, part)}


def totals(found: dict[int, dict[str, Any]]) -> Fingerprint:
    total = Fingerprint()
    for row in found.values():
        text = fingerprint.row_text(None if row[c.name] is None else str(row[c.name]) for c in PAGOS.columns)
        total += Fingerprint(1, cents_of(row["monto"]), fingerprint.row_digest(text))
    return total


def at_the_branch(sources: RunningBranches, sql: str) -> list[Any]:
    with closing(sources.root("001")) as root:
        cursor = root.cursor()
        cursor.execute(sql)
        return [row[0] for row in cursor.fetchall()]


def in_trouble(sources: RunningBranches) -> int:
    """A silent edit, a row with an old cursor and a delete on the day; returns the deleted key."""
    where = f"fecha_pago >= '{DAY}' AND fecha_pago < '{DAY}' + INTERVAL 1 DAY"
    first, second, *_ = at_the_branch(sources, f"SELECT id_pago FROM pagos WHERE {where} ORDER BY id_pago")
    execute(
        sources,
        "001",
        f"UPDATE pagos SET monto = monto + 0.01 WHERE id_pago = {second}",
        f"INSERT INTO pagos SELECT MAX(id_pago) + 1, 1, 1, 77.10, '{DAY} 23:59:59', 'PAGADO', NULL, '2026-10-01'"
        " FROM pagos WHERE id_pago < 1000000",
        f"DELETE FROM pagos WHERE id_pago = {first}",
    )
    return int(first)


@pytest.mark.parametrize("page_rows", [1, 3, 10_000])
def test_a_day_that_is_owed_is_landed_exactly_as_the_snapshot_has_it(
    puller: Puller, sources: RunningBranches, page_rows: int
) -> None:
    puller()
    gone = in_trouble(sources)
    owe(puller.lake, ("pagos", "001", DAY))
    puller("001", page_rows=page_rows)
    (found,) = statements(puller)
    last = found.parts[-1]
    assert last.range is not None
    assert (last.range.day, len(found.parts)) == (DAY, last.range.page)
    assert totals(content(puller, found)) == said(puller.lake, "pagos", "001")[DAY]
    assert gone not in content(puller, found)


@pytest.mark.parametrize("page_rows", [3, 10_000])
def test_a_row_that_was_moved_to_a_day_nobody_reads_is_landed_from_there_and_not_taken_for_deleted(
    puller: Puller, sources: RunningBranches, page_rows: int
) -> None:
    puller()
    curated(puller)
    where = f"fecha_pago >= '{DAY}' AND fecha_pago < '{DAY}' + INTERVAL 1 DAY"
    (moved,) = at_the_branch(sources, f"SELECT MAX(id_pago) FROM pagos WHERE {where}")
    gone = in_trouble(sources)
    execute(
        sources,
        "001",
        f"UPDATE pagos SET fecha_pago = '2025-03-04 05:06:07', updated_at = updated_at WHERE id_pago = {moved}",
    )
    owe(puller.lake, ("pagos", "001", DAY))
    puller("001", page_rows=page_rows)
    (found,) = statements(puller)
    landed = content(puller, found)
    assert landed.pop(moved)["fecha_pago"] == "2025-03-04 05:06:07"
    assert totals(landed) == said(puller.lake, "pagos", "001")[DAY]
    assert gone not in landed
    pages = [part.range for part in found.parts if part.range]
    assert [page.complete for page in pages] == [False] * (len(pages) - 1) + [True], "declared when it was asked for"


def test_of_a_large_day_that_is_owed_only_what_differs_is_read(puller: Puller, sources: RunningBranches) -> None:
    puller()
    curated(puller)
    where = f"fecha_pago >= '{DAY}' AND fecha_pago < '{DAY}' + INTERVAL 1 DAY"
    gone, edited, *_ = at_the_branch(sources, f"SELECT id_pago FROM pagos WHERE {where} ORDER BY id_pago")
    execute(sources, "001", f"UPDATE pagos SET monto = monto + 0.01, updated_at = updated_at WHERE id_pago = {edited}",
            f"DELETE FROM pagos WHERE id_pago = {gone}")  # fmt: skip
    owe(puller.lake, ("pagos", "001", DAY))
    puller("001", narrow_rows=5)
    found = [part for part in parts(puller.lake, "pagos", "001") if part.range]
    wanted, known = said(puller.lake, "pagos", "001")[DAY], puller.lake.get("curated/a.parquet")
    after = {row["id_pago"]: row for row in pq.read_table(io.BytesIO(known)).to_pylist() if row["id_sucursal"] == 1}
    after = {key: row for key, row in after.items() if not row["borrado"]}
    read = {row["id_pago"]: row for part in found for row in rows(puller.lake, part)}
    named = [int(key) for part in found if part.range for (key,) in part.range.gone]
    assert totals({key: row for key, row in (after | read).items() if key not in named}) == wanted
    assert (named, statements(puller)) == ([gone], []), "nothing is said of the rest of the day"
    assert len(read) < wanted.count
    puller("001", narrow_rows=10_000)
    assert len(statements(puller)) == 1, "what is small is read whole"


def test_old_days_are_compared_too_and_the_lake_has_the_same(puller: Puller, sources: RunningBranches) -> None:
    execute(
        sources,
        "001",
        "INSERT INTO pagos SELECT MAX(id_pago) + 1, 1, 1, 10.01, '2024-10-31 23:59:59', 'PAGADO', NULL, NOW(6)"
        " FROM pagos WHERE id_pago < 1000000",
        "INSERT INTO pagos SELECT MAX(id_pago) + 1, 1, 1, 10.02, '1968-10-02 10:00:00', 'PAGADO', NULL, NOW(6)"
        " FROM pagos WHERE id_pago < 1000000",
    )
    puller("001", rotation_slices=30)
    puller("001", rotation_slices=30)
    first, last = [part for part in parts(puller.lake, "pagos", "001") if part.final]
    assert first.older is None, "a first load has just read everything: the turns begin with the next pull"
    assert last.older is not None
    assert last.older.slices == tuple(range(30))
    assert {"2024-10-31", "1968-10-02"} <= last.fingerprints.keys()
    assert dict(last.fingerprints) == prints(puller.lake, "pagos", "001")
    execute(sources, "001", "DELETE FROM pagos WHERE fecha_pago < '2025-01-01'")


def test_a_table_without_a_business_date_is_landed_whole(puller: Puller, sources: RunningBranches) -> None:
    puller()
    owe(puller.lake, ("clientes", "001", keys.UNDATED))
    puller("001", page_rows=7)
    (found,) = statements(puller)
    assert set(content(puller, found)) == set(at_the_branch(sources, "SELECT id_cliente FROM clientes"))


def test_a_day_without_a_row_is_a_statement_of_one_empty_page(puller: Puller) -> None:
    owe(puller.lake, ("pagos", "001", "2026-09-30"))
    puller()
    (found,) = statements(puller)
    assert found.to_dict() == {"branch": "001", "day": "2026-09-30", "seq": found.parts[0].seq, "chunks": []}


def test_ranges_come_after_every_tables_own_pages(puller: Puller) -> None:
    owe(puller.lake, ("clientes", "001", keys.UNDATED), ("pagos", "001", DAY))
    owners = [part["part"] for part in puller("001")["pulls"]]
    order = [(part["table"], part["range"] is not None) for part in owners]
    assert order == [("clientes", False), ("prestamos", False), ("pagos", False), ("clientes", True), ("pagos", True)]
    assert puller.states("001") == {"001": "pulled"}, "the leases are given back"


def test_no_range_is_begun_when_the_snapshots_time_is_up(puller: Puller) -> None:
    owe(puller.lake, ("pagos", "001", DAY))
    ticks = iter(AT + timedelta(seconds=100 * n) for n in range(10_000))
    puller.clock = lambda: next(ticks)
    puller("001", snapshot_seconds=300)
    assert statements(puller) == []
    assert puller.states("001", snapshot_seconds=100_000) == {"001": "pulled"}
    assert len(statements(puller)) == 1


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(1, 30))
def test_a_crash_in_a_range_leaves_no_false_statement(
    puller: Puller, sources: RunningBranches, at: int, after: bool
) -> None:
    """The first nine writes are of the watermarks; the next pull reads the range again from its beginning."""
    puller()
    owe(puller.lake, ("pagos", "001", DAY))
    fuse = Fuse(at, after)
    with contextlib.suppress(Killed):
        puller("001", FusedStore(fuse, puller.lake), FusedState(fuse, puller.state), page_rows=3)
    before = statements(puller)
    puller("001", page_rows=3)
    wanted = said(puller.lake, "pagos", "001")[DAY]
    assert len(statements(puller)) > len(before)
    assert {totals(content(puller, found)) for found in statements(puller)} == {wanted}


def test_a_link_cut_in_a_range_costs_only_the_range(puller: Puller) -> None:
    owe(puller.lake, ("pagos", "001", DAY), ("clientes", "001", keys.UNDATED))
    puller()
    cuts = 0
    for size in range(2_000, 20_000, 500):
        puller.sources.fault("001", "drop-after-bytes", bytes=size)
        outcome = puller.states("001", link_attempts=1)["001"]
        puller.sources.restore("001")
        landed = parts(puller.lake, "pagos", "001")
        newest = [part for part in landed if part.seq == max(part.seq for part in landed)]
        if outcome == "pulled" and not any(part.range and part.range.complete for part in newest):
            cuts += 1
            assert any(part.final for part in newest), "what the watermark asks for was landed first"
    assert cuts, "no cut fell into the range"


def test_a_page_of_a_day_is_a_range_on_the_dates_index(sources: RunningBranches) -> None:
    execute(
        sources,
        "001",
        "CREATE DATABASE explica",
        "CREATE TABLE explica.pagos LIKE pagos",
        "INSERT INTO explica.pagos SELECT seq, 1, 1, 1, '2026-11-20' - INTERVAL seq MINUTE, 'PAGADO', NULL, NOW(6)"
        " FROM seq_1_to_40000",
        "ANALYZE TABLE explica.pagos",
    )
    plans: list[dict[str, Any]] = []
    others: list[tuple[str, str, bool]] = []
    try:
        with closing(sources.root()) as root:
            cursor = root.cursor()
            cursor.execute("USE explica")
            for after in (None, Position(f"{DAY} 10:00:00", ("2280",))):
                cursor.execute("EXPLAIN " + query.day(PAGOS, DAY, after, 50))
                plans.append(dict(zip([column[0] for column in cursor.description], cursor.fetchone(), strict=True)))
            cursor.execute("EXPLAIN " + query.keyed(PAGOS, [("5",), ("7",)]))
            row = dict(zip([column[0] for column in cursor.description], cursor.fetchone(), strict=True))
            others.append((row["type"], row["key"], int(row["rows"]) < 6000))
            cursor.execute(query.day(PAGOS, DAY, Position(f"{DAY} 10:00:00", ("2280",)), 2))
            assert [row[0] for row in cursor.fetchall()] == [2279, 2278]
    finally:
        execute(sources, "001", "DROP DATABASE explica")
    assert others == [("range", "PRIMARY", True)]
    for plan in plans:
        assert (plan["type"], plan["key"]) == ("range", "por_fecha")
        assert int(plan["rows"]) <= 1500
        assert "filesort" not in plan["Extra"]


@pytest.mark.parametrize("rows", [3_000, 40_000])
def test_older_days_are_ranges_on_the_dates_index_however_many_and_however_small_the_table(
    sources: RunningBranches, rows: int
) -> None:
    """Three years of payments: two turns are twenty spans, most of them of months that the table has not."""
    since = date(2026, 10, 6)
    spans = Older(30, (2, 9), ("2025-03-04", "2026-01-02")).spans(since)
    execute(
        sources,
        "001",
        "CREATE DATABASE explica",
        "CREATE TABLE explica.pagos LIKE pagos",
        "INSERT INTO explica.pagos SELECT seq, 1, 1, seq / 100, '2026-11-20' - INTERVAL (seq * 1095 * 86400 DIV "
        f"{rows}) SECOND, 'PAGADO', NULL, NOW(6) FROM seq_1_to_{rows}",
        "ANALYZE TABLE explica.pagos",
    )
    try:
        with closing(sources.root()) as root:
            cursor = root.cursor()
            cursor.execute("USE explica")
            cursor.execute("EXPLAIN " + query.fingerprints(PAGOS, since, spans))
            names = [column[0] for column in cursor.description]
            plans = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
            cursor.execute(query.fingerprints(PAGOS, since, spans))
            apart = sorted(cursor.fetchall())
            wanted = " OR ".join(f"(fecha_pago >= '{first}' AND fecha_pago < '{after}')" for first, after in spans)
            before, _, after = query.fingerprints(PAGOS, since).partition("`fecha_pago` >= '2026-10-06'")
            cursor.execute(f"{before}({wanted} OR fecha_pago >= '2026-10-06'){after}")
            assert apart == sorted(cursor.fetchall())
            assert len({row[0] for row in apart}) == len(apart) > 46, "no day twice"
    finally:
        execute(sources, "001", "DROP DATABASE explica")
    tables = [plan for plan in plans if plan["table"] == "pagos"]
    assert len(tables) == len(spans) + 1 > 20
    assert {(plan["type"], plan["key"]) for plan in tables} == {("range", "por_fecha")}
    assert sum(int(plan["rows"]) for plan in tables) < rows / 5
