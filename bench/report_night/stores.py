"""The same rows in a MariaDB and in a Postgres, and copies of them that differ in a known number of rows."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2

from local.branches.server import MariaDB
from local.platform import postgres as house
from podemos.core.table import Column, Kind, Table

USER = "banco"
SOURCE = "origen"
COPIES = (0, 1, 1_000)
"""How many rows differ, one database each."""
INTEGERS = ("id_pago", "id_prestamo", "id_cliente", "fila")
DECIMALS = ("monto", "comision")
TEXTS = ("status_pago", "moneda", "concepto", "instante_utc")
NAMES = (*INTEGERS, *DECIMALS, *TEXTS)
CREATE = (
    "CREATE TABLE pagos (id_pago BIGINT PRIMARY KEY, id_prestamo BIGINT NOT NULL, id_cliente BIGINT NOT NULL, "
    "fila BIGINT NOT NULL, monto DECIMAL(18,2) NOT NULL, comision DECIMAL(18,2) NOT NULL, status_pago VARCHAR(20) "
    "NOT NULL, moneda VARCHAR(3) NOT NULL, concepto VARCHAR(256), instante_utc VARCHAR(32) NOT NULL)"
)
MARIADB = (
    "INSERT INTO pagos SELECT seq, MOD(seq, 9973), MOD(seq, 4999), seq + 1, (MOD(seq * 7919, 5000000) + 1) / 100, "
    "MOD(seq, 997) / 100, IF(MOD(seq, 50), 'PAGADO', 'PENDIENTE'), 'MXN', IF(MOD(seq, 3), CONCAT('Pago del préstamo ', "
    "MOD(seq, 9973)), NULL), CONCAT('2026-11-19T', TIME_FORMAT(SEC_TO_TIME(MOD(seq, 86400)), '%H:%i:%s'), '.000000Z') "
    "FROM seq_1_to_{rows}"
)
POSTGRES = (
    "INSERT INTO pagos SELECT s, s % 9973, s % 4999, s + 1, (s * 7919 % 5000000 + 1) / 100.0, (s % 997) / 100.0, "
    "CASE WHEN s % 50 <> 0 THEN 'PAGADO' ELSE 'PENDIENTE' END, 'MXN', CASE WHEN s % 3 <> 0 THEN 'Pago del préstamo ' "
    "|| s % 9973 END, to_char(timestamp '2026-11-19' + make_interval(secs => s % 86400), "
    "'YYYY-MM-DD\"T\"HH24:MI:SS') || '.000000Z' FROM generate_series(1::bigint, {rows}) AS s"
)
STRTOL = (
    "CREATE FUNCTION strtol(text, int) RETURNS bigint IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql AS "
    "$$ SELECT ('x' || lpad($1, 16, '0'))::bit(64)::bigint $$"
)
"""The one function of Redshift that the fingerprint uses and Postgres lacks."""


def table() -> Table:
    """The contract of these rows."""
    kinds = dict.fromkeys(INTEGERS, Kind.INTEGER) | dict.fromkeys(DECIMALS, Kind.DECIMAL)
    columns = tuple(Column(name, kinds.get(name, Kind.TEXT), "") for name in NAMES)
    return Table("pagos", columns, ("id_pago",), None, None, "monto", (), "pagos", "")


def keys(rows: int, count: int) -> list[int]:
    """The rows in which a copy differs, spread over the whole table: one has a cent more, one in ten is gone."""
    step = rows // count if count else rows
    return [step * at + step // 2 for at in range(count)]


def gone(changed: list[int]) -> list[int]:
    return changed[5::10]


@contextmanager
def postgres(folder: Path, port: int) -> Iterator[int]:
    """A Postgres on a port of this machine; yields its process."""
    data = folder / "postgres"
    data.mkdir()
    house._give_to_server(data)
    sockets = Path(tempfile.mkdtemp(prefix="bench-pg-"))
    house._give_to_server(sockets)
    programs, leave, around = house._PROGRAMS, house._as_server(data), house._environment()
    subprocess.run(
        [*leave, str(programs / "initdb"), "-D", str(data), "-U", USER, "--auth=trust", "--encoding=UTF8", "--locale=C",
         "--no-sync"], check=True, capture_output=True, env=around, cwd="/",
    )  # fmt: skip
    process = subprocess.Popen(
        [*leave, str(programs / "postgres"), "-D", str(data), *house._FAST, "-c", "listen_addresses=127.0.0.1", "-p",
         str(port), "-k", str(sockets), "-c", "shared_buffers=512MB", "-c", "max_wal_size=4GB"],
        env=around, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(300):
            try:
                connect(port, "postgres").close()
                break
            except psycopg2.OperationalError:
                time.sleep(0.1)
        yield process.pid
    finally:
        process.send_signal(2)  # "fast": does not wait for clients
        process.wait(30)
        shutil.rmtree(sockets, ignore_errors=True)


def connect(port: int, database: str) -> Any:
    """An autocommitting session."""
    session = psycopg2.connect(host="127.0.0.1", port=port, user=USER, dbname=database)
    session.autocommit = True
    return session


def fill(server: MariaDB, port: int, rows: int) -> None:
    """MariaDB's table, Postgres' equal one, and a copy for each number of differing rows."""
    with closing(server.connect()) as root:
        for sql in (
            f"CREATE OR REPLACE USER {USER}@'%' IDENTIFIED BY '{USER}'",
            f"GRANT ALL ON *.* TO {USER}@'%'",
            f"CREATE OR REPLACE DATABASE {SOURCE} CHARACTER SET utf8mb4",
            f"USE {SOURCE}",
            CREATE,
            MARIADB.format(rows=rows),
            "ANALYZE TABLE pagos",
        ):
            root.query(sql.encode())
            if (result := root.store_result()) is not None:
                result.fetch_row(0)
    with closing(connect(port, "postgres")) as session:
        session.cursor().execute(f"CREATE DATABASE {SOURCE}")
    with closing(connect(port, SOURCE)) as session:
        for sql in (STRTOL, CREATE, POSTGRES.format(rows=rows), "VACUUM ANALYZE pagos"):
            session.cursor().execute(sql)
    for count in COPIES:
        with closing(connect(port, "postgres")) as session:
            session.cursor().execute(f"CREATE DATABASE {copy(count)} TEMPLATE {SOURCE}")
        changed = keys(rows, count)
        with closing(connect(port, copy(count))) as session:
            cursor = session.cursor()
            cursor.execute("UPDATE pagos SET monto = monto + 0.01 WHERE id_pago = ANY(%s)", (changed,))
            cursor.execute("DELETE FROM pagos WHERE id_pago = ANY(%s)", (gone(changed),))
            cursor.execute("VACUUM ANALYZE pagos")


def copy(count: int) -> str:
    return f"copia_{count}"
