"""Whether an output holds the very same values: an order-free fingerprint of typed rows, not a count.

Usage: python -m bench.branches.parity <folder> [--twice]. With `--twice` a branch's row counts once, however often it
is there with the same values: a first load brings the newest days before their turn, and again in it.

A process of its own: Linux counts the memory of whoever starts a process into its peak, so the bench itself must stay
small.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

_TYPES = {
    "id_pago": "BIGINT",
    "id_prestamo": "BIGINT",
    "id_cliente": "BIGINT",
    "id_cajero": "BIGINT",
    "monto": "DECIMAL(18,2)",
    "fecha_pago": "TIMESTAMP",
    "status_pago": "VARCHAR",
    "metodo_pago": "VARCHAR",
    "otros_datos": "VARCHAR",
    "updated_at": "TIMESTAMP",
}


def fingerprint(folder: Path, *, twice: bool = False) -> str:
    """Of all data files of a pull or a peer below the folder; `work` is a peer's own scratch, kept after its load."""
    found = [path.relative_to(folder) for path in folder.rglob("*.parquet")]
    files = [str(folder / path) for path in found if path.parts[0] != "work" and "_dlt" not in path.parent.name]
    if not files:
        return "no output"
    values = ", ".join(f"CAST({name} AS {kind})" for name, kind in _TYPES.items())
    own = f"DISTINCT id_sucursal, {', '.join(_TYPES)}"
    rows_of = f"(SELECT {own} FROM read_parquet(?))" if twice else "read_parquet(?)"
    with duckdb.connect() as engine:
        engine.execute("SET TimeZone = 'UTC'; SET threads = 1")
        rows, total = engine.execute(
            f"SELECT COUNT(*), SUM(CAST(hash({values}) AS HUGEINT)) FROM {rows_of}", [files]
        ).fetchall()[0]
    return f"{rows}:{int(total or 0):x}"


if __name__ == "__main__":
    print(fingerprint(Path(sys.argv[1]), twice="--twice" in sys.argv))
