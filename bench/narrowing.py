"""What one changed cent costs over the link: the range read whole beside the range narrowed to its keys.

`python -m bench.narrowing`: a table without a business date and a day of payments, each with one row edited in silence.
Bytes are the server's own count of the session, both ways. The last line is the verdict as JSON.
"""

from __future__ import annotations

import io
import json
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bench.branches.source import cpu_seconds
from local.branches.server import MariaDB
from local.branches.settings import Settings
from local.branches.testing import claimed_ports
from podemos.branches import chunk, expected, keys, query, sweep
from podemos.branches.landing import Part
from podemos.branches.link import Link
from podemos.branches.narrowed import narrowed
from podemos.branches.prints import fingerprints
from podemos.branches.revisions import Revision
from podemos.contracts.tables import contract
from podemos.core.manifest import Ref
from podemos.core.store import MemoryStore
from podemos.core.table import Table

DAY = "2026-11-18"
SINCE = date(2026, 11, 1)
CREATE = {
    "clientes": """CREATE TABLE clientes (id_cliente BIGINT PRIMARY KEY, nombre VARCHAR(120) NOT NULL, curp VARCHAR(18),
        telefono VARCHAR(20), fecha_alta DATE NOT NULL, updated_at DATETIME(6) NOT NULL) CHARACTER SET utf8mb4""",
    "pagos": """CREATE TABLE pagos (id_pago BIGINT PRIMARY KEY, id_prestamo BIGINT NOT NULL, id_cliente BIGINT NOT NULL,
        monto DECIMAL(18,2) NOT NULL, fecha_pago DATETIME NOT NULL, status_pago VARCHAR(20) NOT NULL,
        otros_datos VARCHAR(256), updated_at DATETIME(6) NOT NULL, KEY (fecha_pago)) CHARACTER SET utf8mb4""",
}
FILL = {
    "clientes": """INSERT INTO clientes SELECT seq, CONCAT('María Ñandú Hernández ', seq), LPAD(seq, 18, 'X'),
        CONCAT('55', LPAD(seq, 8, '0')), '2024-02-29', NOW(6) FROM seq_1_to_{rows}""",
    "pagos": """INSERT INTO pagos SELECT seq, MOD(seq, 9973), MOD(seq, 4999), MOD(seq, 100000) / 100 + 1,
        '{day}' + INTERVAL MOD(seq, 86400) SECOND, 'PAGADO', IF(MOD(seq, 3), NULL, 'abono en caja'), NOW(6)
        FROM seq_1_to_{rows}""",
}
EDIT = {
    "clientes": "UPDATE clientes SET telefono = '1' WHERE id_cliente = {middle}",
    "pagos": "UPDATE pagos SET monto = monto + 0.01 WHERE id_pago = {middle}",
}
CASES = (("clientes", 50_000), ("pagos", 1_000), ("pagos", 20_000))


@dataclass
class Till:
    """A branch's session, and the lake as it was before the edit."""

    table: Table
    connection: Any
    lake: MemoryStore
    day: str
    seq: int = 1

    def known(self) -> pa.Table:
        days = {self.table.name: {self.day: {"files": [{"key": "curated.parquet"}]}}}
        revision = Revision(1, Ref("r", "0"), {"days": days, "quarantine": {}})
        return expected.of_revision(self.lake, revision)(self.table, "001", self.day)

    def curate(self, link: Link) -> None:
        page = chunk.Page(self.table, "001", 1)
        page.extend(link.columns(query.whole(self.table, None, 10_000_000), self.table))
        rows = page.table_data().append_column("borrado", pa.repeat(pa.scalar(False), page.rows))
        names = {c.name: f"{c.name}_origen" for c in self.table.columns if c.kind.temporal}
        sink = io.BytesIO()
        pq.write_table(rows.rename_columns([names.get(name, name) for name in rows.column_names]), sink)
        self.lake.replace("curated.parquet", sink.getvalue())

    def last(self, link: Link) -> Part:
        self.seq += 1
        at, since = datetime(2026, 11, 20, tzinfo=UTC), SINCE if self.table.partitioned else None
        said = fingerprints(link, query.fingerprints(self.table, SINCE))
        return Part(
            self.table.name, "001", at.date(), self.seq, 1, True, at, None, None, "", "", None, 0, since, said
        )  # fmt: skip

    def traffic(self) -> int:
        """Bytes of the session so far, both ways; asking costs the same each time."""
        self.connection.query("SHOW SESSION STATUS WHERE Variable_name IN ('Bytes_sent', 'Bytes_received')")
        return sum(int(value) for _, value in self.connection.store_result().fetch_row(0))


def measured(till: Till, pid: int, call: Any) -> dict[str, Any]:
    """Bytes, seconds, server CPU and rows of what `call` lands."""
    till.traffic()
    asking = -till.traffic() + till.traffic()
    sent, cpu, wall = till.traffic(), cpu_seconds(pid), time.perf_counter()
    rows = sum(part.chunk.rows for part in call() if part.chunk)
    found = {"wall_ms": round(1000 * (time.perf_counter() - wall)), "cpu_ms": round(1000 * (cpu_seconds(pid) - cpu))}
    return {"rows": rows, "bytes": till.traffic() - sent - asking} | found


def case(server: MariaDB, name: str, rows: int) -> dict[str, Any]:
    """One table with one row edited: read whole, and narrowed."""
    pid = server.pid()
    assert pid is not None  # noqa: S101 - it was just started
    writer, connection = server.connect("narrowing"), server.connect("narrowing")
    for sql in (f"DROP TABLE IF EXISTS {name}", CREATE[name], FILL[name].format(rows=rows, day=DAY)):
        writer.query(sql.encode())
    table = contract(name).compiled()
    link = Link(connection, 120)
    till = Till(table, connection, MemoryStore(), DAY if table.partitioned else keys.UNDATED)
    till.curate(link)
    writer.query(EDIT[name].format(middle=rows // 2).encode())

    def whole() -> Iterable[Part]:
        return sweep.parts(link, table, till.day, till.last(link), lake=till.lake, page_rows=50_000)

    def by_ranges() -> Iterable[Part]:
        last = till.last(link)
        only = narrowed(link, table, till.day, last, till.known())
        assert only is not None  # noqa: S101 - one row differs
        return sweep.parts(
            link, table, till.day, last, lake=till.lake, page_rows=50_000, expected=only.known, only=only
        )  # fmt: skip

    found = {
        "table": name,
        "rows": rows,
        "whole": measured(till, pid, whole),
        "narrowed": measured(till, pid, by_ranges),
    }
    return found | {"bytes_saved": round(1 - found["narrowed"]["bytes"] / found["whole"]["bytes"], 4)}


def main() -> None:
    """Runs all cases."""
    with tempfile.TemporaryDirectory(prefix="bench-narrowing-") as folder, claimed_ports() as port:
        Path(folder).chmod(0o755)
        server = MariaDB(Settings(state=Path(folder) / "server", port=port))
        server.start()
        try:
            server.connect("").query(b"CREATE DATABASE narrowing")
            found = [case(server, name, rows) for name, rows in CASES]
        finally:
            server.stop()
    for one in found:
        print(json.dumps(one))
    print(
        json.dumps(
            {f"{one['table']}_{one['rows']}": [one[how]["bytes"] for how in ("whole", "narrowed")] for one in found}
        )
    )


if __name__ == "__main__":
    main()
