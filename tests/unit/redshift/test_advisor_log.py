"""A stranger's query log: what is read of each statement, and what is skipped with a reason."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from podemos.core.errors import ContractViolation
from podemos.redshift.advisor.query_log import Entry, entries, one, read, split
from podemos.redshift.advisor.workload import Any, Guess, Query, Range, ranges

PAGOS, CLIENTES = ("core", "pagos"), ("core", "clientes")
KNOWN = {
    PAGOS: frozenset({"id_pago", "id_cliente", "fecha", "monto", "nota"}),
    CLIENTES: frozenset({"id_cliente", "nombre"}),
}
SINCE = Range("fecha", "2026-01-01", None)


def query(sql: str, at: datetime | None = None) -> Query:
    found = one(Entry(sql, at=at), KNOWN)
    assert isinstance(found, Query), found
    return found


def restrictions(sql: str, table: tuple[str, str] = PAGOS, at: datetime | None = None) -> list[Range | Guess]:
    return [r for _, use in query(sql, at).of(table) for r in ranges(use.condition)]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("fecha >= '2026-01-01'", [SINCE]),
        ("'2026-01-01' <= fecha", [SINCE]),
        ("fecha >= CAST('2026-01-01' AS DATE)", [SINCE]),
        ("fecha BETWEEN '2026-01-01' AND '2026-02-01'", [Range("fecha", "2026-01-01", "2026-02-01")]),
        ("nota LIKE 'abc%'", [Range("nota", "abc", "abc\uffff")]),
        ("nota LIKE '%abc'", []),
        ("fecha <> '2026-01-01'", []),
        ("NOT fecha = '2026-01-01'", []),
        ("DATE_TRUNC('month', fecha) = '2026-01-01'", []),
        ("fecha + 1 > '2026-01-01'", []),
        ("fecha >= '2026-01-01' OR nota = upper(nota)", []),
        ("fecha >= :desde", [Guess("fecha", point=False)]),
        ("id_pago = (SELECT MAX(id_cliente) FROM core.clientes)", [Guess("id_pago", point=True)]),
        ("id_pago = id_cliente", []),
        ("id_pago IN (1, 2)", [Range("id_pago", Decimal(1), Decimal(1)), Range("id_pago", Decimal(2), Decimal(2))]),
        ("fecha IS NULL", []),
    ],
)
def test_what_zone_maps_can_use_is_told_from_what_they_cannot(where: str, found: list[Range | Guess]) -> None:
    assert restrictions(f"SELECT monto FROM core.pagos WHERE {where}") == found


def test_current_date_is_the_day_on_which_the_query_ran() -> None:
    sql = "SELECT monto FROM core.pagos WHERE fecha >= DATEADD(day, -30, CURRENT_DATE)"
    assert restrictions(sql, at=datetime(2026, 11, 24)) == [Range("fecha", datetime(2026, 10, 25).date(), None)]
    assert restrictions(sql) == [Guess("fecha", point=False)]


@pytest.mark.parametrize(
    "sql",
    [
        'SELECT p."Monto" FROM "Core"."Pagos" AS p WHERE p."Fecha" >= \'2026-01-01\'',
        "WITH p AS (SELECT * FROM pagos), q AS (SELECT monto, fecha AS dia FROM p) "
        "SELECT monto FROM q WHERE dia >= '2026-01-01'",
        "SELECT monto FROM (SELECT monto, fecha AS dia FROM core.pagos UNION ALL SELECT 1, CURRENT_DATE) AS u "
        "WHERE dia >= '2026-01-01'",
        "SELECT dia, s FROM (SELECT fecha AS dia, SUM(monto) AS s FROM core.pagos GROUP BY 1) AS d "
        "WHERE dia >= '2026-01-01'",
        "INSERT INTO x.y SELECT monto FROM core.pagos WHERE fecha >= '2026-01-01'",
        "/* a tool */ CREATE TABLE x.y AS SELECT monto FROM core.pagos WHERE fecha >= '2026-01-01'",
    ],
)
def test_a_condition_is_found_through_aliases_and_subqueries(sql: str) -> None:
    assert restrictions(sql) == [SINCE]


@pytest.mark.parametrize(
    "sql",
    [
        "WITH p AS (SELECT monto, fecha FROM core.pagos) "
        "SELECT 1 FROM p JOIN p AS q ON p.monto = q.monto WHERE p.fecha >= '2026-01-01'",
        "SELECT * FROM (SELECT monto, fecha FROM core.pagos ORDER BY 1 LIMIT 9) AS p WHERE fecha >= '2026-01-01'",
        "SELECT * FROM (SELECT MAX(fecha) AS fecha FROM core.pagos) AS p WHERE fecha >= '2026-01-01'",
        "SELECT 1 FROM core.clientes AS c LEFT JOIN core.pagos AS p ON c.id_cliente = p.id_cliente AND c.nombre = 'a'",
    ],
)
def test_a_condition_that_does_not_hold_for_the_scan_is_not_taken_down_to_it(sql: str) -> None:
    assert restrictions(sql) == []


def test_only_the_joined_side_of_an_outer_join_is_restricted_by_its_on() -> None:
    sql = """SELECT 1 FROM core.clientes AS c LEFT JOIN core.pagos AS p
             ON c.id_cliente = p.id_cliente AND c.nombre = 'a' AND p.fecha >= '2026-01-01'"""
    assert (restrictions(sql), restrictions(sql, CLIENTES)) == ([SINCE], [])


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 FROM core.pagos AS p, core.clientes AS c WHERE p.id_cliente = c.id_cliente",
        "SELECT 1 FROM core.pagos JOIN core.clientes USING (id_cliente)",
        "SELECT 1 FROM core.pagos WHERE id_cliente IN (SELECT id_cliente FROM core.clientes)",
        "SELECT 1 FROM core.pagos AS p "
        "WHERE EXISTS (SELECT * FROM core.clientes AS c WHERE c.id_cliente = p.id_cliente)",
        "SELECT 1 FROM core.pagos AS p, core.clientes AS c WHERE (p.id_cliente = c.id_cliente AND monto > 1) "
        "OR (p.id_cliente = c.id_cliente AND nombre = 'a')",
    ],
)
def test_a_join_is_found_however_it_is_written(sql: str) -> None:
    found = query(sql)
    ends = {
        frozenset({(found.uses[j.left].table, j.left_column), (found.uses[j.right].table, j.right_column)})
        for j in found.joins
    }
    assert ends == {frozenset({(PAGOS, "id_cliente"), (CLIENTES, "id_cliente")})}


def test_either_of_two_ranges_stays_an_alternative() -> None:
    (_, use), *_ = query("SELECT 1 FROM core.pagos WHERE (fecha = '2026-01-01' OR fecha = '2025-01-01')").of(PAGOS)
    assert any(isinstance(part, Any) for part in getattr(use.condition, "parts", ()))


def test_unreadable_statements_are_skipped_with_a_reason_and_the_rest_is_weighed() -> None:
    log = [
        Entry("SELECT monto FROM core.pagos WHERE id_pago = 1", 2.0),
        Entry("SELECT monto FROM core.pagos WHERE id_pago = 2", 4.0),
        Entry("SELECT 1 FROM unknown.t WHERE a.b.c.d.e = 1 AND x = 'it''s;'"),
        Entry("SELECT monto FRM core.pagos WHERE ((("),
        Entry("SELECT 'unterminated"),
        Entry("UPDATE core.pagos SET monto = 1"),
        Entry("UNLOAD ('SELECT 1') TO 's3://x/y'"),
        Entry("fetch 100 in cur"),
        Entry("SELECT 1"),
        Entry(""),
        Entry("SELECT " + "(" * 3000 + "1" + ")" * 3000 + " FROM core.pagos"),
    ]
    found = read(log, KNOWN)
    assert sum(q.seconds for q in found.queries if q.of(PAGOS)) == 6.0
    assert sum(found.reasons().values()) == 8
    assert {"no query: UPDATE", "no query: UNLOAD", "no query: FETCH", "reads no table", "empty"} <= set(
        found.reasons()
    )


def test_many_texts_of_one_shape_keep_their_time() -> None:
    found = read([Entry(f"SELECT monto FROM core.pagos WHERE id_pago = {n}", 1.0) for n in range(50)], KNOWN)
    assert len(found.queries) == 5
    assert sum(q.seconds for q in found.queries) == pytest.approx(50)
    assert sum(q.runs for q in found.queries) == 50


def test_a_log_is_read_from_three_kinds_of_files(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("SELECT ';' FROM x; -- one; two\nSELECT 2 FROM y")
    (tmp_path / "a.jsonl").write_text('{"query_text": "SELECT 1", "elapsed_time": 5000000}\n\n')
    (tmp_path / "a.csv").write_text('querytxt,runs,seconds,starttime\n"SELECT 1\nFROM x",3,6.5,2026-11-01 02:00:00\n')
    assert [e.text for e in entries(tmp_path / "a.sql")] == ["SELECT ';' FROM x", "-- one; two\nSELECT 2 FROM y"]
    assert [e.seconds for e in entries(tmp_path / "a.jsonl")] == [5.0]
    assert list(entries(tmp_path / "a.csv")) == [Entry("SELECT 1\nFROM x", 6.5, 3, datetime(2026, 11, 1, 2))]
    (tmp_path / "b.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ContractViolation, match="no text"):
        list(entries(tmp_path / "b.csv"))
    assert list(split(" ;; ")) == []
