"""The seed: same arguments, same bytes; and every planted defect is really in the database."""

import hashlib
import os
import subprocess
import sys
from collections import Counter
from contextlib import closing
from datetime import date, datetime, timedelta

import MySQLdb
import pytest

from local.branches import truth
from local.branches.catalog import REPOSITORY, Branch, first_branches
from local.branches.generator import latest_stamp
from local.branches.planted import BEYOND_FLOAT, TIED_ROWS
from local.branches.seed import TooFewRows, generate, seed
from local.branches.testing import RunningBranches

TABLES = ("clientes", "prestamos", "pagos")
DIGEST = """
import sys, hashlib
from datetime import date
from local.branches.catalog import first_branches
from local.branches.seed import generate
print(hashlib.sha256(repr([generate(b, 100, 7, date(2026, 11, 19)) for b in first_branches(3)]).encode()).hexdigest())
"""


def checksums(platform: RunningBranches) -> dict[str, int]:
    schemas = [branch.schema for branch in platform.settings.all_branches()]
    names = [f"{schema}.{table}" for schema in schemas for table in TABLES]
    with closing(platform.root()) as root:
        cursor = root.cursor()
        cursor.execute(f"CHECKSUM TABLE {', '.join(names)}")
        return dict(cursor.fetchall())


def rows_of(platform: RunningBranches, branch: Branch, sql: str, *values: object) -> list[tuple]:
    with closing(platform.root(branch.number)) as root:
        cursor = root.cursor()
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def test_the_same_seed_gives_the_same_bytes_in_the_database(running: RunningBranches):
    running.reseed()
    first = checksums(running)
    running.reseed()
    assert checksums(running) == first
    assert len(first) == 14 * len(TABLES)


def test_another_seed_and_another_branch_give_other_bytes(running: RunningBranches):
    running.reseed()
    first = checksums(running)
    assert len({value for name, value in first.items() if name.endswith(".pagos")}) == 14
    seed(running.settings, running.business_date, rows=200, seed=1)
    other = checksums(running)
    running.reseed()
    assert all(other[name] != value for name, value in first.items())


def test_rows_do_not_depend_on_the_hash_seed_of_the_process():
    def digest(hash_seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(REPOSITORY)}
        done = subprocess.run(
            [sys.executable, "-c", DIGEST], env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    here = [generate(branch, 100, 7, date(2026, 11, 19)) for branch in first_branches(3)]
    assert digest("1") == digest("2") == hashlib.sha256(repr(here).encode()).hexdigest()


def test_seeding_again_with_the_same_arguments_changes_nothing(running: RunningBranches):
    running.reseed()
    before = checksums(running)
    again = seed(running.settings, running.business_date, rows=200)
    assert not again.fresh
    assert checksums(running) == before


def test_fewer_rows_than_the_planted_defects_need_are_refused(running: RunningBranches):
    with pytest.raises(TooFewRows, match="rows=59"):
        seed(running.settings, running.business_date, rows=59)


def test_a_branch_is_as_large_as_asked_and_mostly_about_the_business_date(running: RunningBranches):
    for branch in running.settings.all_branches():
        counts = [rows_of(running, branch, f"SELECT COUNT(*) FROM {table}")[0][0] for table in TABLES]
        assert counts == [20, 25, 200]
        [(on_day, days)] = rows_of(
            running, branch, "SELECT SUM(DATE(fecha_pago) = %s), COUNT(DISTINCT DATE(fecha_pago)) FROM pagos",
            running.business_date,
        )  # fmt: skip
        assert on_day >= 0.3 * 200
        assert days >= 12


def test_nothing_is_stamped_after_one_o_clock_mexico_city(running: RunningBranches):
    for branch in running.settings.all_branches():
        for table in TABLES:
            [(latest,)] = rows_of(running, branch, f"SELECT MAX(updated_at) FROM {table}")
            assert latest <= latest_stamp(branch, running.business_date)


def test_payments_are_saved_after_they_are_made(running: RunningBranches):
    for branch in running.settings.all_branches():
        assert rows_of(running, branch, "SELECT id_pago FROM pagos WHERE updated_at < fecha_pago") == []


def test_every_state_and_every_kind_of_text_occurs(running: RunningBranches):
    states, notes = Counter(), Counter()
    for branch in running.settings.all_branches():
        for state, note in rows_of(running, branch, "SELECT status_pago, otros_datos FROM pagos"):
            states[state] += 1
            notes[note] += 1
    assert set(states) == {"PAGADO", "PENDIENTE", "RECHAZADO"}
    assert notes[None] and notes[""] and notes["NULL"] and notes["\\N"] and notes["renglón\r\ncon CRLF"]
    for mark in ("\t", "\n", "\\", '"', "'", "😀", "ñ", "  "):
        assert any(mark in note for note in notes if note), mark
    assert max(len(note) for note in notes if note) == 256


def test_names_have_accents_and_optional_columns_have_nulls(running: RunningBranches):
    branch = running.settings.all_branches()[3]
    people = rows_of(running, branch, "SELECT nombre FROM clientes")
    assert any(not name.isascii() for (name,) in people)
    nulls = [
        rows_of(running, branch, "SELECT SUM(curp IS NULL), SUM(telefono IS NULL) FROM clientes")[0]
        for branch in running.settings.all_branches()
    ]
    assert sum(curp for curp, _ in nulls) > 0
    assert sum(telephone for _, telephone in nulls) > 0


def test_each_planted_defect_is_in_the_database_as_recorded(running: RunningBranches):
    running.reseed()
    seen = Counter()
    for branch in running.settings.all_branches():
        stored = {
            key: (cents, paid, saved)
            for key, cents, paid, saved in rows_of(
                running, branch, "SELECT id_pago, CAST(monto * 100 AS SIGNED), fecha_pago, updated_at FROM pagos"
            )
        }
        for defect in truth.planted(running.settings)[branch.id]:
            cents, paid, saved = stored[defect["key"]]
            detail = defect["detail"]
            seen[defect["kind"]] += 1
            assert "fecha_pago" not in detail or str(paid) == detail["fecha_pago"]
            assert "updated_at" not in detail or saved == datetime.fromisoformat(detail["updated_at"])
            assert "cents" not in detail or cents == detail["cents"]
            if defect["kind"] == "late":
                assert saved - paid > timedelta(days=2)
            if defect["kind"] == "edit_in_place":
                assert detail["cents_before"] != cents
                assert saved > latest_stamp(branch, running.business_date) - timedelta(hours=3, seconds=1)
        assert BEYOND_FLOAT in stored
    assert seen["tie"] == 14 * TIED_ROWS
    ordinary = {"tie", "midnight", "zone_boundary", "late", "edit_in_place", "orphan"}
    assert set(seen) == ordinary | {"beyond_float_id", "longest_text", "one_cent"}


def test_ties_share_one_microsecond_of_the_cursor(running: RunningBranches):
    [(rows,)] = rows_of(
        running, running.settings.all_branches()[0],
        "SELECT COUNT(*) FROM pagos GROUP BY updated_at ORDER BY COUNT(*) DESC LIMIT 1",
    )  # fmt: skip
    assert rows == TIED_ROWS


def test_orphans_are_exactly_the_planted_ones(running: RunningBranches):
    running.reseed()
    sql = """SELECT p.id_pago FROM pagos p LEFT JOIN prestamos l USING (id_prestamo) LEFT JOIN clientes c
             ON c.id_cliente = p.id_cliente WHERE l.id_prestamo IS NULL OR c.id_cliente IS NULL"""
    found = {
        branch.id: sorted(key for (key,) in rows_of(running, branch, sql)) for branch in running.settings.all_branches()
    }
    recorded = {
        id_: sorted(defect["key"] for defect in defects if defect["kind"] == "orphan")
        for id_, defects in truth.planted(running.settings).items()
    }
    assert found == recorded
    assert {id_: len(keys) for id_, keys in found.items() if keys} == {"002": 3, "007": 2, "012": 3}


def test_the_hour_that_happens_twice_is_planted_where_the_clocks_changed():
    autumn = date(2026, 11, 1)
    kinds = {
        branch.zone: {defect.kind for defect in generate(branch, 100, 1, autumn).planted}
        for branch in first_branches(14)
    }
    assert "ambiguous_hour" in kinds["America/Tijuana"]
    assert "ambiguous_hour" in kinds["America/Ciudad_Juarez"]
    assert "ambiguous_hour" not in kinds["America/Mexico_City"]
    spring = generate(first_branches(1)[0], 100, 1, date(2026, 3, 9))
    assert "missing_hour" in {defect.kind for defect in spring.planted}


def test_a_branch_user_reads_its_own_schema_and_nothing_else(whole: RunningBranches):
    with closing(whole.connect(2)) as connection:
        cursor = connection.cursor()
        with pytest.raises(MySQLdb.OperationalError, match="denied"):
            cursor.execute("SELECT COUNT(*) FROM sucursal_003.pagos")
        with pytest.raises(MySQLdb.OperationalError, match="denied"):
            cursor.execute("DELETE FROM pagos")
        cursor.execute("SHOW GRANTS")
        grants = " ".join(text for (text,) in cursor.fetchall())
        assert "PROCESS" not in grants
        assert r"`sucursal\_002`" in grants  # an underscore would also match sucursalX002


def test_a_branch_lives_in_its_local_time_on_a_server_in_utc(whole: RunningBranches):
    shown = {}
    for number in (1, 2, 5, 9):
        with closing(whole.connect(number)) as connection:
            cursor = connection.cursor()
            cursor.execute("SELECT @@time_zone, @@system_time_zone, TIMESTAMPDIFF(MINUTE, UTC_TIMESTAMP(), NOW())")
            shown[whole.endpoint(number).branch.zone] = cursor.fetchone()
    assert shown == {
        "America/Tijuana": ("-08:00", "UTC", -480),
        "America/Mexico_City": ("-06:00", "UTC", -360),
        "America/Hermosillo": ("-07:00", "UTC", -420),
        "America/Cancun": ("-05:00", "UTC", -300),
    }


def test_the_secrets_file_is_for_its_owner_only(running: RunningBranches):
    assert (running.settings.state / "secrets.json").stat().st_mode & 0o777 == 0o600
