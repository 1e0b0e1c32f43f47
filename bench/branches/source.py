"""The MariaDB that everybody reads: one large table, one small one, and the branches' schemas."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from local.branches.server import MariaDB

USER, PASSWORD = "banco", "banco"
TABLE = "pagos_banco"
LARGE, SMALL, SMALL_ROWS = "grande", "chica", 1_000

_DDL = Path(__file__).with_name("sql").joinpath("table.sql").read_text(encoding="utf-8")
_ROWS = Path(__file__).with_name("sql").joinpath("rows.sql").read_text(encoding="utf-8")


def seed(server: MariaDB, rows: int, branches: int, branch_rows: int) -> None:
    """Fills every schema anew. `updated_at` lies within the last 20 hours, so that no branch counts as behind."""
    sizes = {LARGE: rows, SMALL: SMALL_ROWS} | {f"s{n:03}": branch_rows for n in range(1, branches + 1)}
    with closing(server.connect()) as root:
        cursor = root.cursor()
        run = cursor.execute
        run("SET GLOBAL max_connections = 500")
        run(f"CREATE OR REPLACE USER {USER}@'%' IDENTIFIED BY '{PASSWORD}'")
        run(f"GRANT SELECT ON *.* TO {USER}@'%'")
        for schema, count in sizes.items():
            run(f"CREATE OR REPLACE DATABASE {schema}")
            run(f"USE {schema}")
            run(_DDL)
            run(_ROWS.format(rows=count))
            run(f"ANALYZE TABLE {TABLE}")
            cursor.fetchall()


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100
