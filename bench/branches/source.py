"""The MariaDB that everybody reads: one large table, one small one, and the branches' schemas."""

from __future__ import annotations

import hashlib
from contextlib import closing
from pathlib import Path

from local.branches.server import MariaDB

USER, PASSWORD = "banco", "banco"
TABLE = "pagos_banco"
LARGE, SMALL, SMALL_ROWS = "grande", "chica", 1_000
EIGHT, EIGHT_ROWS = tuple(f"grande_{n}" for n in range(1, 9)), 250_000
"""One for each of eight threads."""
YEARS, NEW = 1095, 30
"""Days of business that a table holds, and that a branch's new rows are of: all of these are in the window."""

_DDL = Path(__file__).with_name("sql").joinpath("table.sql").read_text(encoding="utf-8")
_ROWS = Path(__file__).with_name("sql").joinpath("rows.sql").read_text(encoding="utf-8")


def seed(server: MariaDB, rows: int, branches: int, branch_rows: int) -> None:
    """Fills every schema anew, with the same values each time but for the clock that their dates hang on."""
    sizes = {LARGE: (rows, YEARS), SMALL: (SMALL_ROWS, YEARS)} | dict.fromkeys(EIGHT, (EIGHT_ROWS, YEARS))
    sizes |= {f"s{n:03}": (branch_rows, NEW) for n in range(1, branches + 1)}
    with closing(server.connect()) as root:
        cursor = root.cursor()
        run = cursor.execute
        run("SET GLOBAL max_connections = 500")
        run(f"CREATE OR REPLACE USER {USER}@'%' IDENTIFIED BY '{PASSWORD}'")
        run(f"GRANT SELECT ON *.* TO {USER}@'%'")
        for schema, (count, days) in sizes.items():
            run(f"CREATE OR REPLACE DATABASE {schema}")
            run(f"USE {schema}")
            run(_DDL)
            run(_ROWS.format(rows=count, days=days))
            run(f"ANALYZE TABLE {TABLE}")
            cursor.fetchall()


def data_digest() -> str:
    """Of the statements that fill the tables: there is no chance in them."""
    return hashlib.sha256((_DDL + _ROWS).encode()).hexdigest()[:16]


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100
