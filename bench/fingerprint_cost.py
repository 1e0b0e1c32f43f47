"""What the fingerprint pass costs a branch's server: its CPU time beside a plain SELECT of the same rows.

`python -m bench.fingerprint_cost [--rows n] [--rounds n]`, interleaved; the last line is the verdict as JSON. Ratios
hold on a busy machine, seconds do not.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bench.branches.source import cpu_seconds
from local.branches.server import MariaDB
from local.branches.settings import Settings
from local.branches.testing import claimed_ports
from podemos.branches import query
from podemos.branches.rotation import Older
from podemos.contracts.tables import contract

PAGOS = contract("pagos").compiled()
ROWS_A_DAY = 1_000
END = date(2026, 11, 20)
WINDOWS = (15, 45, 90, 365)
CREATE = """CREATE TABLE pagos (id_pago BIGINT PRIMARY KEY, id_prestamo BIGINT NOT NULL, id_cliente BIGINT NOT NULL,
    monto DECIMAL(18,2) NOT NULL, fecha_pago DATETIME NOT NULL, status_pago VARCHAR(20) NOT NULL,
    otros_datos VARCHAR(256), updated_at DATETIME(6) NOT NULL,
    KEY por_fecha (fecha_pago), KEY por_cursor (updated_at)) CHARACTER SET utf8mb4"""
FILL = """INSERT INTO pagos SELECT seq, MOD(seq, 9973), MOD(seq, 4999), MOD(seq, 100000) / 100 + 1,
    %s - INTERVAL (seq * 86400 DIV %s) SECOND, 'PAGADO', IF(MOD(seq, 3), NULL, 'abono en caja, recibo sellado'),
    NOW(6) - INTERVAL seq SECOND FROM seq_1_to_{rows}"""


def measure(call: Callable[[], Any], pid: int) -> tuple[float, float]:
    """Wall and server CPU seconds."""
    cpu, wall = cpu_seconds(pid), time.perf_counter()
    call()
    return time.perf_counter() - wall, cpu_seconds(pid) - cpu


def drained(connection: Any, sql: str) -> int:
    """Reads an answer and keeps nothing; returns the bytes of its values."""
    connection.query(sql.encode())
    result, size = connection.use_result(), 0
    while block := result.fetch_row(10_000, 0):
        if len(block[0]) == 4:
            size += sum(len(value or b"") for row in block for value in row)
    return size


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.fingerprint_cost", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-fingerprint-") as name, claimed_ports() as port:
        Path(name).chmod(0o755)
        server = MariaDB(Settings(state=Path(name) / "server", port=port))
        server.start()
        try:
            print(json.dumps(compare(server, args.rows, args.rounds)))
        finally:
            server.stop()


def compare(server: MariaDB, rows: int, rounds: int) -> dict[str, Any]:
    """Medians per million rows, of the whole table, and the cost of each window of a branch of 1,000 rows a day."""
    pid = server.pid()
    assert pid is not None  # noqa: S101 - it was just started
    connection = server.connect("")
    connection.converter = {}
    for sql in ("CREATE DATABASE costo", "USE costo", CREATE):
        connection.query(sql.encode())
    cursor = connection.cursor()
    cursor.execute(FILL.format(rows=rows), (END, ROWS_A_DAY))
    cursor.execute("ANALYZE TABLE pagos")
    cursor.fetchall()
    everything = date(1970, 1, 1)
    plain, proof = query.page(PAGOS, None, 2 * rows).partition(" ORDER BY")[0], query.fingerprints(PAGOS, everything)
    drained(connection, plain)
    found: dict[str, list[tuple[float, float]]] = {"select": [], "fingerprint": []}
    for _ in range(rounds):
        found["select"].append(measure(lambda: drained(connection, plain), pid))
        found["fingerprint"].append(measure(lambda: drained(connection, proof), pid))
    verdict: dict[str, Any] = {"rows": rows}
    for what, times in found.items():
        verdict[f"{what}_cpu_s_per_million"] = round(statistics.median(cpu for _, cpu in times) / rows * 1e6, 2)
        verdict[f"{what}_wall_s_per_million"] = round(statistics.median(wall for wall, _ in times) / rows * 1e6, 2)
    pairs = zip(found["fingerprint"], found["select"], strict=True)
    verdict["server_cpu_vs_select"] = round(statistics.median(one[1] / other[1] for one, other in pairs), 2)
    for days in WINDOWS:
        sql = query.fingerprints(PAGOS, END - timedelta(days=days))
        verdict[f"window_{days}_wall_ms"] = round(1000 * _best(connection, sql, rounds))
        verdict[f"window_{days}_bytes"] = drained(connection, sql) + len(sql)
    since = END - timedelta(days=45)
    spans = Older(30, (2, 3)).spans(since)
    sql = query.fingerprints(PAGOS, since, spans)
    verdict["window_45_and_two_turns_wall_ms"] = round(1000 * _best(connection, sql, rounds))
    verdict["window_45_and_two_turns_bytes"] = drained(connection, sql) + len(sql)
    return verdict


def _best(connection: Any, sql: str, rounds: int) -> float:
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        drained(connection, sql)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


if __name__ == "__main__":
    main()
